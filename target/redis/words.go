package redis

import "strconv"

// split appends the words of an inline command to args. Words may be quoted: "with \n, \r, \t, \b, \a, \xHH and \"", 'with \' only'.
// It is not ok if a quote is open at the end, or something other than a space follows one.
func split(line []byte, args [][]byte) (_ [][]byte, ok bool) {
	for {
		for len(line) > 0 && space(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 {
			return args, true
		}
		var word []byte
		if word, line, ok = nextWord(line); !ok {
			return args, false
		}
		args = append(args, word)
	}
}

func space(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' || b == 0 }

// nextWord takes a word, quoted in part or not, off the beginning of line.
func nextWord(line []byte) (word, rest []byte, ok bool) {
	word = []byte{}
	for i := range line {
		switch b := line[i]; {
		case space(b):
			return word, line[i:], true
		case b == '"' || b == '\'':
			var n int
			if word, n = quoted(word, line[i+1:], b); n < 0 {
				return nil, nil, false
			}
			rest = line[i+1+n:]
			return word, rest, len(rest) == 0 || space(rest[0])
		default:
			word = append(word, b)
		}
	}
	return word, nil, true
}

// quoted appends to word what stands before the closing quote, and returns the number of bytes up to and with that; -1 without one.
func quoted(word, line []byte, quote byte) ([]byte, int) {
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case b == quote:
			return word, i + 1
		case b == '\\' && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			word = append(word, '\'')
			i++
		case b == '\\' && quote == '"' && i+1 < len(line):
			escaped, n := escape(line[i+1:])
			word = append(word, escaped)
			i += n
		default:
			word = append(word, b)
		}
	}
	return word, -1
}

// escape reads what follows a backslash and returns the byte that is meant and the number of bytes read.
func escape(line []byte) (b byte, n int) {
	if line[0] == 'x' && len(line) >= 3 {
		if v, err := strconv.ParseUint(string(line[1:3]), 16, 8); err == nil {
			return byte(v), 3
		}
	}
	switch line[0] {
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'b':
		return '\b', 1
	case 'a':
		return '\a', 1
	}
	return line[0], 1
}
