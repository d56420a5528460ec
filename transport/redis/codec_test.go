package redis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// wire is a command as it goes over the wire.
func wire(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// lines says what becomes of a command; no words: the error that it is refused with.
var lines = []struct {
	in    string
	words []string
	err   string
}{
	{`PING`, []string{"PING"}, ""},
	{"  get\t k \r\n", []string{"get", "k"}, ""},
	{"\nPING", []string{"PING"}, ""},
	{`SET k "a b"`, []string{"SET", "k", "a b"}, ""},
	{`SET k "\x00\xFf\n\r\t\b\a\q\\\""`, []string{"SET", "k", "\x00\xff\n\r\t\b\aq\\\""}, ""},
	{`SET k "\xg1\x4"`, []string{"SET", "k", "xg1x4"}, ""},
	{`SET k 'a "b" \n \' \\ '`, []string{"SET", "k", `a "b" \n ' \\ `}, ""},
	{`SET k 'a\\'`, nil, errQuote.Error()},
	{`SET k ""`, []string{"SET", "k", ""}, ""},
	{`SET '' ""  ''`, []string{"SET", "", "", ""}, ""},
	{`SET k a"b c"`, []string{"SET", "k", "ab c"}, ""},
	{`SET k \"a`, nil, errQuote.Error()},
	{`SET k a\nb \x41`, []string{"SET", "k", `a\nb`, `\x41`}, ""},
	{"SET k é\xff\v", []string{"SET", "k", "é\xff\v"}, ""},
	{"SET k \"a\nb\"", []string{"SET", "k", "a\nb"}, ""},
	{`"get" k`, []string{"get", "k"}, ""},
	{`json.set k $ {}`, []string{"json.set", "k", "$", "{}"}, ""},
	{wire("SET", "k", "a \r\n\x00"), []string{"SET", "k", "a \r\n\x00"}, ""},
	{wire("PING"), []string{"PING"}, ""},
	{"MGET a b c d e f g h", strings.Fields("MGET a b c d e f g h"), ""},
	{"MGET a b c d e f g h i", strings.Fields("MGET a b c d e f g h i"), ""},
	{"MGET" + strings.Repeat(" k", 1000), strings.Fields("MGET" + strings.Repeat(" k", 1000)), ""},

	{"", nil, "there is none"},
	{" \r\n", nil, "there is none"},
	{`SET k "a`, nil, errQuote.Error()},
	{`SET k 'a\'`, nil, errQuote.Error()},
	{`SET k "a"b`, nil, errAfter.Error()},
	{`SET k "a""b"`, nil, errAfter.Error()},
	{`SET k 'a'b`, nil, errAfter.Error()},
	{"SET k a\nGET k", nil, errLines.Error()},
	{"SET k \x00", nil, errNUL.Error()},
	{"SET k \"\x00\"", nil, errNUL.Error()},
	{`127.0.0.1 - - [x] "GET / HTTP/1.1" 200`, nil, errName.Error()},
	{`/index.html`, nil, errName.Error()},
	{`""`, nil, errName.Error()},
	{strings.Repeat("A", 65), nil, errName.Error()},
	{"*1", nil, errWire.Error()},
	{"*0\r\n", nil, errWire.Error()},
	{"*-1\r\n", nil, errWire.Error()},
	{"*2\r\n$4\r\nPING\r\n", nil, errWire.Error()},
	{"*1\r\n:4\r\n", nil, errWire.Error()},
	{"*1\r\n$4\r\nPING", nil, errWire.Error()},
	{"*1\r\n$4\r\nPINGPONG", nil, errWire.Error()},
	{"*1\r\n$9223372036854775807\r\nPING\r\n", nil, errWire.Error()},
	{wire("PING") + wire("PING"), nil, errManyWire.Error()},
	{"subscribe a", nil, "SUBSCRIBE is not sent: what comes after it is no answer"},
	{wire("PSUBSCRIBE", "a"), nil, "PSUBSCRIBE is not sent"},
	{"ssubscribe a", nil, "SSUBSCRIBE is not sent"},
	{"UNSUBSCRIBE", nil, "UNSUBSCRIBE is not sent"},
	{"monitor", nil, "MONITOR is not sent"},
	{"sync", nil, "SYNC is not sent"},
	{"PSYNC ? -1", nil, "PSYNC is not sent"},
	{"HELLO 3", nil, "HELLO is not sent: it would change the protocol of a connection that other requests share; set redis.protocol"},
	{"reset", nil, "RESET is not sent"},
	{`client "reply" off`, nil, noReply},
	{"script debug yes", nil, noDebug},
}

func TestAppendRequest(t *testing.T) {
	codec, target := newCodec(t, nil), &load.Target{URL: "redis://h", Host: "h", Port: 6379}
	for _, l := range lines {
		got, err := codec.AppendRequest([]byte("before"), request(l.in), target)
		if l.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), "transport/redis: command ") || !strings.Contains(err.Error(), l.err) || string(got) != "before" {
				t.Errorf("%q: %q, %v, want %s", l.in, got, err, l.err)
			}
			continue
		}
		if want := "before" + wire(l.words...); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v, want %q", l.in, got, err, want)
		}
	}
	if _, err := codec.AppendRequest(nil, request("PING"), &load.Target{URL: "redis://h/2", Path: "/2"}); err == nil || !strings.Contains(err.Error(), "redis.database") {
		t.Errorf("a target with a path: %v", err)
	}
	long := request("SET k " + strings.Repeat("x", 1000) + `"`)
	if _, err := codec.AppendRequest(nil, long, target); err == nil || len(err.Error()) > 300 {
		t.Errorf("a long line: %v", err)
	}
}

