package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// script is a connection to a server that says a given text.
type script struct {
	io.Reader
	said   strings.Builder
	closed bool
}

func (s *script) Write(b []byte) (int, error) { return s.said.Write(b) }
func (s *script) Close() error                { s.closed = true; return nil }

func nodeText(host string, port int) string {
	return fmt.Sprintf("*4\r\n%s:%d\r\n$2\r\nid\r\n*0\r\n", host, port)
}

// discover has a codec ask a seed that answers with the given text.
func discover(t *testing.T, codec transport.Codec, seed load.Target, answer string) ([]load.Target, *script, error) {
	t.Helper()
	s := &script{Reader: strings.NewReader(answer)}
	targets, err := codec.(transport.Discoverer).Discover(context.Background(), []load.Target{seed}, func(context.Context, *load.Target) (io.ReadWriteCloser, error) { return s, nil })
	if !s.closed {
		t.Error("the connection is left open")
	}
	return targets, s, err
}

const (
	host1 = "$8\r\n10.0.0.1\r\n"
	host2 = "$6\r\nfe80::\r\n"
)

// twoMasters is an answer to CLUSTER SLOTS: the second half, by 10.0.0.1:7001, with a replica on the host that was asked, and
// the first, in two ranges, by [fe80::]:7002.
var twoMasters = "*3\r\n" +
	"*4\r\n:8192\r\n:16383\r\n" + nodeText(host1, 7001) + nodeText("$-1\r\n", 7003) +
	"*3\r\n:100\r\n:8191\r\n" + nodeText(host2, 7002) +
	"*4\r\n:0\r\n:99\r\n" + nodeText(host2, 7002) + nodeText("$0\r\n\r\n", 7004)

func newCluster(tb testing.TB, change func(*Config)) transport.Codec {
	return newCodec(tb, func(c *Config) {
		c.Cluster = true
		if change != nil {
			change(c)
		}
	})
}

func TestDiscover(t *testing.T) {
	codec := newCluster(t, func(c *Config) { c.Password, c.ClientName = "p", "n" })
	seed := load.Target{URL: "rediss://seed:7000", Scheme: "rediss", Host: "seed", Port: 7000, TLS: true}
	targets, s, err := discover(t, codec, seed, "+OK\r\n+OK\r\n"+twoMasters)
	if err != nil {
		t.Fatal(err)
	}
	want := []load.Target{
		{URL: "rediss://[fe80::]:7002", Scheme: "rediss", Host: "fe80::", Port: 7002, TLS: true},
		{URL: "rediss://10.0.0.1:7001", Scheme: "rediss", Host: "10.0.0.1", Port: 7001, TLS: true},
		{URL: "rediss://seed:7004", Scheme: "rediss", Host: "seed", Port: 7004, TLS: true},
		{URL: "rediss://seed:7003", Scheme: "rediss", Host: "seed", Port: 7003, TLS: true},
	}
	if !slices.Equal(targets, want) {
		t.Errorf("got %+v\nwant %+v", targets, want)
	}
	if got := s.said.String(); got != wire("AUTH", "p")+wire("CLIENT", "SETNAME", "n")+wire("CLUSTER", "SLOTS") {
		t.Errorf("said %q", got)
	}
	r := codec.(transport.Router)
	for key, to := range map[string]int{"foo": 1 /* slot 12182 */, "bar": 0 /* 5061 */} {
		for _, req := range []*load.Request{request("GET " + key), request(wire("SET", key, "x")), {Body: []byte("PING"), Key: []byte(key)}} {
			if got := r.Route(req, targets); got != to {
				t.Errorf("%q %q goes to %d, want %d", req.Body, req.Key, got, to)
			}
		}
	}
	counts := make([]int, len(targets))
	for range slots {
		counts[r.Route(request("PING"), targets)]++
	}
	if !slices.Equal(counts, []int{8192, 8192, 0, 0}) {
		t.Errorf("commands without a key go to %v, want the masters in proportion to their slots", counts)
	}
}

