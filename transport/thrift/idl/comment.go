package idl

import (
	"bytes"
	"strings"
)

// skipSpace moves over white space and comments. It returns the last doc comment among
// them, cleaned.
func (l *lexer) skipSpace() (doc string, err *Error) {
	for l.at < len(l.src) {
		switch rest := l.src[l.at:]; {
		case rest[0] == '\n':
			l.at++
			l.line++
			l.lineStart = l.at
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.at++
		case rest[0] == '#' || bytes.HasPrefix(rest, []byte("//")):
			n := bytes.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.at += n
		case bytes.HasPrefix(rest, []byte("/*")):
			n := bytes.Index(rest[2:], []byte("*/"))
			if n < 0 {
				return "", errorAt(l.pos(), "the comment is not closed: add */")
			}
			comment := rest[:n+4]
			if text, ok := docText(comment); ok {
				doc = text
			}
			l.advance(len(comment))
		default:
			return doc, nil
		}
	}
	return doc, nil
}

// advance moves over n bytes that may hold line ends.
func (l *lexer) advance(n int) {
	text := l.src[l.at : l.at+n]
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		l.line += bytes.Count(text, []byte{'\n'})
		l.lineStart = l.at + last + 1
	}
	l.at += n
}

// docText returns the text of a doc comment without its marks: the opening and closing
// ones, and the column of stars if every line has one. A comment of stars alone is no
// doc comment.
func docText(comment []byte) (string, bool) {
	inside, ok := strings.CutPrefix(string(comment[:len(comment)-2]), "/**")
	if !ok || strings.Trim(inside, "*") == "" {
		return "", false
	}
	lines := strings.Split(strings.ReplaceAll(inside, "\r", ""), "\n")
	starred := true
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
		starred = starred && (i == 0 || lines[i] == "" || lines[i][0] == '*')
	}
	if starred {
		for i := range lines[1:] {
			lines[i+1] = strings.TrimPrefix(strings.TrimPrefix(lines[i+1], "*"), " ")
		}
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n"), true
}
