package redis

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// program finds a program that the tests need.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed; `make deps` installs it", name)
	}
	return path
}

// freePort is a port of the loopback that nobody listens on now, nor 10000 above it, where a cluster's nodes talk.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		bus, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+10000))
		l.Close()
		if err == nil {
			bus.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// serve starts a Redis of its own for the test, and returns it as a target.
func serve(t *testing.T, options ...string) load.Target {
	t.Helper()
	var last string
	for range 5 { // the port may be taken in between
		target, said := tryServe(t, options...)
		if said == "" {
			return target
		}
		last = said
	}
	t.Fatalf("redis-server does not start: %s", last)
	return load.Target{}
}

func tryServe(t *testing.T, options ...string) (target load.Target, said string) {
	port, dir := freePort(t), t.TempDir()
	c := exec.Command(program(t, "redis-server"), append([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no", "--daemonize", "no",
		"--unixsocket", filepath.Join(dir, "s"),
	}, options...)...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		c.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-gone
	})
	target = load.Target{URL: "redis://127.0.0.1:" + strconv.Itoa(port), Scheme: "redis", Host: "127.0.0.1", Port: port}
	for range 500 {
		select {
		case <-gone:
			return target, out.String()
		default:
		}
		if s, err := net.Dial("unix", filepath.Join(dir, "s")); err == nil {
			s.Close()
			return target, ""
		}
		time.Sleep(10 * time.Millisecond)
	}
	return target, "nothing listens after 5 s"
}

func dial(_ context.Context, to *load.Target) (io.ReadWriteCloser, error) {
	if to.Unix != "" {
		return net.Dial("unix", to.Unix)
	}
	return net.Dial("tcp", address(to.Host, to.Port))
}

// client sends requests through the codec as the engine does, one at a time.
type client struct {
	codec   transport.Codec
	targets []load.Target
	links   map[int]*link

	asks, moves atomic.Int64 // answers that pointed elsewhere
}

// link is an open connection.
type link struct {
	net.Conn
	conn transport.Conn
	talk talk
}

func newClient(codec transport.Codec, targets ...load.Target) *client {
	return &client{codec: codec, targets: targets, links: map[int]*link{}}
}

func (c *client) close() {
	for _, l := range c.links {
		l.Close()
	}
	clear(c.links)
}

// open returns the connection to a target, greeted.
func (c *client) open(to int) (*link, error) {
	if l := c.links[to]; l != nil {
		return l, nil
	}
	stream, err := dial(context.Background(), &c.targets[to])
	if err != nil {
		return nil, err
	}
	l := &link{Conn: stream.(net.Conn), conn: c.codec.NewConn()}
	l.SetDeadline(time.Now().Add(20 * time.Second))
	l.talk.stream = l.Conn
	g := l.conn.(transport.Greeter)
	if err := l.talk.say(g.Greet(nil), func(src []byte, eof bool) (int, bool, error) {
		n, _, done, err := g.Welcome(src, eof, nil)
		return n, done, err
	}); err != nil {
		l.Close()
		return nil, err
	}
	c.links[to] = l
	return l, nil
}

// do sends a command and returns its answer, redirections followed.
func (c *client) do(line string) (load.Response, error) {
	req := request(line)
	to := 0
	if r, ok := c.codec.(transport.Router); ok {
		to = max(0, r.Route(req, c.targets))
	}
	wire, err := c.codec.AppendRequest(nil, req, &c.targets[to])
	if err != nil {
		return load.Response{}, err
	}
	resp := load.Response{Keep: 1 << 20}
	var prefix []byte
	for hops := 0; ; hops++ {
		l, err := c.open(to)
		if err != nil {
			return resp, err
		}
		if prefix != nil {
			l.conn.(transport.Prefixer).Prefixed(prefix)
		}
		l.conn.Start(req)
		resp.Reset()
		if err := l.talk.say(append(prefix, wire...), func(src []byte, eof bool) (int, bool, error) { return l.conn.Parse(src, eof, &resp) }); err != nil {
			return resp, err
		}
		if resp.Close {
			l.Close()
			delete(c.links, to)
		}
		if resp.Redirect == 0 || hops == 5 {
			return resp, nil
		}
		if to, prefix = resp.Redirect-1, nil; len(resp.RedirectPrefix) > 0 {
			prefix = bytes.Clone(resp.RedirectPrefix)
			c.asks.Add(1)
		} else {
			c.moves.Add(1)
		}
	}
}

// must sends a command that must have the given status, and returns the answer's content.
func (c *client) must(t *testing.T, status, line string) string {
	t.Helper()
	resp, err := c.do(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if got := c.codec.StatusName(resp.Status); got != status {
		t.Fatalf("%s: %s %q, want %s", line, got, resp.Content, status)
	}
	return string(resp.Content)
}