func TestDiscoverFails(t *testing.T) {
	seed := load.Target{URL: "redis://seed:7000", Scheme: "redis", Host: "seed", Port: 7000}
	for answer, want := range map[string]string{
		"-ERR This instance has cluster support disabled\r\n": "cluster support disabled",
		"*0\r\n":                                     "no node has a slot",
		"+OK\r\n":                                    "not the answer to CLUSTER SLOTS",
		"*1\r\n*2\r\n:1\r\n:2\r\n":                   "not a range of slots",
		"*1\r\n*3\r\n:1\r\n:16384\r\n*0\r\n":         "not a range of slots",
		"*1\r\n*3\r\n:1\r\n:2\r\n*0\r\n":             "not a node",
		"*1\r\n*3\r\n:1\r\n:2\r\n*2\r\n+h\r\n:0\r\n": "not a node",
		"*1\r\n*3\r\n:1\r\n:2\r\n*2\r\n+?\r\n:1\r\n": "cluster-announce-hostname",
		"*1\r\n":   transport.ErrEarlyClose.Error(),
		"HTTP\r\n": ErrType.Error(),
	} {
		if _, _, err := discover(t, newCluster(t, nil), seed, answer); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "transport/redis: the slots of redis://seed:7000: ") {
			t.Errorf("%q: %v, want %s", answer, err, want)
		}
	}
	if _, _, err := discover(t, newCluster(t, func(c *Config) { c.Protocol = 3 }), seed, "-NOAUTH x\r\n"); err == nil || !strings.Contains(err.Error(), "redis: HELLO: NOAUTH") {
		t.Errorf("refused: %v", err)
	}
	// One that does not answer is no harm while another does.
	fails := func(_ context.Context, to *load.Target) (io.ReadWriteCloser, error) {
		if to.Port == 1 {
			return nil, errors.New("connection refused")
		}
		return &script{Reader: strings.NewReader(twoMasters)}, nil
	}
	d := newCluster(t, nil).(transport.Discoverer)
	if targets, err := d.Discover(context.Background(), []load.Target{{Port: 1}, {Host: "h", Port: 2}}, fails); err != nil || len(targets) != 4 {
		t.Errorf("%v, %v", targets, err)
	}
	if _, err := d.Discover(context.Background(), []load.Target{{URL: "one", Port: 1}, {URL: "two", Port: 1}}, fails); err == nil || strings.Count(err.Error(), "refused") != 2 {
		t.Errorf("%v", err)
	}
	if _, err := d.Discover(context.Background(), nil, fails); err == nil {
		t.Error("nobody to ask is no error")
	}
	socket := load.Target{Scheme: "redis+unix", Unix: "/s"}
	if targets, _, err := discover(t, newCluster(t, nil), socket, twoMasters); err != nil || targets[2] != (load.Target{URL: "redis://127.0.0.1:7004", Scheme: "redis", Host: "127.0.0.1", Port: 7004}) {
		t.Errorf("by a Unix socket: %+v, %v", targets, err)
	}
}

