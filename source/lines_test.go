package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readLines reads all lines of from, those that are not whole marked with a question mark.
func readLines(from io.Reader, most int) (list []string, err error) {
	l := newLineReader(most)
	l.start(from)
	for {
		line, whole, err := l.next()
		if err != nil {
			return list, err
		}
		if l.num != int64(len(list)+1) {
			return list, fmt.Errorf("line %d has number %d", len(list)+1, l.num)
		}
		mark := ""
		if !whole {
			mark = "?"
		}
		list = append(list, string(line)+mark)
	}
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, in string
		most     int
		want     []string
	}{
		{"none", "", 10, nil},
		{"one without an end", "abc", 10, []string{"abc"}},
		{"both ends", "a\nb\r\n\nc\r\n", 10, []string{"a", "b", "", "c"}},
		{"a return within", "a\rb\n", 10, []string{"a\rb"}},
		{"just short enough", "12345\n12345\r\n12345", 5, []string{"12345", "12345", "12345"}},
		{"too long", "123456\n123456\r\n12345\n123456", 5, []string{"12345?", "12345?", "12345", "12345?"}},
		{"byte order mark", "\xef\xbb\xbfa\n\xef\xbb\xbfb", 10, []string{"a", "\xef\xbb\xbfb"}},
		{"longer than the buffer", strings.Repeat("x", 3*lineBuffer) + "\ny\n", 4 * lineBuffer, []string{strings.Repeat("x", 3*lineBuffer), "y"}},
		{"too long for memory", strings.Repeat("x", 3*lineBuffer) + "\r\ny", 3*lineBuffer - 1, []string{strings.Repeat("x", 3*lineBuffer-1) + "?", "y"}},
		{"exactly as long as may be", strings.Repeat("x", 3*lineBuffer) + "\r\ny", 3 * lineBuffer, []string{strings.Repeat("x", 3*lineBuffer), "y"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readLines(strings.NewReader(tt.in), tt.most)
			if !errors.Is(err, io.EOF) || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("got %.200q, %v, want %.200q", got, err, tt.want)
			}
		})
	}
}

// What an error interrupts is no line.
func TestLinesError(t *testing.T) {
	boom := errors.New("boom")
	got, err := readLines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(boom)), 10)
	if !errors.Is(err, boom) || len(got) != 1 {
		t.Errorf("got %q, %v, want a and boom", got, err)
	}
}

// FuzzLines compares with a plain split, whatever the sizes of the reads.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nbb\r\n\nccc"), 2, 3)
	f.Add([]byte("\xef\xbb\xbfa\r\r\n"), 1, 1)
	f.Fuzz(func(t *testing.T, in []byte, most, cut int) {
		if bytes.HasPrefix(in, byteOrderMark) {
			return // it may or may not count towards the first line's length; see TestLines
		}
		most = 1 + int(uint(most)%64)
		var want []string
		rest := in
		for len(rest) > 0 {
			line, after, _ := bytes.Cut(rest, []byte("\n"))
			rest = after
			line = bytes.TrimSuffix(line, []byte("\r"))
			if len(line) > most {
				want = append(want, string(line[:most])+"?")
			} else {
				want = append(want, string(line))
			}
		}
		cut = int(uint(cut) % uint(len(in)+1))
		halves := io.MultiReader(bytes.NewReader(in[:cut]), bytes.NewReader(in[cut:]))
		for name, r := range map[string]io.Reader{"halves": halves, "bytes": iotest.OneByteReader(bytes.NewReader(in)), "with EOF": iotest.DataErrReader(bytes.NewReader(in))} {
			got, err := readLines(r, most)
			if !errors.Is(err, io.EOF) || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
			}
		}
	})
}
