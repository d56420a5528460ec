package kestrel

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test for something that ought to come at once.
const patience = 20 * time.Second

// clock is a time that stands until it is moved.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// impatient never waits.
type impatient struct{}

func (impatient) Wait(<-chan struct{}, time.Duration) bool { return false }

// drive sends requests to a session and returns the answers.
func drive(t testing.TB, s stream.Session, text string) string {
	t.Helper()
	var out []byte
	for b := []byte(strings.ReplaceAll(text, "\n", "\r\n")); len(b) > 0; {
		n, _, err := s.Next(b, false)
		if n == 0 || err != nil {
			t.Fatalf("%q: %d, %v", b, n, err)
		}
		b = b[n:]
		out, _ = s.Answer(out)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// The steps of two clients, 0 and 1, on one server; "-" ends a connection, "+5s" moves the clock.
func TestProtocol(t *testing.T) {
	type step struct {
		client     int
		send, want string
	}
	item := func(name, data string) string {
		return "VALUE " + name + " 0 " + string('0'+rune(len(data))) + "\n" + data + "\nEND\n"
	}
	for name, steps := range map[string][]step{
		"first in, first out": {{0, "set q 0 0 1\na\nSET q 0 0 1\nb\n", "STORED\nSTORED\n"}, {1, "get q\n", item("q", "a")}, {0, "GET q\n", item("q", "b")}, {0, "get q\n", "END\n"}},
		"peek stays":          {{0, "set q 0 0 1\na\nget q/peek\nget q/peek\nget q\nget q/peek\n", "STORED\n" + item("q", "a") + item("q", "a") + item("q", "a") + "END\n"}},
		"open and close":      {{0, "set q 0 0 1\na\nget q/open\n", "STORED\n" + item("q", "a")}, {1, "get q\n", "END\n"}, {0, "get q/close\nget q/close\nget q/abort\nget q\n", "END\nEND\nEND\nEND\n"}},
		"abort":               {{0, "set q 0 0 1\na\nset q 0 0 1\nb\nget q/open\nget q/abort\n", "STORED\nSTORED\n" + item("q", "a") + "END\n"}, {1, "get q\n", item("q", "a")}},
		"close and open":      {{0, "set q 0 0 1\na\nset q 0 0 1\nb\nget q/close/open\nget q/close/open\nget q/close/open\n", "STORED\nSTORED\n" + item("q", "a") + item("q", "b") + "END\n"}, {0, "-", ""}, {1, "get q\n", "END\n"}},
		"one open read":       {{0, "set q 0 0 1\na\nset p 0 0 1\nb\nget q/open\nget p/open\n", "STORED\nSTORED\n" + item("q", "a") + "ERROR\n"}},
		"disconnect":          {{0, "set q 0 0 1\na\nset q 0 0 1\nb\nget q/open\n", "STORED\nSTORED\n" + item("q", "a")}, {0, "-", ""}, {1, "get q\n", item("q", "a")}},
		"deleted meanwhile":   {{0, "set q 0 0 1\na\nget q/open\n", "STORED\n" + item("q", "a")}, {1, "delete q\n", "DELETED\n"}, {0, "get q/abort\nget q\n", "END\nEND\n"}},
		"expiry":              {{0, "set q 0 5 1\na\nset q 0 2000000020 1\nb\nset q 0 0 1\nc\n", "STORED\nSTORED\nSTORED\n"}, {0, "+5s", ""}, {0, "get q/peek\n", item("q", "b")}, {0, "+15s", ""}, {0, "get q\n", item("q", "c")}},
		"fanout":              {{0, "set q 0 0 1\na\nget q+x\nset q 0 0 1\nb\nget q+x\nget q\nget q\n", "STORED\nEND\nSTORED\n" + item("q+x", "b") + item("q", "a") + item("q", "b")}, {0, "delete q+x\nset q 0 0 1\nc\nget q+x\n", "DELETED\nSTORED\nEND\n"}},
		"flush":               {{0, "set q 0 0 1\na\nset p 0 0 1\nb\nflush q\nget q\nflush none\nflush_all\nget p\n", "STORED\nSTORED\nEND\nEND\nEND\nFlushed all queues.\nEND\n"}},
		"full":                {{0, "set q 0 0 900\n" + strings.Repeat("x", 900) + "\nset q 0 0 200\n" + strings.Repeat("x", 200) + "\ndelete q\nset q 0 0 1\na\n", "STORED\nNOT_STORED\nDELETED\nSTORED\n"}},
		"others":              {{0, "status\nversion\nreload\nshutdown\nbogus\nget\nset q 0\n\n", "UP\nVERSION " + version + "\nSERVER_ERROR not by a client of this target\nSERVER_ERROR not by a client of this target\nERROR\nERROR\nERROR\nERROR\n"}},
		"bad options":         {{0, "get q/peek/open\nget q/abort/open\nget q/bogus\nget q/t=x\nget /open\nget a.b\nset a~ 0 0 1\na\nset q 0 -1 1\na\n", strings.Repeat("CLIENT_ERROR options of a get do not go together\n", 2) + strings.Repeat("CLIENT_ERROR unknown option of a get\n", 2) + strings.Repeat("CLIENT_ERROR bad name of a queue\n", 3) + "CLIENT_ERROR bad expiry of an item\n"}},
		"timed out":           {{0, "get q/t=10\nget q/t=10/open\nset q 0 0 1\na\nget q/t=10\n", "END\nEND\nSTORED\n" + item("q", "a")}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &clock{time.Unix(2_000_000_000, 0)}
			p := newProtocol(1000, c.now)
			clients := []stream.Session{p.NewSession(impatient{}), p.NewSession(impatient{})}
			for _, s := range steps {
				if after, ok := strings.CutPrefix(s.send, "+"); ok {
					d, _ := time.ParseDuration(after)
					c.t = c.t.Add(d)
				} else if s.send == "-" {
					clients[s.client].Close()
				} else if got := drive(t, clients[s.client], s.send); got != s.want {
					t.Errorf("%q: got %q, want %q", s.send, got, s.want)
				}
			}
			clients[1].Close()
			clients[0].Close()
			drive(t, clients[0], "flush_all\n")
			if left := p.Figures()["memory_bytes"]; left != 0 {
				t.Errorf("%d bytes are said to be used", left)
			}
		})
	}
}

func TestStats(t *testing.T) {
	p := newProtocol(1000, time.Now)
	got := drive(t, p.NewSession(impatient{}), "set q 0 0 3\nabc\nset q 0 0 1\nx\nget q/open\nget p\nstats\n")
	for _, want := range []string{"STAT curr_items 1\n", "STAT total_items 2\n", "STAT get_hits 1\n", "STAT get_misses 1\n", "STAT queue_q_open_transactions 1\n", "STAT queue_q_bytes 1\n", "STAT queue_p_items 0\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func dial(t *testing.T, s *stream.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c, bufio.NewReader(c)
}

// Those who wait get items in the order in which they came, and one who has gone gets none.
func TestWaiting(t *testing.T) {
	s, err := Start(context.Background(), Options{Options: stream.Options{Listen: "127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	setter, answers := dial(t, s)
	waiting := func(n string) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			io.WriteString(setter, "stats\r\n")
			found := false
			for {
				line, err := answers.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				found = found || line == "STAT queue_q_waiters "+n+"\r\n"
				if line == "END\r\n" {
					break
				}
			}
			if found {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("there are never %s who wait", n)
			}
		}
	}
	gone, _ := dial(t, s)
	io.WriteString(gone, "get q/t=60000\r\n")
	waiting("1")
	first, one := dial(t, s)
	io.WriteString(first, "get q/t=60000/open\r\n")
	waiting("2")
	second, two := dial(t, s)
	io.WriteString(second, "get q/t=60000\r\n")
	waiting("3")
	gone.Close()
	waiting("2")
	io.WriteString(setter, "set q 0 0 1\r\na\r\nset q 0 0 1\r\nb\r\n")
	for i, r := range []*bufio.Reader{one, two} {
		got := make([]byte, len("VALUE q 0 1\r\na\r\nEND\r\n"))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != "VALUE q 0 1\r\n"+string('a'+rune(i))+"\r\nEND\r\n" {
			t.Errorf("number %d got %q, %v", i, got, err)
		}
	}
	io.WriteString(second, "get q/t=60000\r\n")
	first.Close() // its read was open
	got := make([]byte, len("VALUE q 0 1\r\na\r\nEND\r\n"))
	if _, err := io.ReadFull(two, got); err != nil || string(got) != "VALUE q 0 1\r\na\r\nEND\r\n" {
		t.Errorf("the item given back: %q, %v", got, err)
	}
}

func TestMalformed(t *testing.T) {
	for _, send := range []string{"set q 0 0 x\r\n", "set q 0 0 -1\r\n", "set q 0 0 99999999\r\n", "set q 0 0 1\r\nabc\r\n", strings.Repeat("x", longestLine)} {
		if _, _, err := newProtocol(1, time.Now).NewSession(nil).Next([]byte(send), false); err == nil {
			t.Errorf("%.30q is taken", send)
		}
	}
	if _, err := Start(t.Context(), Options{MaxMemory: -1}); err == nil {
		t.Error("a negative bound is taken")
	}
	if got := string((&session{}).Fail(nil, 5)); got != "SERVER_ERROR fault 5 of the target\r\n" {
		t.Errorf("Fail: %q", got)
	}
}

// FuzzSession holds that no requests break the accounts.
func FuzzSession(f *testing.F) {
	f.Add([]byte("set q 0 0 1\r\na\r\nget q/open\r\nget q/close/open\r\nget q+x/t=1\r\nset q 0 1 1\r\nb\r\ndelete q\r\nget q/abort\r\nflush_all\r\nstats\r\nquit\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p := newProtocol(1000, func() time.Time { return time.Unix(1, 0) })
		s := p.NewSession(impatient{}).(*session)
		var out []byte
		for len(src) > 0 {
			n, _, err := s.Next(src, false)
			if n < 0 || n > len(src) {
				t.Fatalf("%d bytes of %d", n, len(src))
			}
			if n == 0 || err != nil {
				break
			}
			src = src[n:]
			if out, _ = s.Answer(out[:0]); s.name != "quit" && !bytes.HasSuffix(out, []byte("\r\n")) {
				t.Fatalf("answer %q", out)
			}
		}
		s.Close()
		for _, q := range s.store.queues {
			if s.store.flush(q); q.open != 0 || q.bytes != 0 {
				t.Fatalf("%d open, %d bytes", q.open, q.bytes)
			}
		}
		if s.store.bytes != 0 {
			t.Fatalf("%d bytes are said to be used", s.store.bytes)
		}
	})
}
