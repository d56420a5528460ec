package memcached

import "strconv"

// parseInt reads a number as strtol does, without spaces.
func parseInt(b []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// parseUint reads a number of so many bits. Flags beyond 32 bits are cut, as memcached does.
func parseUint(b []byte, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(string(b), 10, 64)
	if bits == 32 {
		n = uint64(uint32(n))
	}
	return n, err == nil
}

// parseValue reads the number that a value is: digits, and spaces behind them where it was longer once.
func parseValue(b []byte) (uint64, bool) {
	for len(b) > 1 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return parseUint(b, 64)
}
