package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/iagoloadgen/iago/load"
)

// guess finds the format of the first line that fits any, among the lines that lie whole in the size of buf (64 KiB). It
// takes nothing out of buf and waits for no more input than it needs.
func guess(name string, buf *bufio.Reader) (Format, error) {
	g := guesser{known: Formats()}
	for seen := 0; ; {
		_, err := buf.Peek(buf.Buffered() + 1) // wait for at least one byte more
		window, _ := buf.Peek(buf.Buffered())
		if seen == 0 {
			seen = len(window) - len(bytes.TrimPrefix(window, byteOrderMark))
		}
		for n := bytes.IndexByte(window[seen:], '\n'); n >= 0; n = bytes.IndexByte(window[seen:], '\n') {
			if f, ok := g.try(trimEnd(window[seen : seen+n+1])); ok {
				return f, nil
			}
			seen += n + 1
		}
		switch {
		case err == nil:
			continue
		case !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
			return Format{}, atLine(err, int64(bytes.Count(window, []byte("\n"))))
		}
		if g.lines == 0 && errors.Is(err, bufio.ErrBufferFull) && bytes.HasPrefix(bytes.TrimLeft(window[seen:], " \t"), []byte("{")) {
			return jsonFormat, nil // an object that is longer than the window
		}
		if f, ok := g.try(trimEnd(window[seen:])); ok && errors.Is(err, io.EOF) {
			return f, nil
		}
		return Format{}, g.failed(name)
	}
}

// guessLines is guess for lines of text: jsonl if the first line that is not empty is a JSON object, lines otherwise.
func guessLines(buf *bufio.Reader) (Format, error) {
	for n := 1; ; n++ {
		window, err := buf.Peek(n)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return Format{}, err
		}
		text := bytes.TrimLeft(bytes.TrimPrefix(window, byteOrderMark), " \t\r\n")
		switch {
		case err == nil && bytes.HasPrefix(byteOrderMark, window): // a part of one, so far
		case len(text) > 0 && text[0] == '{':
			return jsonFormat, nil
		case len(text) > 0, err != nil:
			return linesFormat, nil
		}
	}
}

// guesser tries all formats on line after line.
type guesser struct {
	known   []Format
	scratch load.Record
	lines   int
	first   []byte // the first line that is not empty
}

func (g *guesser) try(line []byte) (Format, bool) {
	if len(line) == 0 {
		return Format{}, false
	}
	if g.lines++; g.lines == 1 {
		g.first = bytes.Clone(line)
	}
	for _, f := range g.known {
		if f.fits(line, &g.scratch) {
			return f, true
		}
	}
	return Format{}, false
}

func (g *guesser) failed(name string) error {
	if g.lines == 0 {
		return fmt.Errorf("source: %s: is empty; give a file of records", name)
	}
	var known strings.Builder
	for _, f := range g.known {
		fmt.Fprintf(&known, "\n  %s: %s", f.Name, f.Summary)
	}
	return fmt.Errorf("source: %s: no format fits any of its first %d lines, of which the first is %s; name one if it is among the known ones:%s",
		name, g.lines, excerpt(g.first), known.String())
}
