package redis

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/target/model"
	"github.com/iagoloadgen/iago/target/stream"
)

// drive sends commands straight to a session and returns the answers.
func drive(t testing.TB, s stream.Session, src string) string {
	t.Helper()
	var out []byte
	for b := []byte(src); len(b) > 0; {
		n, _, err := s.Next(b, false)
		if err != nil {
			return string(out) + err.Error()
		}
		if n == 0 {
			t.Fatalf("%q is not whole", b)
		}
		b = b[n:]
		out, _ = s.Answer(out)
	}
	return string(out)
}

// clock is a time that stands until it is moved.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newSession(o Options, c *clock) stream.Session {
	if o.MaxMemory == 0 {
		o.MaxMemory = 1 << 20
	}
	p := newProtocol(o, c.now)
	return p.NewSession(nil)
}

func TestExpiry(t *testing.T) {
	c := &clock{time.UnixMilli(1_000_000)}
	s := newSession(Options{}, c)
	drive(t, s, "SET a 1 EX 10\r\nSET b 1 PX 1500\r\nSET c 1\r\nRPUSH l x\r\nPEXPIRE l 100\r\n")
	steps := []struct {
		after time.Duration
		send  string
		want  string
	}{
		{0, "TTL a\r\nPTTL b\r\nTTL b\r\nDBSIZE\r\n", ":10\r\n:1500\r\n:2\r\n:4\r\n"},
		{99 * time.Millisecond, "LLEN l\r\n", ":1\r\n"},
		{1 * time.Millisecond, "LLEN l\r\nEXISTS l\r\n", ":0\r\n:0\r\n"},
		{1399 * time.Millisecond, "GET b\r\n", "$1\r\n1\r\n"},
		{1 * time.Millisecond, "GET b\r\nDBSIZE\r\nTTL a\r\n", "$-1\r\n:2\r\n:9\r\n"},
		{time.Hour, "DBSIZE\r\nGET c\r\nSET a 2 NX\r\nTTL a\r\n", ":1\r\n$1\r\n1\r\n+OK\r\n:-1\r\n"},
	}
	for _, step := range steps {
		c.t = c.t.Add(step.after)
		if got := drive(t, s, step.send); got != step.want {
			t.Errorf("%v later: %q: got %q, want %q", step.after, step.send, got, step.want)
		}
	}
}

// What is stored beyond the bound is refused, whatever its type, and what is removed or has expired makes room.
func TestMemoryIsBounded(t *testing.T) {
	big := strings.Repeat("x", 1000)
	for _, write := range []string{"SET k%d " + big, "APPEND k " + big, "RPUSH l " + big, "HSET h %d " + big, "SADD s %d" + big, "MSET m%d " + big} {
		c := &clock{time.UnixMilli(1)}
		s := newSession(Options{MaxMemory: 100_000}, c)
		refused := 0
		for i := range 300 {
			line := write
			if strings.Contains(write, "%d") {
				line = fmt.Sprintf(write, i)
			}
			if got := drive(t, s, line+"\r\n"); strings.HasPrefix(got, "-OOM ") {
				refused++
			}
		}
		if refused < 190 || refused > 215 {
			t.Errorf("%.10s: %d of 300 were refused", write, refused)
		}
		if got := drive(t, s, "DEL k l h s\r\nFLUSHALL\r\nSET after 1\r\n"); !strings.HasSuffix(got, "+OK\r\n+OK\r\n") {
			t.Errorf("%.10s: afterwards %q", write, got)
		}
		if used := s.(*session).store.used; used != int64(len("after")+1+overhead) {
			t.Errorf("%.10s: %d bytes are said to be used", write, used)
		}
	}
}

func TestExpiredMakesRoom(t *testing.T) {
	c := &clock{time.UnixMilli(1)}
	s := newSession(Options{MaxMemory: 1000}, c)
	drive(t, s, "SET a "+strings.Repeat("x", 2000)+" EX 1\r\n")
	if got := drive(t, s, "SET b 1\r\n"); !strings.HasPrefix(got, "-OOM") {
		t.Errorf("got %q", got)
	}
	c.t = c.t.Add(time.Second)
	if got := drive(t, s, "SET b 1\r\n"); got != "+OK\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestServerAnswersOfItsOwn(t *testing.T) {
	s := newSession(Options{}, &clock{time.UnixMilli(1)})
	for _, tt := range []struct{ send, want string }{
		{"HELLO 3", "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"},
		{"CLIENT ID", ":1\r\n"},
		{"COMMAND COUNT", fmt.Sprintf(":%d\r\n", len(commands))},
		{"COMMAND DOCS", "%0\r\n"},
		{"COMMAND", fmt.Sprintf("*%d\r\n*6\r\n$", len(commands))},
		{"CONFIG GET save", "%0\r\n"},
		{"RESET", "+RESET\r\n"},
		{"CONFIG GET save", "*0\r\n"},
	} {
		if got := drive(t, s, tt.send+"\r\n"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%q: %q, want %q first", tt.send, got, tt.want)
		}
	}
	if got := drive(t, s, "INFO\r\n"); !strings.Contains(got, "redis_version:"+version) {
		t.Errorf("INFO: %q", got)
	}
	s.Close()
}

