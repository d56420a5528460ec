package http1

import (
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// What is kept of an answer: the final head's fields and the decoded content, whatever the cuts and on a used connection.
func TestKeep(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nA:  b \r\nC: \r\n"
	for _, c := range []struct {
		name, answer string
		keep         int64
		header, body string
	}{
		{"length", head + "Content-Length: 5\r\n\r\nhello", 100, `[{"A" "b"} {"C" ""} {"Content-Length" "5"}]`, "hello"},
		{"nothing wanted", head + "Content-Length: 5\r\n\r\nhello", 0, "[]", ""},
		{"less wanted", head + "Content-Length: 5\r\n\r\nhello", 3, `[{"A" "b"} {"C" ""} {"Content-Length" "5"}]`, "hel"},
		{"chunked", head + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nT: u\r\n\r\n", 100, `[{"A" "b"} {"C" ""} {"Transfer-Encoding" "chunked"} {"T" "u"}]`, "hello"},
		{"until the end", head + "\r\nhello", 100, `[{"A" "b"} {"C" ""}]`, "hello"},
		{"interim", "HTTP/1.1 103 Early\r\nX: y\r\n\r\n" + head + "Content-Length: 2\r\n\r\nhi", 100, `[{"A" "b"} {"C" ""} {"Content-Length" "2"}]`, "hi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := &load.Request{Method: []byte("GET")}
			conn := newCodec(t, nil).NewConn()
			for range 2 { // the second time the head is a known one
				for _, cuts := range [][]int{nil, everyByte(len(c.answer))} {
					got := feedKeep(t, c.keep, conn, req, []byte(c.answer), true, cuts...)
					if got.err != nil || fmt.Sprintf("%q", got.resp.Header) != c.header || string(got.resp.Content) != c.body {
						t.Errorf("cuts %v: %v, header %q, content %q", cuts, got.err, got.resp.Header, got.resp.Content)
					}
				}
			}
		})
	}
}
