package http

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test for something that ought to come at once.
const patience = 20 * time.Second

// bothPaths runs a test on the event loop, if this system has one, and on the portable path.
func bothPaths(t *testing.T, test func(t *testing.T, o Options)) {
	for _, portable := range []bool{false, true} {
		name := "loop"
		if portable {
			name = "portable"
		}
		t.Run(name, func(t *testing.T) { test(t, Options{Listen: "127.0.0.1:0", Portable: portable}) })
	}
}

// start starts a target for the length of a test.
func start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// faulty returns o with the given faults.
func faulty(t *testing.T, o Options, texts ...string) Options {
	t.Helper()
	for _, text := range texts {
		f, err := model.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Model.Faults = append(o.Model.Faults, f)
	}
	return o
}

// peer is a client that speaks bytes.
type peer struct {
	*net.TCPConn
	t testing.TB
	r *bufio.Reader
}

func dial(t testing.TB, s *Server) *peer {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &peer{c.(*net.TCPConn), t, bufio.NewReader(c)}
}

func (p *peer) say(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p, format, args...); err != nil {
		p.t.Fatal(err)
	}
}

// hear reads an answer to a request of the given method, with its body.
func (p *peer) hear(method string) (*nethttp.Response, string) {
	p.t.Helper()
	resp, err := nethttp.ReadResponse(p.r, &nethttp.Request{Method: method})
	if err != nil {
		p.t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("half an answer: %v", err)
	}
	return resp, string(body)
}

// get sends a GET and returns the status of its answer.
func (p *peer) get(path string) int {
	p.t.Helper()
	p.say("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	resp, _ := p.hear("GET")
	return resp.StatusCode
}

// silent checks that nothing comes before the connection ends, and that it ends as said: "EOF" or "reset".
func (p *peer) silent(how string) {
	p.t.Helper()
	b, err := io.ReadAll(p.r)
	got := "EOF"
	if err != nil {
		got = err.Error()
	}
	if len(b) > 0 || !strings.Contains(got, how) {
		p.t.Errorf("got %q and %s, want nothing and %s", b, got, how)
	}
}

// eventually waits until the server's figures are as wanted.
func eventually(t *testing.T, s *Server, what string, ok func(Stats) bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(s.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: never; figures %+v", what, s.Stats())
		}
	}
}

// balance checks that nothing is missing in the figures of a server that has ended.
func balance(t *testing.T, s *Server) {
	t.Helper()
	st := s.Stats()
	in, out := st.Requests, st.Answers+st.Abandoned
	for _, n := range st.Malformed {
		in += n
	}
	for _, f := range st.Faults {
		if !strings.HasPrefix(f.Fault, "error") && !strings.HasPrefix(f.Fault, "stall") && !strings.HasPrefix(f.Fault, "die") {
			out += f.Count
		}
	}
	if in != out {
		t.Errorf("%d requests came in, but %d are accounted for: %+v", in, out, st)
	}
	if st.Connections.Open != 0 {
		t.Errorf("%d connections are open", st.Connections.Open)
	}
}
