package memcached

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/target/model"
	"github.com/iagoloadgen/iago/target/stream"
)

// clock is a time that stands until it is moved.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newSession(most int64, c *clock) stream.Session {
	return newProtocol(most, c.now).NewSession(nil)
}

// drive sends requests straight to a session and returns the answers.
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

func TestExpiry(t *testing.T) {
	c := &clock{time.Unix(2_000_000_000, 0)}
	s := newSession(1<<20, c)
	drive(t, s, "set a 0 10 1\n1\nset b 0 2000000020 1\n2\nset c 0 0 1\n3\nset d 0 -1 1\n4\n")
	for _, step := range []struct {
		after      time.Duration
		send, want string
	}{
		{0, "mg a t\nmg b t\nmg c t\nmg d t\n", "HD t10\nHD t20\nHD t-1\nEN\n"},
		{9 * time.Second, "get a\ntouch c 5\n", "VALUE a 0 1\n1\nEND\nTOUCHED\n"},
		{time.Second, "get a\nmg b t\nmg c t\ngat 100 b\n", "END\nHD t10\nHD t4\nVALUE b 0 1\n2\nEND\n"},
		{4 * time.Second, "get c\nmg b t\nflush_all 5\nget b\n", "END\nHD t96\nOK\nVALUE b 0 1\n2\nEND\n"},
		{5 * time.Second, "get b\nset e 0 0 1\n1\n", "END\nSTORED\n"},
		{time.Hour, "get e\n", "VALUE e 0 1\n1\nEND\n"},
	} {
		c.t = c.t.Add(step.after)
		if got := drive(t, s, step.send); got != step.want {
			t.Errorf("%v later: %q: got %q, want %q", step.after, step.send, got, step.want)
		}
	}
}

// Beyond the bound, what was used least recently goes.
func TestEviction(t *testing.T) {
	s := newSession(10*(1000+3+overhead), &clock{time.Unix(1, 0)})
	for i := range 15 {
		drive(t, s, fmt.Sprintf("set k%02d 0 0 1000\n%s\nget k00\n", i, strings.Repeat("x", 1000)))
	}
	for i := range 15 {
		got := drive(t, s, fmt.Sprintf("mg k%02d\n", i)) == "HD\n"
		if want := i == 0 || i > 5; got != want {
			t.Errorf("k%02d is there: %v, want %v", i, got, want)
		}
	}
	st := s.(*session).store
	if st.bytes > st.most || st.evicted != 5 {
		t.Errorf("%d bytes, %d evicted", st.bytes, st.evicted)
	}
}

func TestStats(t *testing.T) {
	s := newSession(1<<20, &clock{time.Unix(1, 0)})
	got := drive(t, s, "set a 0 0 1\n1\nget a b\nstats\nstats items\nstats reset\nme a\n")
	for _, want := range []string{"STAT get_hits 1\n", "STAT get_misses 1\n", "STAT cmd_get 2\n", "STAT curr_items 1\n", "END\nEND\nRESET\nME a exp=-1 "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	s.Close()
}

// The tools of libmemcached are clients that we did not write.
func TestTools(t *testing.T) {
	s := start(t, Options{})
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("the value"), 0o600); err != nil {
		t.Fatal(err)
	}
	servers := "--servers=" + s.Addr().String()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"memccp", servers, file}, ""},
		{[]string{"memccat", servers, "key"}, "the value\n"},
		{[]string{"memctouch", servers, "--expire=100", "key"}, ""},
		{[]string{"memcrm", servers, "key"}, ""},
		{[]string{"memcstat", servers}, "curr_items: 0"},
		{[]string{"memcping", servers}, ""},
	} {
		out, err := exec.Command(tt.args[0], tt.args[1:]...).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte(tt.want)) {
			t.Errorf("%s: %v: %s (Debian's package libmemcached-tools)", tt.args[0], err, out)
		}
	}
	if st := s.Stats(); st.Kinds["set"] != 1 || st.Kinds["delete"] != 1 || st.Kinds["unknown"] != 0 || len(st.Malformed) != 0 {
		t.Errorf("figures %+v", st)
	}
}

