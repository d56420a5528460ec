package http1

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// TestAHeadThatComesAgain parses every answer on a connection that has seen its head before, after requests of another
// kind in between: it must mean what it means on a fresh connection.
func TestAHeadThatComesAgain(t *testing.T) {
	codec := newCodec(t, limited)
	requests := []*load.Request{
		{Method: []byte("GET")},
		{Method: []byte("HEAD")},
		{Method: []byte("CONNECT")},
		{Method: []byte("GET"), Header: []load.Field{{Name: []byte("connection"), Value: []byte("close")}}},
		{Method: []byte("POST"), Hold: 10},
	}
	used := 0
	for _, a := range answers {
		conn := codec.NewConn().(*conn)
		for round := range 3 {
			for _, req := range requests {
				got := feed(t, conn, req, []byte(a.in), false)
				if want := feed(t, codec.NewConn(), req, []byte(a.in), false); !got.is(want) {
					t.Fatalf("%s, %s, round %d: %v, fresh %v", a.name, req.Method, round, got, want)
				}
			}
		}
		if len(conn.last.bytes) > 0 {
			used++
		}
	}
	if used < 20 {
		t.Errorf("only %d heads were remembered", used)
	}
}

func TestOnlyShortHeadsAreRemembered(t *testing.T) {
	codec := newCodec(t, nil)
	c := codec.NewConn().(*conn)
	head := func(n int) []byte { return []byte("HTTP/1.1 204 OK\r\nX: " + strings.Repeat("x", n) + "\r\n\r\n") }
	for _, n := range []int{100, maxLastHead, 100} {
		feed(t, c, &load.Request{Method: []byte("GET")}, head(n), false)
		if kept := len(c.last.bytes); (kept > 0) != (n == 100) {
			t.Errorf("a value of %d bytes: %d bytes of head kept", n, kept)
		}
	}
}
