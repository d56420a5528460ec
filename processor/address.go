package processor

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
)

// notPublic are the blocks of IPv4 that no client on the Internet has: IANA's special-purpose registry (RFC 6890, section
// 2.2.2), multicast and what lies above it.
var notPublic = func() (blocks []block) {
	for _, cidr := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
	} {
		p := netip.MustParsePrefix(cidr)
		b := p.Addr().As4()
		blocks = append(blocks, block{
			first: uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]),
			mask:  ^uint32(0) << (32 - p.Bits()),
		})
	}
	return blocks
}()

type block struct{ first, mask uint32 }

// publicAddress draws one of the addresses outside notPublic, each as likely as another.
func publicAddress(r *rand.Rand) uint32 {
	for {
		if a := r.Uint32(); isPublic(a) {
			return a
		}
	}
}

func isPublic(address uint32) bool {
	for _, b := range notPublic {
		if address&b.mask == b.first {
			return false
		}
	}
	return true
}

// appendAddress appends an address in dotted form.
func appendAddress(dst []byte, a uint32) []byte {
	for shift := 24; shift > 0; shift -= 8 {
		dst = append(strconv.AppendUint(dst, uint64(a>>shift&0xff), 10), '.')
	}
	return strconv.AppendUint(dst, uint64(a&0xff), 10)
}
