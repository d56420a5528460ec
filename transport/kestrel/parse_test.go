package kestrel

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
	{"get q", "VALUE q 0 5\r\nhello\r\nEND\r\n", "item", "hello", false, nil},
	{"get q", "END\r\n|END\r\n", "empty", "", false, nil},
	{"get q/t=5/open", "VALUE q 0 7\r\n\r\nEND\r\n\r\nEND\r\n", "item", "\r\nEND\r\n", false, nil},
	{"get q/close/open", "VALUE q/close/open 0 1\r\nx\r\nEND\r\n", "item", "x", false, nil},
	{"get q/peek", "VALUE q 0 0\r\n\r\nEND\r\n", "item", "", false, nil},
	{"get q/close/open", "END\r\n", "empty", "", false, nil},
	{"get q/close", "END\r\n", "ok", "", false, nil},
	{"get q/abort", "END\r\n", "ok", "", false, nil},
	{"get q/t=5/close", "END\r\n", "ok", "", false, nil},
	{"get q/abort", "VALUE q 0 1\r\n|x\r\nEND\r\n", "sent", "", true, memtext.ErrWord},
	{"get q", "VALUE other 0 1\r\n|x\r\nEND\r\n", "sent", "", true, memtext.ErrKey},
	{"get q", "VALUE q 0 1\r\nx\r\nVALUE q 0 1\r\n|x\r\nEND\r\n", "sent", "x", true, memtext.ErrWord},
	{"get q", "VALUE q 0 1001\r\n|", "sent", "", true, memtext.ErrValueLimit},
	{"get q", "VALUE q 0\r\n|", "sent", "", true, memtext.ErrValueLine},
	{"get q", "VALUE q 0 2\r\nhi|END\r\n", "sent", "hi", true, memtext.ErrValueEnd},
	{"get q", "VALUE q 0 2\r\nhi\r\n|EN", "sent", "hi", true, transport.ErrEarlyClose},
	{"get q", "STORED\r\n|", "sent", "", true, memtext.ErrWord},
	{"get q", "|", "sent", "", true, transport.ErrEarlyClose},
	{"get q", "|END\n", "sent", "", true, memtext.ErrLineEnd},
	{"get q/open", "ERROR\r\n", "ERROR", "", true, nil},
	{"get q", "CLIENT_ERROR\r\n", "CLIENT_ERROR", "", true, nil},
	{"set q 0 0 x", "STORED\r\n", "stored", "", false, nil},
	{"set q 0 0 x", "NOT_STORED\r\n", "not stored", "", false, nil},
	{"set q 0 0 x", "STORED now\r\n|", "sent", "", true, memtext.ErrWord},
	{"set q 0 0 x", "CLIENT_ERROR\r\n", "CLIENT_ERROR", "", true, nil},
	{"delete q", "END\r\n", "ok", "", false, nil},
	{"delete q", "DELETED\r\n", "ok", "", false, nil},
	{"flush q", "DELETED\r\n|", "sent", "", true, memtext.ErrWord},
	{"flush q", "END\r\n", "ok", "", false, nil},
	{"confirm q 5", "END\r\n", "ok", "", false, nil},
	{"confirm q 5", "ERROR\r\n", "ERROR", "", false, nil},
	{"flush_all", "Flushed all queues.\r\n", "ok", "Flushed all queues.", false, nil},
	{"reload", "Reloaded config.\r\n", "ok", "Reloaded config.", false, nil},
	{"status", "UP\r\n", "ok", "UP", false, nil},
	{"flush_expired q", "12\r\n", "ok", "12", false, nil},
	{"flush_all_expired", "none\r\n|", "sent", "", true, memtext.ErrWord},
	{"version", "VERSION 2.4.1\r\n", "ok", "2.4.1", false, nil},
	{"version", "2.4.1\r\n|", "sent", "", true, memtext.ErrWord},
	{"stats", "STAT uptime 5\r\nSTAT queue_q_items 1\r\nEND\r\n", "ok", "STAT uptime 5\nSTAT queue_q_items 1", false, nil},
	{"stats", "uptime 5\r\n|", "sent", "", true, memtext.ErrWord},
	{"dump_stats", "queue 'q' {\r\n  items=1\r\n}\r\nEND\r\n", "ok", "queue 'q' {\n  items=1\n}", false, nil},
	{"dump_stats", "queue 'q' {\r\n|", "sent", "queue 'q' {", true, transport.ErrEarlyClose},
	{"dump_config", "END\r\n", "ok", "", false, nil},
	{"monitor q 5", "VALUE q 0 1\r\nx\r\nEND\r\nVALUE q 0 1\r\ny\r\nEND\r\nEND\r\n|END\r\n", "item", "xy", false, nil},
	{"monitor q 5", "END\r\n", "empty", "", false, nil},
	{"monitor q 5", "VALUE q 0 1\r\nx\r\nEND\r\n|", "sent", "x", true, transport.ErrEarlyClose},
	{"monitor q 5", "VALUE q 0 1\r\nx\r\nVALUE q 0 1\r\n|", "sent", "x", true, memtext.ErrWord},
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
			if got.Resp.Body != int64(len(a.content)) || got.Done && got.Resp.HeaderLen+got.Resp.Body != int64(got.N) {
				t.Errorf("%v: lengths do not fit %d bytes of content and %d in all", got, len(a.content), len(in))
			}
		})
	}
}

