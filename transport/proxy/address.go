package proxy

import (
	"net/netip"
	"strings"
)

// parse reads an address: IPv4 or IPv6, the latter in brackets where a port follows. Without a port it is 0. A zone is refused: it
// means nothing to others.
func parse(text string) (netip.AddrPort, bool) {
	host, port, ok := split(text)
	if !ok || strings.IndexByte(host, '%') >= 0 || !plausible(host) {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(host)
	return netip.AddrPortFrom(addr.Unmap(), port), err == nil
}

// split takes the port off, and the brackets.
func split(text string) (host string, port uint16, ok bool) {
	last := strings.LastIndexByte(text, ':')
	switch {
	case strings.HasPrefix(text, "["):
		end := strings.IndexByte(text, ']')
		if end < 0 || strings.IndexByte(text[:end], ':') < 0 {
			return "", 0, false
		}
		if end == len(text)-1 {
			return text[1:end], 0, true
		}
		if last != end+1 {
			return "", 0, false
		}
		port, ok = number(text[last+1:])
		return text[1:end], port, ok
	case last < 0 || strings.IndexByte(text, ':') != last:
		return text, 0, true
	}
	port, ok = number(text[last+1:])
	return text[:last], port, ok
}

// number reads a port.
func number(text string) (port uint16, ok bool) {
	n := 0
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' || i >= 5 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return uint16(n), text != "" && n <= 0xffff
}

// plausible tells text that may be an address, so that netip need not make an error of what a log has in its place, such as "-".
func plausible(host string) bool {
	for i := range len(host) {
		c := host[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && host[i] != ':' && host[i] != '.' {
			return false
		}
	}
	return host != ""
}