func TestQuitAndTooLong(t *testing.T) {
	for send, want := range map[string]string{
		"version\r\nquit\r\nversion\r\n":                          "VERSION " + version + "\r\n",
		"version\r\n" + strings.Repeat("x", 3000):                 "VERSION " + version + "\r\n",
		"version\r\nget " + strings.Repeat("x", 70000):            "VERSION " + version + "\r\n",
		"set k 0 0 100000000\r\n":                                 tooLarge + "\r\n",
		"get " + strings.Repeat("x", 4000) + "\r\nquit\r\n":       badLine + "\r\n",
		"set k 0 0 3 noreply\r\nabc\r\nget k\r\nquit noreply\r\n": "VALUE k 0 3\r\nabc\r\nEND\r\n",
	} {
		p := dial(t, "tcp", start(t, Options{}).Addr().String())
		go io.WriteString(p, send)
		if got, err := io.ReadAll(p); string(got) != want || err != nil {
			t.Errorf("%.30q: got %q, %v", send, got, err)
		}
	}
}

func TestFault(t *testing.T) {
	f, err := model.ParseFault("error:status=503")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Options: stream.Options{Model: model.Options{Faults: []model.Fault{f}}}})
	p := dial(t, "tcp", s.Addr().String())
	io.WriteString(p, "set k 0 0 1\r\n1\r\nset k 0 0 1 noreply\r\n1\r\nget k\r\n")
	for range 2 {
		if got, _ := p.r.ReadString('\n'); got != "SERVER_ERROR fault 503 of the target\r\n" {
			t.Errorf("got %q", got)
		}
	}
	if st := s.Stats(); st.OneWay != 1 || st.Protocol["items"] != 0 {
		t.Errorf("figures %+v", st)
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := Start(t.Context(), Options{MaxMemory: -1}); err == nil || !strings.Contains(err.Error(), "max memory") {
		t.Errorf("%v", err)
	}
}

// FuzzSession holds that no bytes break the accounts, and that requests in pieces are those in one piece.
func FuzzSession(f *testing.F) {
	for _, r := range same {
		if len(r) < 500 {
			f.Add([]byte(strings.ReplaceAll(r, "\n", "\r\n")+"\r\n"), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, step uint8) {
		run := func(step int) (out []byte, taken int) {
			s := newSession(1<<20, &clock{time.Unix(1, 0)}).(*session)
			for have := 0; ; {
				n, _, err := s.Next(src[taken:min(have, len(src))], false)
				if n < 0 || taken+n > len(src) {
					t.Fatalf("%d bytes taken of %d", n, len(src)-taken)
				}
				if err != nil {
					break
				}
				if n > 0 {
					taken += n
					out, _ = s.Answer(out)
				} else if have += step; have >= len(src)+step {
					break
				}
			}
			size := int64(0)
			for _, it := range s.store.items {
				size += it.size()
			}
			if size != s.store.bytes || s.store.used.Len() != len(s.store.items) {
				t.Fatalf("%d bytes are said to be %d", size, s.store.bytes)
			}
			return out, taken
		}
		whole, n := run(len(src) + 1)
		parts, m := run(max(int(step), 1))
		if len(src) < longestPlain && (!bytes.Equal(whole, parts) || n != m) {
			t.Fatalf("whole %q, in parts %q", whole, parts)
		}
	})
}

func TestGetAllocatesNothing(t *testing.T) {
	s := newSession(1<<20, &clock{time.Unix(1, 0)})
	drive(t, s, "set key 0 0 5\nvalue\n")
	get, out := []byte("get key\r\n"), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		_, _, _ = s.Next(get, false)
		out, _ = s.Answer(out[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGet(b *testing.B) {
	s := newSession(1<<20, &clock{time.Unix(1, 0)})
	drive(b, s, "set key 0 0 5\nvalue\n")
	get, out := []byte("get key\r\n"), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = s.Next(get, false)
		out, _ = s.Answer(out[:0])
	}
}
