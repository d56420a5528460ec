package http

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	nethttp "net/http"
	"strings"
	"testing"
)

// seen is what a session made of some bytes.
type seen struct {
	line    string
	content int64
	last    bool
	marked  bool
	asked   bool // 100 Continue
}

var testLimits = limits{head: 2048, body: 1 << 20}

// play feeds src to a fresh session in pieces that end at the given offsets.
func play(src string, cuts ...int) (out []seen, bad *refusal) {
	s := session{limits: testLimits}
	asked := false
	var buf []byte
	start := 0
	for _, end := range append(cuts, len(src)) {
		buf = append(buf, src[start:end]...)
		start = end
		for len(buf) > 0 {
			n, what, bad := s.next(buf)
			if n < 0 || n > len(buf) {
				panic(fmt.Sprintf("consumed %d of %d", n, len(buf)))
			}
			buf = buf[n:]
			if bad != nil {
				return out, bad
			}
			if what == more {
				break
			}
			if what == wantsGoing {
				asked = true
				continue
			}
			r := &s.req
			out = append(out, seen{fmt.Sprintf("%s %s 1.%d", r.method, r.target, r.minor), s.body.size, !r.persists(), r.marked, asked})
			asked = false
		}
		buf = bytes.Clone(buf) // what was consumed must not be needed any more
	}
	return out, nil
}

const host = "Host: x\r\n"

func TestSession(t *testing.T) {
	tests := []struct {
		name, src string
		want      []seen
	}{
		{"get", "GET / HTTP/1.1\r\n" + host + "\r\n", []seen{{line: "GET / 1.1"}}},
		{"empty lines first", "\r\n\r\nGET /a?b=c HTTP/1.1\r\n" + host + "\r\n", []seen{{line: "GET /a?b=c 1.1"}}},
		{"pipelined", "GET /1 HTTP/1.1\r\n" + host + "\r\nHEAD /2 HTTP/1.1\r\nhOST:x\r\n\r\n", []seen{{line: "GET /1 1.1"}, {line: "HEAD /2 1.1"}}},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", []seen{{line: "GET / 1.0", last: true}}},
		{"1.0 kept", "GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n", []seen{{line: "GET / 1.0"}}},
		{"close", "GET / HTTP/1.1\r\n" + host + "Connection: foo ,CLOSE\r\n\r\n", []seen{{line: "GET / 1.1", last: true}}},
		{"marked", "GET / HTTP/1.1\r\n" + host + "x-iago: true\r\n\r\n", []seen{{line: "GET / 1.1", marked: true}}},
		{"length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n" + host + "\r\n", []seen{{line: "POST / 1.1", content: 5}, {line: "GET / 1.1"}}},
		{"length 0", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", []seen{{line: "PUT / 1.1"}}},
		{
			"chunked", "POST /c HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n00A\r\n0123456789\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
			[]seen{{line: "POST /c 1.1", content: 15}, {line: "GET / 1.1"}},
		},
		{"absolute", "GET http://x/ HTTP/1.1\r\n" + host + "\r\n", []seen{{line: "GET http://x/ 1.1"}}},
		{"bytes beyond ASCII", "GET /\xc3\xa9 HTTP/1.1\r\n" + host + "A: \xff\r\n\r\n", []seen{{line: "GET /\xc3\xa9 1.1"}}},
		{"unknown method", "BREW /pot HTTP/1.1\r\n" + host + "\r\n", []seen{{line: "BREW /pot 1.1"}}},
		{"unfinished", "GET / HTTP/1.1\r\n" + host, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for cut := range len(tt.src) + 1 {
				got, bad := play(tt.src, cut)
				if bad != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Fatalf("cut at %d: %+v, %v; want %+v", cut, got, bad, tt.want)
				}
			}
		})
	}
}

