package tcp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

func TestAppendRequest(t *testing.T) {
	crlf, none := `\r\n`, ""
	for _, c := range []struct {
		name   string
		change func(*Config)
		body   string
		want   string
		err    string
	}{
		{"line", nil, "PING", "PING\n", ""},
		{"line that has its end", nil, "PING\n", "PING\n", ""},
		{"empty line", nil, "", "\n", ""},
		{"suffix", func(c *Config) { c.Suffix = &crlf }, "PING\r\n", "PING\r\n\r\n", ""},
		{"no suffix", func(c *Config) { c.Suffix = &none }, "PING", "PING", ""},
		{"nothing", func(c *Config) { c.Suffix = &none }, "", "", errNothing.Error()},
		{"hex", func(c *Config) { c.Encoding = "hex" }, "00 0a", "\x00\n", ""},
		{"hex with suffix", func(c *Config) { c.Encoding, c.Suffix = "hex", &crlf }, "00", "\x00\r\n", ""},
		{"escaped", func(c *Config) { c.Encoding = "escaped" }, `a\r\n`, "a\r\n", ""},
		{"base64", func(c *Config) { c.Encoding = "base64" }, "aGk=", "hi", ""},
		{"bad hex", func(c *Config) { c.Encoding = "hex" }, "0x", "", `transport/tcp: request: hex: "0x" at byte 1: expected two hexadecimal digits`},
	} {
		codec := newCodec(t, c.change)
		got, err := codec.AppendRequest([]byte("before "), &load.Request{Body: []byte(c.body)}, &load.Target{})
		if string(got) != "before "+c.want || (err != nil || c.err != "") && fmt.Sprint(err) != c.err {
			t.Errorf("%s: %q, %v; want %q, %s", c.name, got, err, c.want, c.err)
		}
	}
}

func TestOneWay(t *testing.T) {
	req := &load.Request{Body: []byte("x")}
	codec := newCodec(t, func(c *Config) { c.Answer.Framing = "none" })
	if _, err := codec.AppendRequest(nil, req, &load.Target{}); err != nil || !req.OneWay {
		t.Errorf("one way %v, %v", req.OneWay, err)
	}
	conn := codec.NewConn()
	conn.Start(req)
	resp := &load.Response{}
	if n, done, err := conn.Parse([]byte("what"), false, resp); n != 4 || done || err != nil || resp.Body != 0 {
		t.Errorf("bytes that answer nothing: n %d, done %v, %v, %+v", n, done, err, resp)
	}
	if _, done, err := conn.Parse(nil, true, resp); done || !errors.Is(err, transport.ErrEarlyClose) {
		t.Errorf("the end: done %v, %v", done, err)
	}
	if _, err := newCodec(t, nil).AppendRequest(nil, req, &load.Target{}); err != nil || req.OneWay {
		t.Errorf("a request that is used again: one way %v, %v", req.OneWay, err)
	}
}

// framing returns a change of the configuration that chooses a framing and a limit of 40 bytes.
func framing(name string, change func(*Answer)) func(*Config) {
	return func(c *Config) {
		c.Answer.Framing, c.AnswerLimit, c.OK = name, 40, "+ok"
		if change != nil {
			change(&c.Answer)
		}
	}
}

func announced(offset, size int, order string, adjust int64) func(*Config) {
	return framing("length", func(a *Answer) { a.Length = Length{offset, size, order, adjust} })
}

func delimited(d string) func(*Config) {
	return framing("delimiter", func(a *Answer) { a.Delimiter = d })
}

