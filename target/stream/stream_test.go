package stream

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/figures"
	"github.com/iagoloadgen/iago/target/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test for something that ought to come at once.
const patience = 20 * time.Second

// lines is a protocol for tests: lines are echoed; "!" is malformed, "silent" has no answer, "quit" ends, "wait" waits for gate.
type lines struct {
	waiter Waiter
	gate   chan struct{}
	line   string
	closed func()
}

func (l *lines) Next(src []byte, _ bool) (int, string, error) {
	i := bytes.IndexByte(src, '\n')
	if i < 0 {
		return 0, "", nil
	}
	if l.line = string(src[:i]); l.line == "!" {
		return 0, "", &Malformed{Cause: "exclamation", Answer: []byte("bad\n")}
	}
	return i + 1, "line", nil
}

func (l *lines) Answer(dst []byte) ([]byte, bool) {
	switch l.line {
	case "silent":
		return dst, false
	case "wait":
		return fmt.Appendf(dst, "%v\n", l.waiter.Wait(l.gate, patience)), false
	}
	return append(append(dst, l.line...), '\n'), l.line == "quit"
}

func (l *lines) Fail(dst []byte, status int) []byte { return fmt.Appendf(dst, "error %d\n", status) }
func (l *lines) Close()                             { l.closed() }

// target is a running one and what its sessions have told.
type target struct {
	*Server
	gate   chan struct{}
	closed chan struct{}
}

func start(t *testing.T, o Options, faults ...string) *target {
	t.Helper()
	for _, text := range faults {
		f, err := model.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Model.Faults = append(o.Model.Faults, f)
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	g := &target{gate: make(chan struct{}), closed: make(chan struct{}, 100)}
	p := Protocol{
		Name: "lines", Scheme: "lines", SchemeTLS: "liness", Garbage: []byte("\x00"), Listen: "127.0.0.1:0",
		NewSession: func(w Waiter) Session {
			return &lines{waiter: w, gate: g.gate, closed: func() { g.closed <- struct{}{} }}
		},
		Figures: func() map[string]int64 { return map[string]int64{"own": 7} },
	}
	s, err := Start(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	g.Server = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		balance(t, s.Stats())
	})
	return g
}

// balance checks that nothing is missing in the figures of a target that has ended.
func balance(t *testing.T, st figures.Stats) {
	t.Helper()
	out := st.Answers + st.OneWay + st.Abandoned
	for _, f := range st.Faults {
		if !strings.HasPrefix(f.Fault, "error") && !strings.HasPrefix(f.Fault, "stall") && !strings.HasPrefix(f.Fault, "die") {
			out += f.Count
		}
	}
	if st.Requests != out || st.Connections.Open != 0 {
		t.Errorf("%d requests, %d accounted for, %d connections open: %+v", st.Requests, out, st.Connections.Open, st)
	}
}

func (g *target) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial(g.Addr().Network(), g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// talk sends all of text and returns all that comes until the connection ends, and how it ends.
func talk(c net.Conn, text string) (string, error) {
	go io.WriteString(c, text)
	b, err := io.ReadAll(c)
	return string(b), err
}

// behaviors are a target that answers at once and one with delays: two ways through this package.
var behaviors = map[string]model.Options{"direct": {}, "delayed": {Service: model.Constant{Time: 2 * time.Millisecond}}}

func TestPipelined(t *testing.T) {
	for name, m := range behaviors {
		t.Run(name, func(t *testing.T) {
			g := start(t, Options{Model: m})
			var want strings.Builder
			for i := range 3000 {
				fmt.Fprintf(&want, "line %d\n", i)
			}
			got, err := talk(g.dial(t), want.String()+"silent\nquit\nafter\n")
			if got != want.String()+"quit\n" || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), want.Len(), err)
			}
			st := g.Stats()
			if st.Requests != 3002 || st.Answers != 3001 || st.OneWay != 1 || st.Kinds["line"] != 3002 || st.Protocol["own"] != 7 {
				t.Errorf("figures %+v", st)
			}
			if st.Bytes.Sent != int64(len(got)) || st.Sojourn.Count != 3002 || (name == "delayed") != (st.Late.Count == 3001) {
				t.Errorf("figures %+v", st)
			}
			<-g.closed
		})
	}
}