func TestSessionRefuses(t *testing.T) {
	long := strings.Repeat("x", testLimits.head)
	chunked := "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n"
	tests := []struct {
		src  string
		want *refusal
	}{
		{"GET / HTTP/1.1\n" + host + "\r\n", badLineEnd},
		{"GET / HTTP/1.1\r\n" + host + "\n", badLineEnd},
		{"hello\r\n", badLine},
		{"GET /\r\n", badLine},
		{"GET / HTTP/1.1 \r\n", badTarget},
		{" / HTTP/1.1\r\n", badMethod},
		{"G(T / HTTP/1.1\r\n", badMethod},
		{"GET  HTTP/1.1\r\n", badTarget},
		{"GET /a b HTTP/1.1\r\n", badTarget},
		{"GET /\x01 HTTP/1.1\r\n", badTarget},
		{"GET / FTP/1.1\r\n", badLine},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", badVersion},
		{"GET / HTTP/1.1\r\nA : b\r\n", badName},
		{"GET / HTTP/1.1\r\n folded\r\n", badName},
		{"GET / HTTP/1.1\r\nno colon\r\n", badName},
		{"GET / HTTP/1.1\r\nA: b\x00\r\n", badValue},
		{"GET / HTTP/1.1\r\n\r\n", badHost},
		{"GET / HTTP/1.1\r\n" + host + host + "\r\n", badHost},
		{"GET / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n", badLength},
		{"GET / HTTP/1.1\r\n" + host + "Content-Length:\r\n", badLength},
		{"GET / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n", badLength},
		{"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n", badLength},
		{"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", badBoth},
		{"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n", badCoding},
		{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", badCoding},
		{"GET / HTTP/1.1\r\n" + host + "Expect: a miracle\r\n", badExpect},
		{"CONNECT x:1 HTTP/1.1\r\n" + host + "\r\n", badConnect},
		{"GET /" + long, headTooLong},
		{"GET / HTTP/1.1\r\n" + host + "A: " + long + "\r\n\r\n", headTooLong},
		{"POST / HTTP/1.1\r\n" + host + "Content-Length: 1048577\r\n\r\n", bodyTooLong},
		{chunked + "100001\r\n", bodyTooLong},
		{chunked + "x\r\n", badChunk},
		{chunked + "\r\n", badChunk},
		{chunked + "fffffffffffffffff", bodyTooLong},
		{chunked + "5\nhello", badChunk},
		{chunked + "5\r\nhello0\r\n\r\n", badChunk},
		{chunked + "0\r\nA: \x01\r\n\r\n", badChunk},
		{chunked + "0\r\n" + strings.Repeat("A: b\r\n", 1000), badChunk},
		{chunked + "1;" + strings.Repeat("a", 5000), badChunk},
	}
	for _, tt := range tests {
		for cut := range len(tt.src) + 1 {
			if cut > 300 && cut < len(tt.src)-20 {
				continue
			}
			if got, bad := play(tt.src, cut); bad != tt.want || len(got) > 0 {
				t.Fatalf("%.60q cut at %d: %+v, refused %+v; want %+v", tt.src, cut, got, bad, tt.want)
			}
		}
	}
	// Without a limit of the body, the size of a chunk is still bounded.
	s := session{limits: limits{head: 2048, body: math.MaxInt64}}
	src := chunked + "ffffffffffffffffffff\r\n"
	n, _, bad := s.next([]byte(src))
	if bad != badChunk {
		t.Errorf("endless chunk: %d consumed, refused %v", n, bad)
	}
}

// A client that waits for 100 Continue is asked to go on; one that does not wait is not.
func TestSessionContinue(t *testing.T) {
	const head = "POST / HTTP/1.1\r\n" + host + "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n"
	for cut, want := range map[int]bool{len(head): true, len(head) + 1: false, 5: false} {
		got, bad := play(head+"abc", cut)
		if bad != nil || len(got) != 1 || got[0].asked != want || got[0].content != 3 {
			t.Errorf("cut at %d: %+v, %v; want asked %v", cut, got, bad, want)
		}
	}
}

// oracle reads src with net/http. It stops at the first error.
func oracle(src string) (out []seen, rest int) {
	r := bufio.NewReader(strings.NewReader(src))
	for {
		req, err := nethttp.ReadRequest(r)
		if err != nil {
			return out, r.Buffered()
		}
		n, err := io.Copy(io.Discard, req.Body)
		if err != nil {
			return out, r.Buffered()
		}
		out = append(out, seen{
			line: fmt.Sprintf("%s %s 1.%d", req.Method, req.RequestURI, req.ProtoMinor), content: n,
			last: req.Close, marked: req.Header["X-Iago"] != nil,
		})
	}
}

// FuzzSession: no panic, split anywhere equals whole, and what is accepted is what net/http reads in the same bytes
// as far as that reads them at all.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\n" + host + "\r\n",
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\n" + host + "X-Iago: 1\r\n\r\n",
		"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: v\r\n\r\n",
		"POST / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n1",
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"\r\nGET  / HTTP/1.1\r\n",
	} {
		f.Add(s, uint16(7), uint16(20))
	}
	f.Fuzz(func(t *testing.T, src string, a, b uint16) {
		whole, bad := play(src)
		i, j := int(a)%(len(src)+1), int(b)%(len(src)+1)
		split, badSplit := play(src, min(i, j), max(i, j))
		for k := range split {
			split[k].asked = false // depends on the pieces, rightly
		}
		for k := range whole {
			whole[k].asked = false
		}
		if bad != badSplit || fmt.Sprint(whole) != fmt.Sprint(split) {
			t.Fatalf("whole: %+v, %v; cut at %d and %d: %+v, %v", whole, bad, i, j, split, badSplit)
		}
		other, _ := oracle(src)
		for k := range min(len(whole), len(other)) {
			if whole[k] != other[k] {
				t.Fatalf("request %d: %+v, net/http reads %+v", k, whole[k], other[k])
			}
		}
	})
}

func BenchmarkSession(b *testing.B) {
	src := []byte("GET /images/logo.gif?size=3 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\r\nAccept: */*\r\nReferer: http://www.example.com/index.html\r\nX-Iago: true\r\n\r\n")
	s := session{limits: testLimits}
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, what, _ := s.next(src); what != complete {
			b.Fatal(what)
		}
	}
}
