package memcached

import (
	"encoding/base64"
	"strconv"
)

// flags are those of a meta command: what it is to do, and in which order what is to be told of the item.
type flags struct {
	key    []byte // decoded
	words  [][]byte
	has    [128]bool
	number map[byte]uint64 // of those that take one
	expiry map[byte]int64  // of those that take seconds
	mode   byte
}

// numbers and seconds are the flags that take those.
const (
	numbers = "CDEJF"
	seconds = "TNR"
)

// parseFlags reads the words behind the key; allowed are the flags that the command knows.
func parseFlags(key []byte, words [][]byte, allowed string) (f flags, wrong string) {
	f = flags{key: key, words: words, number: map[byte]uint64{}, expiry: map[byte]int64{}}
	for _, w := range words {
		switch flag := w[0]; {
		case flag >= 128 || !contains(allowed, flag):
			return f, "CLIENT_ERROR invalid flag"
		case f.has[flag]:
			return f, "CLIENT_ERROR duplicate flag"
		default:
			f.has[flag] = true
		}
		if wrong := f.value(w); wrong != "" {
			return f, wrong
		}
	}
	if len(key) > longestKey {
		return f, badLine
	}
	if f.has['b'] {
		decoded, err := base64.StdEncoding.DecodeString(string(key))
		if err != nil {
			return f, "CLIENT_ERROR error decoding key"
		}
		f.key = decoded
	}
	return f, ""
}

// value reads what stands behind a flag's letter.
func (f *flags) value(w []byte) (wrong string) {
	ok := true
	switch flag := w[0]; {
	case contains(numbers, flag):
		f.number[flag], ok = parseUint(w[1:], 64)
		if flag == 'F' && !ok {
			return badLine
		}
	case contains(seconds, flag):
		f.expiry[flag], ok = parseInt(w[1:])
	case flag == 'M' && len(w) < 2:
		return "CLIENT_ERROR incorrect length for M token"
	case flag == 'M':
		f.mode = w[1]
	}
	if !ok {
		return "CLIENT_ERROR bad token in command line format"
	}
	return ""
}

func contains(set string, b byte) bool {
	for i := range len(set) {
		if set[i] == b {
			return true
		}
	}
	return false
}

// echo appends the flags that are told whether there is an item or not: opaque and key.
func (f *flags) echo(dst, key []byte) []byte {
	for _, w := range f.words {
		switch w[0] {
		case 'O':
			dst = append(append(dst, ' '), w...)
		case 'k':
			dst = f.tellKey(dst, key)
		}
	}
	return dst
}

// tellKey appends the key as it was given, and a mark if that was encoded.
func (f *flags) tellKey(dst, key []byte) []byte {
	dst = append(append(dst, " k"...), key...)
	if f.has['b'] {
		dst = append(dst, " b"...)
	}
	return dst
}

// tell appends what the flags ask of it, in their order.
func (f *flags) tell(dst, key []byte, s *store, it *item) []byte {
	for _, w := range f.words {
		switch w[0] {
		case 'O':
			dst = append(append(dst, ' '), w...)
		case 'k':
			dst = f.tellKey(dst, key)
		case 't':
			dst = strconv.AppendInt(append(dst, " t"...), s.ttl(it), 10)
		case 's':
			dst = strconv.AppendInt(append(dst, " s"...), int64(len(it.value)), 10)
		case 'f':
			dst = strconv.AppendUint(append(dst, " f"...), uint64(it.flags), 10)
		case 'c':
			dst = strconv.AppendUint(append(dst, " c"...), it.cas, 10)
		case 'l':
			dst = strconv.AppendInt(append(dst, " l"...), int64(s.now().Sub(it.touched).Seconds()), 10)
		case 'h':
			dst = append(dst, " h0"...)
			if it.fetched {
				dst[len(dst)-1] = '1'
			}
		}
	}
	return dst
}
