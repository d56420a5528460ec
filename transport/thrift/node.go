package thrift

import (
	"fmt"
	"unicode/utf8"
)

// node is a value in a JSON text. The nodes of a text stand in its order; an object's are key, value, key, value.
type node struct {
	kind    byte  // { [ " 0 (a number) t f n
	escaped bool  // a string with escapes in it
	from    int32 // where its text begins; a string's without the quotes
	to      int32
	next    int32 // the index of the first node behind it and what is in it
	count   int32 // members or elements
}

// tree is a JSON text, taken apart. Its memory is used again.
type tree struct {
	text  []byte
	nodes []node
	at    int
}

// read takes text apart. It must be one JSON value (RFC 8259).
func (t *tree) read(text []byte) error {
	t.text, t.nodes, t.at = text, t.nodes[:0], 0
	if len(text) > 1<<30 {
		return fmt.Errorf("arguments of %d bytes: expected at most 1 GiB", len(text))
	}
	if err := t.value(0); err != nil {
		return err
	}
	if t.space(); t.at < len(text) {
		return t.wrong("nothing more after the value")
	}
	return nil
}

func (t *tree) wrong(want string) error {
	if t.at >= len(t.text) {
		return fmt.Errorf("not JSON: it ends at byte %d, where %s is expected", t.at+1, want)
	}
	r, _ := utf8.DecodeRune(t.text[t.at:])
	return fmt.Errorf("not JSON: %q at byte %d, where %s is expected", r, t.at+1, want)
}

func (t *tree) space() {
	for t.at < len(t.text) {
		switch t.text[t.at] {
		case ' ', '\t', '\n', '\r':
			t.at++
		default:
			return
		}
	}
}

// skip goes over c, if that is what comes next.
func (t *tree) skip(c byte) bool {
	t.space()
	if t.at < len(t.text) && t.text[t.at] == c {
		t.at++
		return true
	}
	return false
}

func (t *tree) value(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("values in one another more than %d deep", maxDepth)
	}
	t.space()
	if t.at == len(t.text) {
		return t.wrong("a value")
	}
	i := len(t.nodes)
	t.nodes = append(t.nodes, node{kind: t.text[t.at], from: int32(t.at)})
	var err error
	switch c := t.text[t.at]; c {
	case '{', '[':
		err = t.container(i, depth)
	case '"':
		err = t.str(i)
	case 't':
		err = t.word("true")
	case 'f':
		err = t.word("false")
	case 'n':
		err = t.word("null")
	default:
		t.nodes[i].kind = '0'
		err = t.number()
	}
	n := &t.nodes[i]
	if n.next = int32(len(t.nodes)); n.kind != '"' {
		n.to = int32(t.at)
	}
	return err
}

func (t *tree) container(i, depth int) error {
	open := t.text[t.at]
	end := open + 2 // in ASCII, both brackets end two behind where they begin
	t.at++
	if t.skip(end) {
		return nil
	}
	for {
		if open == '{' {
			if t.space(); t.at == len(t.text) || t.text[t.at] != '"' {
				return t.wrong("a name in quotes")
			}
			if err := t.value(depth + 1); err != nil {
				return err
			}
			if !t.skip(':') {
				return t.wrong(`":"`)
			}
		}
		if err := t.value(depth + 1); err != nil {
			return err
		}
		t.nodes[i].count++
		if t.skip(end) {
			return nil
		}
		if !t.skip(',') {
			return t.wrong(`"," or "` + string(rune(end)) + `"`)
		}
	}
}

func (t *tree) str(i int) error {
	from := t.at + 1
	end, escaped := stringEnd(t.text, from)
	if end < 0 {
		t.at = len(t.text)
		return t.wrong("the string's end")
	}
	for k := from; k < end; k++ {
		switch c := t.text[k]; {
		case c < ' ':
			t.at = k
			return t.wrong("no control character, but an escape such as \\n")
		case c == '\\':
			k++
			if !validEscape(t.text[k:end]) {
				t.at = k
				return t.wrong("an escape such as \\n or \\u00e9")
			}
		}
	}
	n := &t.nodes[i]
	n.from, n.to, n.escaped = int32(from), int32(end), escaped
	t.at = end + 1
	return nil
}

// validEscape looks at what follows a backslash.
func validEscape(s []byte) bool {
	if len(s) == 0 {
		return false
	}
	switch s[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		_, ok := unicodeEscape(s, 1)
		return ok
	}
	return false
}

func (t *tree) word(w string) error {
	for i := range len(w) {
		if t.at == len(t.text) || t.text[t.at] != w[i] {
			return t.wrong(w)
		}
		t.at++
	}
	return nil
}

func (t *tree) number() error {
	if t.at < len(t.text) && t.text[t.at] == '-' {
		t.at++
	}
	if zero := t.at; t.digits() == 0 {
		return t.wrong("a value")
	} else if t.text[zero] == '0' && t.at > zero+1 {
		t.at = zero
		return t.wrong("a number without zeros before it")
	}
	if t.at < len(t.text) && t.text[t.at] == '.' {
		if t.at++; t.digits() == 0 {
			return t.wrong("a digit")
		}
	}
	if t.at < len(t.text) && t.text[t.at]|0x20 == 'e' {
		if t.at++; t.at < len(t.text) && (t.text[t.at] == '+' || t.text[t.at] == '-') {
			t.at++
		}
		if t.digits() == 0 {
			return t.wrong("a digit")
		}
	}
	return nil
}

func (t *tree) digits() (n int) {
	for t.at < len(t.text) && '0' <= t.text[t.at] && t.text[t.at] <= '9' {
		t.at++
		n++
	}
	return n
}

// raw is the text of node i, a string's without its quotes and with its escapes.
func (t *tree) raw(i int32) []byte { return t.text[t.nodes[i].from:t.nodes[i].to] }