// answers says what becomes of bytes that come, followed by the connection's end.
var answers = []struct {
	name    string
	change  func(*Config)
	in      string
	content string
	status  int
	rest    int // bytes left
	err     error
}{
	{"line", delimited(`\n`), "+ok then\n", "+ok then", statusOK, 0, nil},
	{"empty line", delimited(`\n`), "\n", "", statusOther, 0, nil},
	{"line and more", delimited(`\n`), "-err\nmore", "-err", statusOther, 4, nil},
	{"expected bytes cut by the delimiter", delimited(`\n`), "+o\nk", "+o", statusOther, 1, nil},
	{"expected bytes later", delimited(`\n`), " +ok\n", " +ok", statusOther, 0, nil},
	{"no line end", delimited(`\n`), "+ok", "+ok", 0, 0, transport.ErrEarlyClose},
	{"nothing", delimited(`\n`), "", "", 0, 0, transport.ErrEarlyClose},
	{"two bytes", delimited(`\r\n`), "+ok\r\r\n", "+ok\r", statusOK, 0, nil},
	{"two bytes, one missing", delimited(`\r\n`), "+ok\r", "+ok", 0, 1, transport.ErrEarlyClose},
	{"repeating delimiter", delimited("aab"), "aaaab", "aa", statusOther, 0, nil},
	{"delimiter begun and not", delimited("END\\r\\n"), "+okENEND\nEND\r\n", "+okENEND\n", statusOK, 0, nil},
	{"at the limit", delimited(`\r\n`), strings.Repeat("x", 40) + "\r\n", strings.Repeat("x", 40), statusOther, 0, nil},
	{"over the limit", delimited(`\r\n`), strings.Repeat("x", 41) + "\r\n", strings.Repeat("x", 40), 0, 3, ErrLimit},
	{"over the limit, no end", delimited(`\r\n`), strings.Repeat("x", 42), strings.Repeat("x", 40), 0, 2, ErrLimit},
	{"length 1", announced(0, 1, "big", 0), "\x03abcd", "\x03abc", statusOther, 1, nil},
	{"length 2 big", announced(0, 2, "big", 0), "\x00\x01a", "\x00\x01a", statusOther, 0, nil},
	{"length 2 little", announced(1, 2, "little", 0), "x\x01\x00ab", "x\x01\x00a", statusOther, 1, nil},
	{"length 4 after the expected bytes", announced(3, 4, "big", 0), "+ok\x00\x00\x00\x02hi", "+ok\x00\x00\x00\x02hi", statusOK, 0, nil},
	{"length 8", announced(0, 8, "little", 0), "\x01\x00\x00\x00\x00\x00\x00\x00a", "\x01\x00\x00\x00\x00\x00\x00\x00a", statusOther, 0, nil},
	{"length that counts itself", announced(0, 4, "big", -4), "\x00\x00\x00\x05a", "\x00\x00\x00\x05a", statusOther, 0, nil},
	{"length that leaves something out", announced(0, 1, "big", 2), "\x01abc", "\x01abc", statusOther, 0, nil},
	{"length zero", announced(0, 1, "big", 0), "\x00", "\x00", statusOther, 0, nil},
	{"length below zero", announced(0, 1, "big", -2), "\x01abc", "", 0, 4, ErrLength},
	{"length at the limit", announced(0, 1, "big", 0), "\x27" + strings.Repeat("x", 39), "\x27" + strings.Repeat("x", 39), statusOther, 0, nil},
	{"length over the limit", announced(0, 1, "big", 0), "\x28" + strings.Repeat("x", 40), "", 0, 41, ErrLimit},
	{"enormous length", announced(0, 8, "big", 1), strings.Repeat("\xff", 8), "", 0, 8, ErrLimit},
	{"length cut off", announced(0, 4, "big", 0), "\x00\x00", "", 0, 2, transport.ErrEarlyClose},
	{"answer cut off", announced(0, 1, "big", 0), "\x03ab", "\x03ab", 0, 0, transport.ErrEarlyClose},
	{"fixed", framing("fixed", func(a *Answer) { a.Size = 4 }), "+okaymore", "+oka", statusOK, 5, nil},
	{"fixed, cut off", framing("fixed", func(a *Answer) { a.Size = 4 }), "+ok", "+ok", 0, 0, transport.ErrEarlyClose},
	{"close", framing("close", nil), "+ok\nand so on", "+ok\nand so on", statusOK, 0, nil},
	{"close at once", framing("close", nil), "", "", 0, 0, transport.ErrEarlyClose},
	{"close over the limit", framing("close", nil), strings.Repeat("x", 41), strings.Repeat("x", 40), 0, 1, ErrLimit},
	{"silence, then the end", framing("silence", nil), "+ok", "+ok", statusOK, 0, nil},
	{"silence and nothing", framing("silence", nil), "", "", 0, 0, transport.ErrEarlyClose},
}

