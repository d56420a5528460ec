package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Widths and styles of what is printed for people. Every rune printed is taken to be one column wide.
const width = 80

const (
	plain  = ""
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// sheet gathers lines of text, in color where that is asked for.
type sheet struct {
	strings.Builder
	color bool
}

// paint puts s in a style.
func (t *sheet) paint(style, s string) string {
	if !t.color || style == plain || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// line adds a line.
func (t *sheet) line(format string, args ...any) {
	fmt.Fprintf(t, format, args...)
	t.WriteByte('\n')
}

// wrapped adds text broken between words: lead stands before its first line, blanks of the same width before the others.
func (t *sheet) wrapped(lead, style, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	for _, l := range wrap(text, width-len(indent)) {
		t.line("%s%s", lead, t.paint(style, l))
		lead = indent
	}
}

// wrap breaks text between words into lines of at most n runes; a longer word has a line of its own.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= n:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// right fills s up with blanks on its left to n runes, left on its right.
func right(s string, n int) string {
	return strings.Repeat(" ", max(n-utf8.RuneCountInString(s), 0)) + s
}

func left(s string, n int) string {
	return s + strings.Repeat(" ", max(n-utf8.RuneCountInString(s), 0))
}

// clip cuts s to at most n runes.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:max(n-1, 0)]) + "…"
}

// clean makes text from outside harmless on a terminal: control characters become a replacement sign.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// flush writes the sheet out.
func (t *sheet) flush(w io.Writer) error {
	if _, err := io.WriteString(w, t.String()); err != nil {
		return fmt.Errorf("report: terminal: %w", err)
	}
	return nil
}
