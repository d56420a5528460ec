package counting

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
)

// headLimit is the most bytes that a request may have before its content.
const headLimit = 16 << 10

// head is what matters of a request's head (RFC 9112).
type head struct {
	length  int64 // of its content
	chunked bool
	last    bool // the connection ends with this request
	expect  bool // the client waits for 100 Continue
}

// malformed is a request that is none.
type malformed struct{ why string }

func (m malformed) Error() string { return "counting: malformed request: " + m.why }

// peekHead waits for a whole head and returns it with its empty line. It stays in b; it is valid until the next read from
// b. io.EOF: the connection ended between requests.
func peekHead(b *bufio.Reader) ([]byte, error) {
	end := []byte("\r\n\r\n")
	for seen := 0; ; {
		all, _ := b.Peek(b.Buffered()) // what is there can be had
		from := max(0, seen-len(end)+1)
		if i := bytes.Index(all[from:], end); i >= 0 {
			return all[:from+i+len(end)], nil
		}
		seen = len(all)
		_, err := b.Peek(seen + 1)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, malformed{fmt.Sprintf("its head is longer than %d bytes", headLimit)}
		case errors.Is(err, io.EOF) && seen > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
	}
}

// parseHead reads a whole head.
func parseHead(raw []byte) (h head, err error) {
	line, rest, _ := bytes.Cut(raw, []byte("\r\n"))
	parts := bytes.Split(line, []byte(" "))
	if len(parts) != 3 || len(parts[0]) == 0 || len(parts[1]) == 0 || !bytes.HasPrefix(parts[2], []byte("HTTP/1.")) {
		return h, malformed{fmt.Sprintf("expected METHOD TARGET HTTP/1.1, found %.80q", line)}
	}
	h.last = string(parts[2]) == "HTTP/1.0"
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return h, malformed{fmt.Sprintf("expected Name: value, found %.80q", line)}
		}
		if err := h.field(name, bytes.TrimSpace(value)); err != nil {
			return h, err
		}
	}
	return h, nil
}

func (h *head) field(name, value []byte) error {
	is := func(b []byte, s string) bool { return len(b) == len(s) && bytes.EqualFold(b, []byte(s)) }
	switch {
	case is(name, "Content-Length"):
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return malformed{fmt.Sprintf("content-length %.40q", value)}
		}
		h.length = n
	case is(name, "Transfer-Encoding"):
		if !is(value, "chunked") {
			return malformed{fmt.Sprintf("transfer-encoding %.40q: only chunked is known", value)}
		}
		h.chunked = true
	case is(name, "Connection"):
		h.last = is(value, "close") || h.last && !is(value, "keep-alive")
	case is(name, "Expect"):
		h.expect = is(value, "100-continue")
	}
	return nil
}

// skipBody passes over the content that h tells of.
func skipBody(b *bufio.Reader, h head) error {
	if !h.chunked {
		_, err := io.CopyN(io.Discard, b, h.length)
		return err
	}
	if _, err := io.Copy(io.Discard, httputil.NewChunkedReader(b)); err != nil {
		return malformed{err.Error()}
	}
	for { // trailers, and the empty line at the end
		line, err := b.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
	}
}