// TestEmptyLines: Kestrel ends some answers with an empty line too many, which belongs to no answer.
func TestEmptyLines(t *testing.T) {
	codec := newCodec(t, nil)
	for _, idle := range []bool{false, true} {
		conn, resp := codec.NewConn(), &load.Response{}
		stream := []byte("VERSION 2.4.1\r\n\r\nqueue\r\n\r\nEND\r\n\r\n\r\nSTORED\r\n")
		for i, line := range []string{"version", "dump_stats", "set q 0 0 x"} {
			if idle {
				if i > 0 && stream[0] != '\r' {
					t.Fatalf("%q is to come", stream)
				}
				if n, done, err := conn.Parse(stream[:min(i, 1)], false, resp); n != 0 || done || err != nil { // a CR alone
					t.Fatalf("between answers: %d, %v, %v", n, done, err)
				}
				n, done, err := conn.Parse(stream[:2*i], false, resp)
				if n != 2*i || done || err != nil || resp.Close {
					t.Fatalf("between answers: %d, %v, %v", n, done, err)
				}
				stream = stream[n:]
			}
			conn.Start(body(line))
			n, done, err := conn.Parse(stream, false, resp)
			if !done || err != nil {
				t.Fatalf("%s: %v, %v at %q", line, done, err, stream)
			}
			stream = stream[n:]
		}
		if len(stream) > 0 || codec.StatusName(resp.Status) != "stored" {
			t.Errorf("%s; %q is left", codec.StatusName(resp.Status), stream)
		}
		if _, _, err := conn.Parse([]byte("\r\nEND\r\n"), false, resp); !errors.Is(err, memtext.ErrUnasked) || !resp.Close {
			t.Errorf("an answer without a request: %v", err)
		}
	}
}

func TestServerErrors(t *testing.T) {
	codec := newCodec(t, nil)
	for n, name := range statusNames {
		if codec.ServerError(n) != (name == "ERROR") {
			t.Errorf("%s is an error of the server: %v", name, codec.ServerError(n))
		}
	}
	got := memtexttest.Feed(t, 0, codec.NewConn(), body("stats"), []byte("SERVER_ERROR no\r\n"))
	if !codec.ServerError(got.Resp.Status) || codec.StatusName(got.Resp.Status) != "SERVER_ERROR no" {
		t.Errorf("%v", got)
	}
}

// FuzzParse: no panic, no progress beyond the input, a declared error or a whole answer, the same whatever the cuts.
func FuzzParse(f *testing.F) {
	for _, a := range answers {
		in, rest, _ := strings.Cut(a.in, "|")
		f.Add(a.line, []byte(in+rest), uint16(len(in)/2))
	}
	f.Fuzz(func(t *testing.T, line string, answer []byte, cut uint16) {
		codec := newCodec(t, limited)
		req := body(line)
		if _, err := codec.AppendRequest(nil, req, nil); err != nil {
			return
		}
		conn := codec.NewConn()
		whole := memtexttest.Feed(t, 64, conn, req, answer)
		bytewise := make([]int, len(answer))
		for i := range bytewise {
			bytewise[i] = i
		}
		for _, cuts := range [][]int{bytewise, {min(int(cut), len(answer))}} {
			if got := memtexttest.Feed(t, 64, conn, req, answer, cuts...); got.String() != whole.String() {
				t.Fatalf("%q, %q, cuts %v:\ngot  %v\nwant %v", line, answer, cuts, got, whole)
			}
		}
	})
}
