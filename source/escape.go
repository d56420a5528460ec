package source

import "bytes"

// closingQuote returns the index of the first quote in b that no backslash escapes; -1: none.
func closingQuote(b []byte) int {
	for from := 0; ; {
		n := bytes.IndexByte(b[from:], '"')
		if n < 0 {
			return -1
		}
		i := from + n
		slashes := 0
		for slashes < n && b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		from = i + 1
	}
}

// unescape appends src to dst and undoes what Apache (mod_log_config: \" \\ \b \n \r \t \v \xhh) and nginx (\xHH) do to
// bytes that would confuse a log. A backslash before anything else stands for itself.
func unescape(dst, src []byte) []byte {
	for {
		i := bytes.IndexByte(src, '\\')
		if i < 0 || i == len(src)-1 {
			return append(dst, src...)
		}
		dst = append(dst, src[:i]...)
		c, n := unescapeOne(src[i:])
		dst, src = append(dst, c), src[i+n:]
	}
}

// unescapeOne reads the escape that src, two bytes at least, begins with, and says how many bytes it takes.
func unescapeOne(src []byte) (c byte, n int) {
	switch src[1] {
	case '"', '\\':
		return src[1], 2
	case 'b':
		return '\b', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'v':
		return '\v', 2
	case 'x':
		if len(src) >= 4 {
			if hi, lo := hexDigit(src[2]), hexDigit(src[3]); hi < 16 && lo < 16 {
				return hi<<4 | lo, 4
			}
		}
	}
	return '\\', 1
}

// hexDigit returns the value of a hexadecimal digit; 16: it is none.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