func TestLabel(t *testing.T) {
	l, ok := newCodec(t, nil).(transport.Labeler)
	if !ok {
		t.Fatal("no Labeler")
	}
	for line, want := range map[string]string{
		"get k": "GET", `"Set" k v`: "SET", wire("mget", "a"): "MGET", "config get *": "CONFIG", "no.such x": "other",
		"": "other", "*1": "other", `"`: "other", strings.Repeat("a", 100): "other",
	} {
		if got := l.Label(request(line)); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	if _, ok := newCodec(t, nil).(transport.Router); ok {
		t.Error("one server routes")
	}
}

func TestQuit(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	for line, want := range map[string]bool{"QUIT": true, " quit\n": true, `"quit"`: true, wire("Quit"): true, "GET quit": false, "QUITE": false, "": false} {
		if got := feed(t, 0, conn, request(line), []byte("+OK\r\n"), false).resp.Close; got != want {
			t.Errorf("%q: closes %v, want %v", line, got, want)
		}
	}
}

func TestFirstKey(t *testing.T) {
	for line, want := range map[string]string{
		"get k": "k", "SET 'a b' v": "a b", "mget a b": "a", "PING": "-", "PING x": "-", "GET": "-", "": "-", `GET "`: "-",
		"BITOP AND d a": "d", "OBJECT ENCODING k": "k", "OBJECT HELP": "-", "XINFO STREAM s": "s", "MEMORY DOCTOR": "-",
		"EVAL s 2 a b": "a", "EVAL s 0": "-", "EVAL s 0 x": "-", "EVAL s x a": "-", "EVAL s 1": "-", "ZUNION 2 a b": "a", "BLMPOP 0 1 a LEFT": "a",
		"XREAD COUNT 5 streams a b 0 0": "a", "XREADGROUP GROUP g c COUNT 1 STREAMS s >": "s", "XREAD COUNT 1": "-", "XREAD STREAMS": "-",
		"MIGRATE h 1 k 0 5": "k", `MIGRATE h 1 "" 0 5 AUTH p KEYS a b`: "a", `MIGRATE h 1 "" 0 5`: "-",
		"MY.COMMAND k x": "k", "MY.COMMAND": "-", wire("GET", "k"): "k", "publish c m": "-", "spublish c m": "c",
	} {
		key, ok := firstKey(nil, []byte(line))
		if got := string(key); ok && got != want || !ok && want != "-" {
			t.Errorf("%q: %q, %v, want %q", line, got, ok, want)
		}
	}
}

func TestSlotOf(t *testing.T) {
	for key, want := range map[string]int{ // by another program
		"": 0, "123456789": 12739, "foo": 12182, "bar": 5061, "user1000": 3443, "{user1000}.following": 3443, "{user1000}.followers": 3443,
		"foo{}{bar}": 8363, "foo{{bar}}zap": 4015, "{bar": 4015, "foo{bar}{zap}": 5061, "foo{bar": 15278, "a}b{c}": 7365, "é": 10180,
	} {
		if got := slotOf([]byte(key)); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
}

// TestGreeting: what is said at connect, by configuration.
func TestGreeting(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   []string
	}{
		{Config{Protocol: 2}, nil},
		{Config{Protocol: 2, Password: "p"}, []string{wire("AUTH", "p")}},
		{Config{Protocol: 2, Username: "u", Password: "p", Database: 3, ClientName: "n"}, []string{wire("AUTH", "u", "p"), wire("CLIENT", "SETNAME", "n"), wire("SELECT", "3")}},
		{Config{Protocol: 2, Username: "u"}, []string{wire("AUTH", "u", "")}},
		{Config{Protocol: 3}, []string{wire("HELLO", "3")}},
		{Config{Protocol: 3, Password: "p"}, []string{wire("HELLO", "3", "AUTH", "default", "p")}},
		{Config{Protocol: 3, Username: "u", Password: "p", ClientName: "n"}, []string{wire("HELLO", "3", "AUTH", "u", "p"), wire("CLIENT", "SETNAME", "n")}},
	} {
		conn := newCodec(t, func(to *Config) { *to = c.config }).NewConn().(transport.Greeter)
		if got := string(conn.Greet([]byte("before"))); got != "before"+strings.Join(c.want, "") {
			t.Errorf("%+v: %q, want %q", c.config, got, c.want)
		}
	}
}

// TestWelcome: answers to the greeting, whatever the cuts.
func TestWelcome(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.Protocol, c.Password, c.Database = 3, "p", 1 })
	for _, c := range []struct {
		in   string
		eof  bool
		rest int
		err  string
	}{
		{"%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n+OK\r\n", false, 0, ""},
		{"%0\r\n+OK\r\n+surplus", false, 8, ""},
		{">1\r\n+push\r\n%0\r\n+OK\r\n", false, 0, ""},
		{"-WRONGPASS invalid\r\n+OK\r\n", false, 5, "refused: redis: HELLO: WRONGPASS"},
		{"%0\r\n-ERR DB index is out of range\r\n", false, 0, "refused: redis: SELECT: ERR"},
		{"-ERR max number of clients reached\r\n", true, 0, "refused: redis: HELLO: max number of clients reached"},
		{"-some text\r\n", true, 0, "refused: redis: HELLO: ERR"},
		{"HTTP\r\n", false, 0, ErrType.Error()},
		{"%0\r\n+O", true, 0, transport.ErrEarlyClose.Error()},
		{"", true, 0, transport.ErrEarlyClose.Error()},
	} {
		for cut := range len(c.in) + 1 {
			conn := codec.NewConn().(transport.Greeter)
			conn.Greet(nil)
			n, said, done, err := conn.Welcome([]byte(c.in[:cut]), false, []byte("x"))
			if !done && err == nil {
				var m int
				m, said, done, err = conn.Welcome([]byte(c.in[n:]), c.eof, said)
				n += m
			}
			if c.err != "" {
				if err == nil || err.Error() != c.err || done {
					t.Fatalf("%q cut at %d: %v, %v, want %s", c.in, cut, done, err, c.err)
				}
			} else if !done || err != nil || n != min(len(c.in)-c.rest, max(n, 0)) || string(said) != "x" {
				t.Fatalf("%q cut at %d: %d, %q, %v, %v", c.in, cut, n, said, done, err)
			}
		}
	}
}

// TestRefusalsAreKnown: what is refused is in the table.
func TestRefusalsAreKnown(t *testing.T) {
	var refused []string
	for name, f := range facts {
		if f.name != name {
			t.Errorf("%s is called %s", name, f.name)
		}
		if f.no != "" {
			refused = append(refused, name)
		}
	}
	slices.Sort(refused)
	if want := "HELLO MONITOR PSUBSCRIBE PSYNC PUNSUBSCRIBE REPLCONF RESET SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE"; strings.Join(refused, " ") != want {
		t.Errorf("refused are %s, want %s", refused, want)
	}
}
