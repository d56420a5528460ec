package payload

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	for i, name := range []string{"text", "escaped", "hex", "base64"} {
		if e, err := Named(name); err != nil || e != Encoding(i) {
			t.Errorf("%s: %d, %v", name, e, err)
		}
	}
	if _, err := Named("Text"); err == nil || err.Error() != `"Text": expected text, escaped, hex or base64` {
		t.Errorf("unknown name: %v", err)
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		encoding   Encoding
		line, want string
		err        string
	}{
		{Text, `as it \n stands`, `as it \n stands`, ""},
		{Text, "", "", ""},
		{Escaped, `\a\b\e\f\n\r\t\v\\\"\'\0\x00\xFf.`, "\a\b\x1b\f\n\r\t\v\\\"'\x00\x00\xff.", ""},
		{Escaped, "tab\tand \xff", "tab\tand \xff", ""},
		{Escaped, `a\0x`, "a\x00x", ""},
		{Escaped, `a\07`, "", `escaped: "\\07" at byte 2: expected \n, \r, \t, \0, \\, \xHH or the like`},
		{Escaped, `a\`, "", `escaped: "\\" at byte 2`},
		{Escaped, `\xZ1`, "", `escaped: "\\xZ1" at byte 1`},
		{Escaped, `\x1`, "", `escaped: "\\x1" at byte 1`},
		{Escaped, `ab\qcdef`, "", `escaped: "\\qcd" at byte 3`},
		{Hex, "00ff7E", "\x00\xff\x7e", ""},
		{Hex, " 00 ff\t7E ", "\x00\xff\x7e", ""},
		{Hex, "0", "", `hex: "0" at byte 1: expected two hexadecimal digits`},
		{Hex, "00 0 0", "", `hex: "0 " at byte 4`},
		{Hex, "0g", "", `hex: "0g" at byte 1`},
		{Hex, "G0", "", `hex: "G0" at byte 1`},
		{Base64, "AP8=", "\x00\xff", ""},
		{Base64, "AP8", "\x00\xff", ""},
		{Base64, "AP9+", "\x00\xff\x7e", ""},
		{Base64, "AP*=", "", "base64: illegal base64 data at input byte 2"},
		{Base64, "A", "", "base64: illegal base64 data"},
	} {
		got, err := c.encoding.Append([]byte("before "), []byte(c.line))
		switch {
		case c.err == "" && (err != nil || string(got) != "before "+c.want):
			t.Errorf("%s %q: %q, %v", names[c.encoding], c.line, got, err)
		case c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err) || string(got) != "before "):
			t.Errorf("%s %q: %q, %v; want error %s", names[c.encoding], c.line, got, err, c.err)
		}
	}
}

// escaped writes every byte that could be misread as an escape.
func escaped(b []byte) (text []byte) {
	for i, c := range b {
		if c == '\\' || c < ' ' || i%3 == 0 {
			text = fmt.Appendf(text, `\x%02x`, c)
			continue
		}
		text = append(text, c)
	}
	return text
}

// FuzzAppend: what one of the encodings says of any bytes is read back, and any text is read or refused without harm to dst.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("hello\r\n\\"))
	f.Add([]byte{0, 0xff, '\\', 'x', '0'})
	f.Add([]byte(`\n\x4`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for encoding, text := range map[Encoding][]byte{
			Text: b, Escaped: escaped(b), Hex: []byte(hex.EncodeToString(b)), Base64: []byte(base64.StdEncoding.EncodeToString(b)),
		} {
			if got, err := encoding.Append(nil, text); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s %q: %q, %v", names[encoding], text, got, err)
			}
			got, err := encoding.Append([]byte("kept"), b)
			if !bytes.HasPrefix(got, []byte("kept")) || err != nil && len(got) != len("kept") {
				t.Errorf("%s %q: dst %q, %v", names[encoding], b, got, err)
			}
		}
	})
}

func TestAppendAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 100)
	for encoding, line := range [...][]byte{[]byte("hello"), []byte(`\x00hel\n`), []byte("00 ff"), []byte("aGVsbG8=")} {
		if n := testing.AllocsPerRun(10, func() {
			if _, err := Encoding(encoding).Append(dst, line); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", names[encoding], n)
		}
	}
}