// Delays of pipelined requests run side by side; with one server they run one after the other.
func TestServiceTimes(t *testing.T) {
	for servers, least := range map[int]time.Duration{0: 20 * time.Millisecond, 1: 200 * time.Millisecond} {
		g := start(t, Options{Model: model.Options{Service: model.Constant{Time: 20 * time.Millisecond}, Servers: servers}})
		begin := time.Now()
		talk(g.dial(t), strings.Repeat("x\n", 9)+"quit\n")
		if took := time.Since(begin); took < least {
			t.Errorf("%d servers: %v for ten, want at least %v", servers, took, least)
		}
		st := g.Stats()
		if st.Sojourn.Max < int64(least)*9/10 || servers == 0 && st.Sojourn.Max > int64(25*time.Millisecond) {
			t.Errorf("%d servers: sojourns %+v", servers, st.Sojourn)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, m := range behaviors {
		g := start(t, Options{Model: m})
		if got, err := talk(g.dial(t), "a\n!\nb\n"); got != "a\nbad\n" || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if st := g.Stats(); st.Malformed["exclamation"] != 1 || st.Requests != 1 {
			t.Errorf("%s: figures %+v", name, st)
		}
	}
}

// The request befallen gets what the fault says, and nothing behind it gets an answer.
func TestFaults(t *testing.T) {
	for name, m := range behaviors {
		for fault, want := range map[string]string{
			"error:status=5": "error 5\nerror 5\n", "close": "EOF", "reset": "reset", "garbage": "\x00EOF", "hang": "timeout",
		} {
			t.Run(name+" "+fault, func(t *testing.T) {
				g := start(t, Options{Model: m}, fault)
				c := g.dial(t)
				if want == "timeout" {
					c.SetDeadline(time.Now().Add(50 * time.Millisecond))
				}
				io.WriteString(c, "a\n")
				r := bufio.NewReader(c)
				if fault == "error:status=5" {
					io.WriteString(c, "b\n")
					one, _ := r.ReadString('\n')
					two, _ := r.ReadString('\n')
					if one+two != want {
						t.Errorf("got %q", one+two)
					}
					return
				}
				b, err := io.ReadAll(r)
				end := "EOF"
				if err != nil {
					end = err.Error()
				}
				if got := string(b) + end; !strings.Contains(got, want) || len(b) > 1 {
					t.Errorf("got %q, want %q", got, want)
				}
				if n := g.Stats().Faults[0].Count; n != 1 {
					t.Errorf("it happened %d times", n)
				}
			})
		}
	}
}

func TestStall(t *testing.T) {
	g := start(t, Options{}, "stall:at=0s,for=100ms")
	begin := time.Now()
	if got, _ := talk(g.dial(t), "a\nquit\n"); got != "a\nquit\n" {
		t.Errorf("got %q", got)
	}
	if took := time.Since(begin); took < 100*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestDie(t *testing.T) {
	g := start(t, Options{Model: model.Options{Service: model.Constant{Time: time.Hour}}}, "die:at=50ms")
	if got, _ := talk(g.dial(t), "a\n"); got != "" {
		t.Errorf("got %q", got)
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	if st := g.Stats(); st.Abandoned != 1 || st.Faults[0].Count != 1 {
		t.Errorf("figures %+v", st)
	}
}

// An answer that waits lets those before it go, and sees its client leave; what is sent meanwhile is not lost.
func TestWait(t *testing.T) {
	g := start(t, Options{})
	c := g.dial(t)
	r := bufio.NewReader(c)
	io.WriteString(c, "before\nwait\n")
	if got, _ := r.ReadString('\n'); got != "before\n" {
		t.Errorf("got %q", got)
	}
	io.WriteString(c, "behind\n")
	gone := g.dial(t)
	io.WriteString(gone, "wait\n")
	gone.Close()
	<-g.closed
	close(g.gate)
	for _, want := range []string{"true\n", "behind\n"} {
		if got, err := r.ReadString('\n'); got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestCloseWhileWaiting(t *testing.T) {
	g := start(t, Options{})
	c := g.dial(t)
	io.WriteString(c, "x\nwait\n")
	bufio.NewReader(c).ReadString('\n')
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	g := start(t, Options{TLS: true})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(g.CertificatePEM()) || !strings.HasPrefix(g.URL(), "liness://127.0.0.1:") {
		t.Fatalf("no certificate, or %s", g.URL())
	}
	c := tls.Client(g.dial(t), &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if got, err := talk(c, "a\nquit\n"); got != "a\nquit\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestUnix(t *testing.T) {
	path := t.TempDir() + "/s"
	g := start(t, Options{Listen: "unix:" + path})
	if got, err := talk(g.dial(t), "a\nquit\n"); got != "a\nquit\n" || err != nil || g.URL() != "lines+unix:"+path {
		t.Errorf("%s: got %q, %v", g.URL(), got, err)
	}
	g.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// A client that half-closes still gets its answers.
func TestHalfClose(t *testing.T) {
	for name, m := range behaviors {
		g := start(t, Options{Model: m})
		c := g.dial(t).(*net.TCPConn)
		io.WriteString(c, "a\nb\n")
		c.CloseWrite()
		if b, err := io.ReadAll(c); string(b) != "a\nb\n" || err != nil {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	g := start(t, Options{})
	c := g.dial(t)
	go func() {
		for b := make([]byte, 1<<20); ; {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}()
	io.Copy(io.Discard, c)
	c.Close()
	if st := g.Stats(); st.Malformed["request too large"] != 1 {
		t.Errorf("figures %+v", st.Malformed)
	}
}

func TestBadOptions(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Listen: "unix:"}, "the socket's path is missing"},
		{Options{CertFile: "x", TLS: true}, "a certificate needs its key"},
		{Options{CertFile: "x", KeyFile: "y"}, "with TLS only"},
		{Options{CertFile: "/none", KeyFile: "/none", TLS: true}, "certificate: "},
		{Options{Listen: "999.1.1.1:x"}, "target/lines: listen"},
		{Options{Model: model.Options{Servers: -1}}, "servers"},
	} {
		if _, err := Start(t.Context(), Protocol{Name: "lines"}, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.o, err, tt.want)
		}
	}
}
