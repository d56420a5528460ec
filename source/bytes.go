package source

import "encoding/binary"

// tokenByte holds the characters of a token (RFC 9110, section 5.6.2).
var tokenByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()

func isToken(b []byte) bool {
	for _, c := range b {
		if !tokenByte[c] {
			return false
		}
	}
	return len(b) > 0
}

// printable tells whether all bytes of b lie between lowest, ' ' or '!', and '~'. It looks at eight at a time, for it sees
// every byte of a log: with no high bit among them, adding 1 to each raises one where a byte is 0x7f, and subtracting
// lowest raises one where a byte is smaller (S. E. Anderson, "Bit Twiddling Hacks": hasless).
func printable(b []byte, lowest byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		if (x|(x+ones)|(x-ones*uint64(lowest)))&highs != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c < lowest || c > '~' {
			return false
		}
	}
	return true
}
