package proxy

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// appendText appends a header of version 1 (section 2.1): at most 107 bytes.
func appendText(dst []byte, client, server netip.AddrPort) []byte {
	if !client.IsValid() {
		return append(dst, "PROXY UNKNOWN\r\n"...)
	}
	family := "PROXY TCP4 "
	if client.Addr().Is6() {
		family = "PROXY TCP6 "
	}
	dst = appendAddress(append(dst, family...), client.Addr())
	dst = appendAddress(append(dst, ' '), server.Addr())
	dst = strconv.AppendUint(append(dst, ' '), uint64(client.Port()), 10)
	dst = strconv.AppendUint(append(dst, ' '), uint64(server.Port()), 10)
	return append(dst, "\r\n"...)
}

// appendAddress writes an address. One mapped into IPv6 has no dots: the protocol knows groups of hexadecimal digits only.
func appendAddress(dst []byte, a netip.Addr) []byte {
	if !a.Is4In6() {
		return a.AppendTo(dst)
	}
	b := a.As16()
	dst = append(dst, "::ffff:"...)
	dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(b[12:])), 16)
	return strconv.AppendUint(append(dst, ':'), uint64(binary.BigEndian.Uint16(b[14:])), 16)
}

// signature begins a header of version 2 (section 2.2).
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// The two bytes after it: version and command, address family and transport.
const (
	local = 0x20 // version 2, LOCAL: the connection's own addresses count
	proxy = 0x21 // version 2, PROXY
	tcp4  = 0x11 // AF_INET, STREAM
	tcp6  = 0x21 // AF_INET6, STREAM
)

// appendBinary appends a header of version 2: 16, 28 or 52 bytes.
func appendBinary(dst []byte, client, server netip.AddrPort) []byte {
	dst = append(dst, signature...)
	switch {
	case !client.IsValid():
		return append(dst, local, 0, 0, 0)
	case client.Addr().Is4():
		c, s := client.Addr().As4(), server.Addr().As4()
		dst = append(dst, proxy, tcp4, 0, 2*4+2*2)
		dst = append(append(dst, c[:]...), s[:]...)
	default:
		c, s := client.Addr().As16(), server.Addr().As16()
		dst = append(dst, proxy, tcp6, 0, 2*16+2*2)
		dst = append(append(dst, c[:]...), s[:]...)
	}
	dst = binary.BigEndian.AppendUint16(dst, client.Port())
	return binary.BigEndian.AppendUint16(dst, server.Port())
}