// TestRedirect: where MOVED and ASK lead, and what they leave behind.
func TestRedirect(t *testing.T) {
	codec := newCluster(t, nil)
	targets, _, err := discover(t, codec, load.Target{Scheme: "redis", Host: "seed", Port: 7000}, twoMasters)
	if err != nil {
		t.Fatal(err)
	}
	r, foo := codec.(transport.Router), request("GET foo") // slot 12182, of target 1
	conn := codec.NewConn()
	if r.Route(foo, targets) != 1 {
		t.Fatal("foo is elsewhere")
	}
	for _, c := range []struct {
		answer, status string
		to             int // -1: no redirection
		prefix         string
		then           int // where foo goes afterwards
	}{
		{"-ASK 12182 fe80:::7002\r\n", "ASK", 0, "*1\r\n$6\r\nASKING\r\n", 1},
		{"-MOVED 12182 10.0.0.9:7001\r\n", "MOVED", -1, "", 1},
		{"-ASK 12182 10.0.0.9:7001\r\n", "ASK", -1, "", 1},
		{"-MOVED 16384 10.0.0.1:7001\r\n", "MOVED", -1, "", 1},
		{"-MOVED 12182\r\n", "MOVED", -1, "", 1},
		{"-MOVED x 10.0.0.1:7001\r\n", "MOVED", -1, "", 1},
		{"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", "TRYAGAIN", -1, "", 1},
		{"-CLUSTERDOWN The cluster is down\r\n", "CLUSTERDOWN", -1, "", 1},
		{"*1\r\n-MOVED 12182 fe80:::7002\r\n", "MOVED", -1, "", 1},
		{"-MOVED 12181 fe80:::7002\r\n", "MOVED", 0, "", 1},
		{"-MOVED 12182 :7003\r\n", "MOVED", 3, "", 3}, // a replica that is master now, on the host that was asked
		{"-MOVED 12182 fe80:::7002\r\n", "MOVED", 0, "", 0},
	} {
		o := feed(t, 0, conn, foo, []byte(c.answer), false)
		if codec.StatusName(o.resp.Status) != c.status || o.resp.Redirect != c.to+1 || string(o.resp.RedirectPrefix) != c.prefix || o.resp.Close {
			t.Errorf("%q: %s, %v", c.answer, codec.StatusName(o.resp.Status), o)
		}
		if c.to >= 0 && !slices.Equal(o.resp.RedirectAmong, targets) {
			t.Errorf("%q: counted among %v", c.answer, o.resp.RedirectAmong)
		}
		if got := r.Route(foo, targets); got != c.then {
			t.Errorf("%q: foo goes to %d then, want %d", c.answer, got, c.then)
		}
	}
	if got := r.Route(foo, slices.Clone(targets)); got != 0 {
		t.Errorf("in a copy of the targets foo goes to %d, want 0", got)
	}
	if got := r.Route(foo, targets[:1]); got != -1 {
		t.Errorf("without its master among the targets foo goes to %d, want -1", got)
	}
	single := newCodec(t, nil)
	if o := feed(t, 0, single.NewConn(), foo, []byte("-MOVED 12182 10.0.0.1:7001\r\n"), false); o.resp.Redirect != 0 || single.StatusName(o.resp.Status) != "MOVED" {
		t.Errorf("without cluster: %v", o)
	}
}

// TestAsked: the answer to ASKING is nobody's, even an error.
func TestAsked(t *testing.T) {
	conn := newCluster(t, nil).NewConn()
	for _, answer := range []string{"+OK\r\n$1\r\nx\r\n", "-ERR x\r\n$1\r\nx\r\n", "$3\r\nabc\r\n$1\r\nx\r\n"} {
		for cut := range len(answer) + 1 {
			conn.(transport.Prefixer).Prefixed(asking)
			o := feed(t, 100, conn, request("GET k"), []byte(answer), false, cut)
			if o.resp.Status != statusOK || string(o.resp.Content) != "x" || o.resp.Body != 1 || o.n != len(answer) {
				t.Errorf("%q cut at %d: %v", answer, cut, o)
			}
		}
	}
	conn.(transport.Prefixer).Prefixed(asking)
	if o := feed(t, 0, conn, request("GET k"), []byte("+OK\r\n"), false); !errors.Is(o.err, transport.ErrEarlyClose) {
		t.Errorf("only ASKING answered: %v", o)
	}
}

// TestTogether: routes and moves at once, from several goroutines.
func TestTogether(t *testing.T) {
	codec := newCluster(t, nil)
	targets, _, err := discover(t, codec, load.Target{Scheme: "redis", Host: "seed", Port: 7000}, twoMasters)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			conn, resp := codec.NewConn(), &load.Response{}
			for j := range 1000 {
				req := request("GET foo")
				if to := codec.(transport.Router).Route(req, targets); to != 0 && to != 1 {
					t.Errorf("foo goes to %d", to)
				}
				answer := []string{"-MOVED 12182 fe80:::7002\r\n", "-MOVED 12182 10.0.0.1:7001\r\n"}[(i+j)%2]
				resp.Reset()
				conn.Start(req)
				if _, done, err := conn.Parse([]byte(answer), false, resp); !done || err != nil || resp.Redirect == 0 {
					t.Errorf("%v, %v, %+v", done, err, resp)
				}
			}
		})
	}
	wg.Wait()
}