// TestAnswers gives each answer whole, cut once at every place and byte by byte, with the end at once or apart.
func TestAnswers(t *testing.T) {
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			conn := newCodec(t, a.change).NewConn()
			cuts := [][]int{nil, everyByte(len(a.in))}
			for i := range len(a.in) {
				cuts = append(cuts, []int{i})
			}
			for _, at := range cuts {
				for _, apart := range []bool{false, true} {
					got := feed(t, conn, 1000, []byte(a.in), apart, at...)
					if !errors.Is(got.err, a.err) || string(got.resp.Content) != a.content || got.resp.Body != int64(len(a.content)) ||
						got.resp.Status != a.status || len(a.in)-got.n != a.rest {
						t.Errorf("cuts %v, apart %v: %v, want %q, status %d, rest %d, %v", at, apart, got, a.content, a.status, a.rest, a.err)
					}
					ended := a.err != nil || a.name == "close" || strings.HasPrefix(a.name, "silence")
					if got.resp.Close != ended {
						t.Errorf("cuts %v, apart %v: close %v", at, apart, got.resp.Close)
					}
				}
			}
			if got := feed(t, conn, 2, []byte(a.in), false); string(got.resp.Content) != a.content[:min(2, len(a.content))] {
				t.Errorf("of content %q two bytes are %q", a.content, got.resp.Content)
			}
		})
	}
}

func TestNoLimitNoExpectation(t *testing.T) {
	conn := newCodec(t, func(c *Config) { c.AnswerLimit, c.Answer.Framing = 0, "length" }).NewConn()
	resp := &load.Response{}
	conn.Start(&load.Request{})
	if n, done, err := conn.Parse([]byte("\xff\xff\xff\xffabc"), false, resp); n != 7 || done || err != nil || resp.Body != 7 {
		t.Errorf("n %d, done %v, %v, %+v", n, done, err, resp)
	}
	if got := feed(t, newCodec(t, nil).NewConn(), 0, []byte("x\n"), false); got.resp.Status != statusAnswered || !got.done {
		t.Errorf("without an expectation: %v", got)
	}
}

func TestUnasked(t *testing.T) {
	conn, resp := newCodec(t, nil).NewConn(), &load.Response{}
	if n, done, err := conn.Parse([]byte("x\n"), false, resp); n != 0 || done || !errors.Is(err, ErrUnasked) || !resp.Close {
		t.Errorf("n %d, done %v, %v", n, done, err)
	}
}

// Several answers that came at once are read one after the other.
func TestPipelined(t *testing.T) {
	conn, resp := newCodec(t, nil).NewConn(), &load.Response{}
	src := []byte("one\ntwo\nthree\n")
	for _, want := range []int64{3, 3, 5} {
		resp.Reset()
		conn.Start(&load.Request{})
		n, done, err := conn.Parse(src, false, resp)
		if !done || err != nil || resp.Body != want {
			t.Fatalf("%q: n %d, done %v, %v, body %d", src, n, done, err, resp.Body)
		}
		src = src[n:]
	}
}

func TestSilence(t *testing.T) {
	if _, ok := newCodec(t, nil).NewConn().(transport.Patient); ok {
		t.Error("a connection whose answers end by a delimiter waits for silence")
	}
	conn := newCodec(t, func(c *Config) { c.Answer.Framing, c.OK = "silence", "+" }).NewConn().(transport.Patient)
	if got := conn.Silence(); got != 50*time.Millisecond {
		t.Errorf("silence %v", got)
	}
	resp := &load.Response{Keep: 10}
	if conn.Silent(resp) {
		t.Error("an answer without a request")
	}
	for range 2 {
		resp.Reset()
		conn.(transport.Conn).Start(&load.Request{})
		if conn.Silent(resp) {
			t.Error("an answer of no byte")
		}
		for _, b := range []string{"+a", "b"} {
			if n, done, err := conn.(transport.Conn).Parse([]byte(b), false, resp); n != len(b) || done || err != nil {
				t.Fatalf("n %d, done %v, %v", n, done, err)
			}
		}
		if !conn.Silent(resp) || string(resp.Content) != "+ab" || resp.Body != 3 || resp.Status != statusOK || resp.Close {
			t.Errorf("after the silence: %+v", resp)
		}
		if conn.Silent(resp) {
			t.Error("the answer ends twice")
		}
	}
}
