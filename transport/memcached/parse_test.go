package memcached

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
	"github.com/iagoloadgen/iago/transport/internal/memtext/memtexttest"
)

// answers says what becomes of an answer with value_limit 1000. Bytes behind "|" are left.
var answers = []struct {
	line, in string
	status   string
	content  string
	close    bool
	err      error // nil: a whole answer
}{
	{"get a", "VALUE a 0 5\r\nhello\r\nEND\r\n", "hit", "hello", false, nil},
	{"get a", "VALUE a 0 5\r\nhello\r\nEND\r\n|VALUE", "hit", "hello", false, nil},
	{"get a", "VALUE a 0 5\r\n\r\nEND\r\nEND\r\n", "hit", "\r\nEND", false, nil},
	{"get a", "VALUE a 0 0\r\n\r\nEND\r\n", "hit", "", false, nil},
	{"get a", "END\r\n", "miss", "", false, nil},
	{"gets a b", "VALUE a 0 1 77\r\nx\r\nVALUE b 4294967295 2 78\r\nyz\r\nEND\r\n", "hit", "xyz", false, nil},
	{"get a b", "VALUE b 0 1\r\nx\r\nEND\r\n", "partial", "x", false, nil},
	{"get a b c", "VALUE a 0 1\r\nx\r\nVALUE c 0 1\r\ny\r\nEND\r\n", "partial", "xy", false, nil},
	{"get a a", "VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n", "hit", "xx", false, nil},
	{"get a b", "END\r\n", "miss", "", false, nil},
	{"gat 9 a", "VALUE a 0 1\r\nx\r\nEND\r\n", "hit", "x", false, nil},
	{"gats 9 a b", "VALUE a 0 1 5\r\nx\r\nEND\r\n", "partial", "x", false, nil},
	{"gat 9 a", "VALUE 9 0 1\r\n|x\r\nEND\r\n", "sent", "", true, memtext.ErrKey},
	{"get a b", "VALUE b 0 1\r\nx\r\nVALUE a 0 1\r\n|y\r\nEND\r\n", "sent", "x", true, memtext.ErrKey},
	{"get a", "VALUE b 0 1\r\n|x\r\nEND\r\n", "sent", "", true, memtext.ErrKey},
	{"get a", "VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\n|x\r\nEND\r\n", "sent", "x", true, memtext.ErrKey},
	{"get a", "VALUE a 0 1000\r\n" + strings.Repeat("x", 1000) + "\r\nEND\r\n", "hit", strings.Repeat("x", 1000), false, nil},
	{"get a", "VALUE a 0 1001\r\n|", "sent", "", true, memtext.ErrValueLimit},
	{"get a", "VALUE a 0 9223372036854775808\r\n|", "sent", "", true, memtext.ErrValueLine},
	{"get a", "VALUE a 0 -1\r\n|", "sent", "", true, memtext.ErrValueLine},
	{"get a", "VALUE a 0\r\n|", "sent", "", true, memtext.ErrValueLine},
	{"get a", "VALUE a 0 5\r\nhello|world\r\n", "sent", "hello", true, memtext.ErrValueEnd},
	{"get a", "VALUE a 0 5\r\nhello|\nEND\r\n", "sent", "hello", true, memtext.ErrValueEnd},
	{"get a", "VALUE a 0 5\r\nhello|\r\r\n", "sent", "hello", true, memtext.ErrValueEnd},
	{"get a", "VALUE a 0 5\r\nhel|", "sent", "hel", true, transport.ErrEarlyClose},
	{"get a", "VALUE a 0 5\r\nhello|\r", "sent", "hello", true, transport.ErrEarlyClose},
	{"get a", "VALUE a 0 5\r\nhello\r\n|EN", "sent", "hello", true, transport.ErrEarlyClose},
	{"get a", "|", "sent", "", true, transport.ErrEarlyClose},
	{"get a", "END \r\n|", "sent", "", true, memtext.ErrWord},
	{"get a", "STORED\r\n|", "sent", "", true, memtext.ErrWord},
	{"get a", "\r\n|", "sent", "", true, memtext.ErrWord},
	{"get a", "|END\n", "sent", "", true, memtext.ErrLineEnd},
	{"get a", "|\nEND\r\n", "sent", "", true, memtext.ErrLineEnd},
	{"get a", "|EN\rD\r\n", "sent", "", true, memtext.ErrControl},
	{"get a", "|EN\x00D\r\n", "sent", "", true, memtext.ErrControl},
	{"get a", "ERROR\r\n", "ERROR", "", false, nil},
	{"get a", "VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory\r\n", "SERVER_ERROR out of memory", "x", false, nil},
	{"get a", "CLIENT_ERROR " + strings.Repeat("x", 8177) + "\r\n", "CLIENT_ERROR " + strings.Repeat("x", 87), "", false, nil},
	{"get a", "|CLIENT_ERROR " + strings.Repeat("x", 8178) + "\r\n", "sent", "", true, memtext.ErrLineLimit},
	{"get a", "|" + strings.Repeat("x", 8192), "sent", "", true, memtext.ErrLineLimit},

	{"set a 0 0 x", "STORED\r\n", "stored", "", false, nil},
	{"add a 0 0 x", "NOT_STORED\r\n", "not stored", "", false, nil},
	{"cas a 0 0 1 x", "EXISTS\r\n", "exists", "", false, nil},
	{"cas a 0 0 1 x", "NOT_FOUND\r\n", "not found", "", false, nil},
	{"set a 0 0 x", "STORED x\r\n|", "sent", "", true, memtext.ErrWord},
	{"set a 0 0 x", "DELETED\r\n|", "sent", "", true, memtext.ErrWord},
	{"set a 0 0 x", "SERVER_ERROR object too large for cache\r\n", "SERVER_ERROR object too large for cache", "", false, nil},
	{"set a 0 0 x", "CLIENT_ERROR bad data chunk\r\n|ERROR\r\n", "CLIENT_ERROR bad data chunk", "", true, nil},
	{"set a 0 0 x", "ERROR\r\n", "ERROR", "", true, nil},
	{"delete a", "DELETED\r\n", "deleted", "", false, nil},
	{"delete a", "NOT_FOUND\r\n", "not found", "", false, nil},
	{"delete a", "STORED\r\n|", "sent", "", true, memtext.ErrWord},
	{"touch a 1", "TOUCHED\r\n", "touched", "", false, nil},
	{"touch a 1", "NOT_FOUND\r\n", "not found", "", false, nil},
	{"incr a 1", "18446744073709551615\r\n", "number", "18446744073709551615", false, nil},
	{"decr a 1", "0\r\n", "number", "0", false, nil},
	{"incr a 1", "NOT_FOUND\r\n", "not found", "", false, nil},
	{"incr a 1", "18446744073709551616\r\n|", "sent", "", true, memtext.ErrWord},
	{"incr a 1", "-1\r\n|", "sent", "", true, memtext.ErrWord},
	{"incr a 1", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value", "", false, nil},
	{"flush_all", "OK\r\n", "ok", "", false, nil},
	{"verbosity 1", "OK\r\n", "ok", "", false, nil},
	{"flush_all", "NOT_FOUND\r\n|", "sent", "", true, memtext.ErrWord},
	{"version", "VERSION 1.6.18\r\n", "ok", "1.6.18", false, nil},
	{"version", "VERSION\r\n|", "sent", "", true, memtext.ErrWord},
	{"stats", "STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n", "ok", "STAT pid 1\nSTAT uptime 2", false, nil},
	{"stats", "END\r\n", "ok", "", false, nil},
	{"stats reset", "RESET\r\n", "ok", "", false, nil},
	{"stats detail on", "OK\r\n", "ok", "", false, nil},
	{"stats", "STAT pid 1\r\nRESET\r\n|", "sent", "STAT pid 1", true, memtext.ErrWord},
	{"stats", "VALUE a 0 1\r\n|", "sent", "", true, memtext.ErrWord},

	{"mn", "MN\r\n", "no-op", "", false, nil},
	{"mn", "HD\r\n|", "sent", "", true, memtext.ErrWord},
	{"mg a", "HD\r\n", "hit", "", false, nil},
	{"mg a", "EN\r\n", "miss", "", false, nil},
	{"mg a v s", "VA 2 s2\r\nhi\r\n", "hit", "hi", false, nil},
	{"mg a v s", "VA 0\r\n\r\n|EN\r\n", "hit", "", false, nil},
	{"mg a v", "VA x\r\n|", "sent", "", true, memtext.ErrValueLine},
	{"mg a v", "VA 1001\r\n|", "sent", "", true, memtext.ErrValueLimit},
	{"mg a v", "VA 2\r\nhi|", "sent", "hi", true, transport.ErrEarlyClose},
	{"mg a v", "NF\r\n|", "sent", "", true, memtext.ErrWord},
	{"ms a 1", "HD c1\r\n", "stored", "", false, nil},
	{"ms a 1", "NS\r\n", "not stored", "", false, nil},
	{"ms a 1", "EX\r\n", "exists", "", false, nil},
	{"ms a 1", "NF\r\n", "not found", "", false, nil},
	{"ms a 1", "VA 1\r\n|x\r\n", "sent", "", true, memtext.ErrWord},
	{"ms a 1", "CLIENT_ERROR invalid flag\r\n", "CLIENT_ERROR invalid flag", "", true, nil},
	{"md a", "HD\r\n", "deleted", "", false, nil},
	{"md a", "NF\r\n", "not found", "", false, nil},
	{"md a", "EX\r\n", "exists", "", false, nil},
	{"md a", "NS\r\n|", "sent", "", true, memtext.ErrWord},
	{"ma a", "HD\r\n", "number", "", false, nil},
	{"ma a v", "VA 2\r\n13\r\n", "number", "13", false, nil},
	{"ma a", "NS\r\n", "not stored", "", false, nil},
	{"ma a", "NF\r\n", "not found", "", false, nil},
	{"me a", "ME a exp=-1 la=1\r\n", "hit", "a exp=-1 la=1", false, nil},
	{"me a", "EN\r\n", "miss", "", false, nil},
	{"me a", "MN\r\n|", "sent", "", true, memtext.ErrWord},

	{"mg a v q", "MN\r\n", "miss", "", false, nil},
	{"mg a v q", "VA 2\r\nMN|MN\r\n", "sent", "MN", true, memtext.ErrValueEnd},
	{"mg a v q", "VA 2\r\nMN\r\nMN\r\n|MN\r\n", "hit", "MN", false, nil},
	{"mg a q", "HD\r\nMN\r\n", "hit", "", false, nil},
	{"mg a q", "HD\r\n|", "sent", "", true, transport.ErrEarlyClose},
	{"mg a q", "HD\r\nHD\r\n|", "sent", "", true, memtext.ErrWord},
	{"ms a 1 q", "MN\r\n", "quiet", "", false, nil},
	{"ms a 1 q", "NS\r\nMN\r\n", "not stored", "", false, nil},
	{"ms a 1 q", "CLIENT_ERROR bad\r\n|ERROR\r\nMN\r\n", "CLIENT_ERROR bad", "", true, nil},
	{"md a q", "CLIENT_ERROR bad\r\nMN\r\n", "CLIENT_ERROR bad", "", false, nil},
	{"md a q", "NF\r\nMN\r\n", "not found", "", false, nil},
}

func TestParse(t *testing.T) {
	codec := newCodec(t, limited)
	for _, a := range answers {
		in, rest, _ := strings.Cut(a.in, "|")
		t.Run(fmt.Sprintf("%s/%.40q", a.line, a.in), func(t *testing.T) {
			got := memtexttest.Whole(t, 1<<20, codec.NewConn(), body(a.line), []byte(in+rest))
			if name := codec.StatusName(got.Resp.Status); name != a.status || string(got.Resp.Content) != a.content || got.Resp.Close != a.close ||
				!errors.Is(got.Err, a.err) || got.Err != nil && a.err == nil || got.N != len(in) {
				t.Errorf("%v", got)
			}
			if got.Resp.Body != int64(len(a.content)) || got.Resp.HeaderLen+got.Resp.Body > int64(got.N) || got.Done && got.Resp.HeaderLen+got.Resp.Body != int64(got.N) {
				t.Errorf("%v: lengths do not fit %d bytes of content and %d in all", got, len(a.content), len(in))
			}
			without := memtexttest.Feed(t, 0, codec.NewConn(), body(a.line), []byte(in+rest))
			if without.Resp.Header = got.Resp.Header; len(without.Resp.Content) > 0 || without.N != got.N || without.Resp.Body != got.Resp.Body || without.Resp.Status != got.Resp.Status {
				t.Errorf("%v when nothing is kept, %v", without, got)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	codec := newCodec(t, nil)
	for _, c := range []struct {
		line, in string
		keep     int64
		header   string
		content  string
	}{
		{"gets a b", "VALUE a 7 2 5\r\nhi\r\nVALUE b 0 3 6\r\nyou\r\nEND\r\n", 4, `[{"VALUE" "a 7 2 5"} {"VALUE" "b 0 3 6"} {"END" ""}]`, "hiyo"},
		{"mg a v t", "VA 2 t-1\r\nhi\r\n", 100, `[{"VA" "2 t-1"}]`, "hi"},
		{"stats", "STAT a 1\r\nSTAT b 2\r\nEND\r\n", 100, `[{"STAT" "a 1"} {"STAT" "b 2"} {"END" ""}]`, "STAT a 1\nSTAT b 2"},
		{"incr a 1", "42\r\n", 100, `[{"42" ""}]`, "42"},
		{"set a 0 0 x", "SERVER_ERROR out of memory\r\n", 100, `[{"SERVER_ERROR" "out of memory"}]`, ""},
		{"get a", "VALUE a 7 2 5\r\nhi\r\nEND\r\n", 0, `[]`, ""},
	} {
		got := memtexttest.Whole(t, c.keep, codec.NewConn(), body(c.line), []byte(c.in))
		if fmt.Sprintf("%q", got.Resp.Header) != c.header || string(got.Resp.Content) != c.content {
			t.Errorf("%s: %v", c.line, got)
		}
	}
}

func TestUnasked(t *testing.T) {
	codec := newCodec(t, nil)
	conn, resp := codec.NewConn(), &load.Response{}
	for range 2 {
		if n, done, err := conn.Parse(nil, false, resp); n != 0 || done || err != nil || resp.Close {
			t.Errorf("nothing at all: %d, %v, %v", n, done, err)
		}
		if n, done, err := conn.Parse([]byte("\r\n"), false, resp); n != 0 || done || !errors.Is(err, memtext.ErrUnasked) || !resp.Close {
			t.Errorf("an empty line: %d, %v, %v", n, done, err)
		}
		resp.Reset()
		if _, done, err := conn.Parse(nil, true, resp); done || !errors.Is(err, transport.ErrEarlyClose) {
			t.Errorf("the end: %v, %v", done, err)
		}
		resp.Reset()
		memtexttest.Feed(t, 0, conn, body("mn"), []byte("MN\r\n"))
	}
}

func TestServerErrors(t *testing.T) {
	codec := newCodec(t, nil)
	for n := range firstError {
		if codec.ServerError(n) || codec.StatusName(n) == "" {
			t.Errorf("%d, %q, is an error: %v", n, codec.StatusName(n), codec.ServerError(n))
		}
	}
	for i := range 2000 { // names are bounded in number
		got := memtexttest.Feed(t, 0, codec.NewConn(), body("mn"), fmt.Appendf(nil, "SERVER_ERROR %d\r\n", i))
		if n := got.Resp.Status; n < firstError || n > load.MaxStatus || !codec.ServerError(n) {
			t.Fatalf("error %d has number %d", i, n)
		}
	}
	if got := codec.StatusName(load.MaxStatus); got != "other" {
		t.Errorf("the last number is called %q", got)
	}
	if got := codec.StatusName(firstError); got != "ERROR" {
		t.Errorf("the first error is called %q", got)
	}
}

// TestAnswerLimit: lines without end are given up.
func TestAnswerLimit(t *testing.T) {
	codec := newCodec(t, nil)
	conn, resp := codec.NewConn(), &load.Response{}
	conn.Start(body("stats"))
	line := []byte("STAT " + strings.Repeat("x", 8000) + "\r\n")
	for i := 0; ; i++ {
		n, done, err := conn.Parse(line, false, resp)
		if errors.Is(err, memtext.ErrAnswerLimit) {
			break
		}
		if n != len(line) || done || err != nil || i > 3000 {
			t.Fatalf("line %d: %d, %v, %v", i, n, done, err)
		}
	}
}