// redis-cli is a client that we did not write.
func TestCLI(t *testing.T) {
	s := start(t, Options{Password: "secret"})
	_, port, _ := strings.Cut(s.Addr().String(), ":")
	for _, version := range []string{"-2", "-3"} {
		c := exec.Command("redis-cli", "-p", port, version, "--no-auth-warning", "-a", "secret", "--no-raw")
		c.Stdin = strings.NewReader("SET k v\nGET k\nHSET h f 1 g 2\nHGETALL h\nRPUSH l a b\nLRANGE l 0 -1\nSADD s x\nSMEMBERS s\nFOO\nFLUSHALL\n")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s (Debian's package redis-tools)", err, out)
		}
		for _, want := range []string{"OK\n", "\"v\"\n", "(integer) 2\n", "\"f\"", "1) \"a\"\n", "x\"\n", "(error) ERR unknown command 'FOO'"} {
			if !bytes.Contains(out, []byte(want)) {
				t.Errorf("%s: %q is missing in %s", version, want, out)
			}
		}
	}
	if st := s.Stats(); st.Kinds["SET"] != 2 || st.Kinds["unknown"] != 2 || st.Requests != st.Answers {
		t.Errorf("figures %+v", st)
	}
}

func TestBenchmarkTool(t *testing.T) {
	s := start(t, Options{Options: stream.Options{Listen: "unix:" + t.TempDir() + "/s"}})
	out, err := exec.Command("redis-benchmark", "-s", s.Addr().String(), "-n", "2000", "-c", "5", "-P", "8", "-r", "100", "-q",
		"-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,lrange_100,mset").CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("rror")) {
		t.Fatalf("%v: %s", err, out)
	}
	st := s.Stats()
	if st.Kinds["SET"] != 2000 || st.Kinds["MSET"] != 2000 || st.Kinds["PING"] != 4000 || len(st.Malformed) != 0 {
		t.Errorf("figures %+v", st)
	}
}

func TestFault(t *testing.T) {
	f, err := model.ParseFault("error:status=503")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Options: stream.Options{Model: model.Options{Faults: []model.Fault{f}}}})
	c := dial(t, "tcp", s.Addr().String())
	if got := ask(t, c, bufio.NewReader(c), "SET k v\r\n"); got != "-ERR fault 503 of the target\r\n" {
		t.Errorf("got %q", got)
	}
	if p := s.Stats().Protocol; p["keys"] != 0 {
		t.Errorf("it was carried out: %v", p)
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := Start(t.Context(), Options{MaxMemory: -1}); err == nil || !strings.Contains(err.Error(), "max memory") {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	for line := range strings.Lines(same) {
		f.Add([]byte(line), 3)
	}
	f.Add([]byte(encode("SET", "k", "v")), 7)
	f.Add([]byte("*2\r\n$-1\r\n*0\r\n"), 1)
	f.Fuzz(func(t *testing.T, src []byte, cut int) {
		n, args, err := parse(src, nil)
		if n < 0 || n > len(src) || (n == 0) != (len(args) == 0) || err != nil && n != 0 {
			t.Fatalf("n %d, %d args, %v", n, len(args), err)
		}
		if n == 0 {
			return
		}
		whole := slices.Clone(args)
		if cut >= 0 && cut < n { // a part of it is not whole, and not wrong
			if m, _, err := parse(src[:cut], nil); m != 0 || err != nil {
				t.Fatalf("of %q, %q reads as %d, %v", src, src[:cut], m, err)
			}
		}
		var text []string
		for _, a := range whole {
			text = append(text, string(a))
		}
		if _, again, err := parse([]byte(encode(text...)), nil); err != nil || !slices.EqualFunc(again, whole, bytes.Equal) {
			t.Fatalf("%q became %q, %v", whole, again, err)
		}
	})
}

// FuzzSession holds that no commands break the store's accounts.
func FuzzSession(f *testing.F) {
	f.Add([]byte(same))
	f.Fuzz(func(t *testing.T, src []byte) {
		s := newSession(Options{}, &clock{time.UnixMilli(1)}).(*session)
		var out []byte
		for len(src) > 0 {
			n, _, err := s.Next(src, false)
			if n == 0 || err != nil {
				break
			}
			src = src[n:]
			out, _ = s.Answer(out[:0])
			if len(out) == 0 {
				t.Fatal("no answer")
			}
		}
		for i := range s.store.dbs {
			s.store.dbs[i].flush()
		}
		if s.store.used != 0 {
			t.Fatalf("an empty store uses %d bytes", s.store.used)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	s := newSession(Options{}, &clock{time.UnixMilli(1)})
	drive(b, s, "SET key value\r\n")
	get := []byte(encode("GET", "key"))
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.Next(get, false); err != nil {
			b.Fatal(err)
		}
		out, _ = s.Answer(out[:0])
	}
}

func TestGetAllocatesNothing(t *testing.T) {
	s := newSession(Options{}, &clock{time.UnixMilli(1)})
	drive(t, s, "SET key value\r\n")
	get := []byte(encode("GET", "key"))
	out := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		_, _, _ = s.Next(get, false)
		out, _ = s.Answer(out[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
