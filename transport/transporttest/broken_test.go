package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

type parser = func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error)

func parses(p parser) func(*echo) { return func(k *echo) { k.parse = p } }

// keepsAll takes in whatever comes, and looks for an answer in that. Unless Start clears buf, what is left answers the next request.
func keepsAll(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
	c.buf = append(c.buf, src...)
	return bufferedIn(c, &c.buf, len(src), eof, r)
}

func bufferedIn(c *echoConn, buf *[]byte, n int, eof bool, r *load.Response) (int, bool, error) {
	i := bytes.IndexByte(*buf, '\n')
	switch {
	case len(*buf) > 0 && (*buf)[0] != 'A':
		return n, false, errWhat
	case i < 0 && eof:
		return n, false, transport.ErrEarlyClose
	case i < 0:
		return n, false, nil
	}
	r.AppendContent((*buf)[1:i])
	*buf = append([]byte(nil), (*buf)[i+1:]...)
	return n, true, nil
}

// broken are codecs that break one promise each, and what the suite must say of them.
var broken = []struct {
	name  string
	check string
	spoil func(*echo)
	want  string
}{
	{"overwrites dst", "a request is encoded behind what is there", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) { return plain(dst[:0], req) }
	}, "changed what was there"},
	{"two requests in one", "a request is encoded behind what is there", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) {
			dst, _ = plain(dst, req)
			return plain(dst, req)
		}
	}, "ends at"},
	{"encodes anything", "a request that cannot be encoded is refused", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) { return append(dst, "?\n"...), nil }
	}, "is encoded"},
	{"half a request with an error", "a request that cannot be encoded is refused", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) { return append(dst, "half"...), errRefuse }
	}, "want it as it was"},
	{"forgets the beginning", "an answer is the same whatever the cuts", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		r.Body = int64(n)
		return n, done, err
	}), "all at once"},
	{"keeps src", "an answer is the same whatever the cuts", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		if i := bytes.IndexByte(src, '\n'); i >= 0 {
			r.Content = append(append(r.Content, c.buf...), src[:i]...)[1:]
			c.buf = nil
			return i + 1, true, nil
		}
		if c.buf == nil {
			c.buf = src
			return len(src), false, nil
		}
		return 0, false, nil
	}), "does not match"},
	{"takes more than there is", "an answer is the same whatever the cuts", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		_, done, err := c.good(src, eof, r)
		return len(src) + 1, done, err
	}), "Parse took"},
	{"status out of range", "an answer is the same whatever the cuts", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		r.Status = 1000
		return n, done, err
	}), "status 1000"},
	{"the end ends an answer", "an answer cut short is no answer", parses(endsAtEOF), "read as an answer"},
	{"panics", "noise is survived", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		if bytes.IndexByte(src, 0xff) >= 0 {
			panic("0xff")
		}
		return c.good(src, eof, r)
	}), "panic: 0xff"},
	{"loops for ever", "noise is survived", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		for bytes.HasPrefix(src, []byte("AA")) {
			if c.n++; c.n > 0 {
				runtime.Goexit() // rather than really: the goroutine would go on after the test
			}
		}
		return c.good(src, eof, r)
	}), "no end after"},
	{"an error of its own", "noise is survived", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		if errors.Is(err, errWhat) {
			err = errors.New("bad")
		}
		return n, done, err
	}), "want a *transport.Malformed"},
	{"closed early in the middle", "noise is survived", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		if errors.Is(err, errWhat) {
			err = transport.ErrEarlyClose
		}
		return n, done, err
	}), "before the connection's end"},
	{"silent at the end", "noise is survived", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		return c.good(src, false, r)
	}), "neither done"},
	{"a new error each time", "garbage has a declared cause", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		if errors.Is(err, errWhat) {
			err = &transport.Malformed{Cause: "no A"}
		}
		return n, done, err
	}), "one variable"},
	{"lenient", "garbage has a declared cause", parses(keepsAllLeniently), "not refused"},
	{"a name that changes", "statuses have names", func(k *echo) {
		n := 0
		k.statusName = func(int) string { n++; return fmt.Sprint(n) }
	}, "is called"},
	{"names out of a table", "statuses have names", func(k *echo) {
		k.statusName = func(n int) string { return []string{"a", "b"}[n] }
	}, "panic"},
	{"one buffer for all", "many goroutines at once", func(k *echo) {
		var mu sync.Mutex
		var scratch []byte
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) {
			mu.Lock()
			scratch = append(scratch[:0], req.Body...)
			mu.Unlock()
			runtime.Gosched()
			mu.Lock()
			defer mu.Unlock()
			return append(append(dst, scratch...), '\n'), nil
		}
	}, "does not match"},
	{"a name for nothing", "many goroutines at once", func(k *echo) { k.statusName = func(int) string { return "" } }, "has the name"},
	{"allocates for requests", "no allocation", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) { return fmt.Appendf(dst, "%s\n", req.Body), nil }
	}, "AppendRequest"},
	{"allocates for answers", "no allocation", func(k *echo) {
		k.start = func(c *echoConn, _ *load.Request) { c.buf = make([]byte, 100) }
	}, "Start and Parse"},
	{"remembers requests", "no memory of requests", func(k *echo) {
		var mu sync.Mutex
		seen := map[string]bool{}
		k.start = func(_ *echoConn, req *load.Request) {
			mu.Lock()
			seen[string(req.Body)] = true
			mu.Unlock()
		}
	}, "bytes in memory"},
	{"another's answer", "every request is answered", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		if done {
			if c.n++; c.n > 3 {
				r.Content = append(r.Content[:0], c.buf...)
			}
			c.buf = append(c.buf[:0], r.Content...)
		}
		return n, done, err
	}), "not its own"},
	{"takes what is the next one's", "answers in a pipeline", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		n, done, err := c.good(src, eof, r)
		if done {
			n = len(src)
		}
		return n, done, err
	}), ""},
	{"sleeps", "due times are kept while the server stalls", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		time.Sleep(100 * time.Millisecond)
		return c.good(src, eof, r)
	}), "holds up the engine"},
	{"one state for all connections", "a late answer is nobody's", func(k *echo) {
		var all []byte
		k.parse = func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
			all = append(all, src...)
			return bufferedIn(c, &all, len(src), eof, r)
		}
	}, ""},
	{"keeps what is too many", "an answer too many is nobody's", parses(keepsAll), "not its own"},
	{"the end ends an answer", "lost connections", parses(endsAtEOF), "2 requests fail"},
	{"any greeting is welcome", "lost greetings", func(k *echo) {
		k.welcome = func(src []byte) (int, bool, error) { return len(src), true, nil }
	}, "one request fails"},
	{"looks one byte ahead", "half-closed connections", parses(func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
		if i := bytes.IndexByte(src, '\n'); i == len(src)-1 {
			if eof {
				return 0, false, transport.ErrEarlyClose
			}
			return 0, false, nil
		}
		return c.good(src, eof, r)
	}), "kept connections only"},
	{"lenient", "garbage fails its request alone", parses(keepsAllLeniently), "one request fails"},
	{"cuts long requests", "a slow reader", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) {
			req.Body = req.Body[:min(len(req.Body), 1000)]
			return plain(dst, req)
		}
	}, "bytes are sent"},
	{"no limit", "large answers and limits", func(k *echo) { k.limit = 1 << 40 }, "are refused"},
	{"waits for an answer", "requests without an answer", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) {
			dst, err := plain(dst, req)
			req.OneWay = false
			return dst, err
		}
	}, "to be completed"},
	{"encodes anything", "bad records are counted", func(k *echo) {
		k.appendRequest = func(dst []byte, req *load.Request) ([]byte, error) {
			return append(append(dst, req.Body...), '\n'), nil
		}
	}, ""},
	{"leaves goroutines", "nothing is left behind", func(k *echo) {
		k.newConn = func() transport.Conn {
			end := endOfTest
			go func() { <-end }()
			return &echoConn{k: k}
		}
	}, "goroutines left behind"},
	{"leaves descriptors", "nothing is left behind", func(k *echo) {
		k.newConn = func() transport.Conn {
			if f, err := os.Open(os.DevNull); err == nil {
				opened = append(opened, f)
			}
			return &echoConn{k: k}
		}
	}, "descriptors left behind"},
}

// brokenDatagrams are the same of datagrams.
var brokenDatagrams = []struct {
	name  string
	check string
	spoil func(*echo)
	want  string
}{
	{"no key", "an answer is the same whatever the cuts", func(k *echo) { k.stamp = func([]byte, uint64) {} }, "was stamped"},
	{"panics", "noise is survived", func(k *echo) { k.key = func(b []byte) (uint64, bool, error) { return uint64(b[4]), true, nil } }, "panic"},
	{"no key", "answers in any order", func(k *echo) { k.stamp = func([]byte, uint64) {} }, "to be completed"},
	{"few keys", "a late answer is nobody's", func(k *echo) {
		k.stamp = func(wire []byte, key uint64) { copy(wire, []byte{0, 0, 0, byte(key % 4)}) }
	}, ""},
	{"no key", "an answer too many is nobody's", func(k *echo) { k.stamp = func([]byte, uint64) {} }, ""},
}

var (
	endOfTest chan struct{}
	opened    []*os.File
)

func endsAtEOF(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
	n, done, err := c.good(src, eof, r)
	if errors.Is(err, transport.ErrEarlyClose) {
		return n, true, nil
	}
	return n, done, err
}

// keepsAllLeniently passes over what is no answer.
func keepsAllLeniently(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error) {
	if c.got == 0 {
		if i := bytes.IndexByte(src, 'A'); i != 0 {
			if i < 0 {
				i = len(src)
			}
			return i, false, nil
		}
	}
	return c.good(src, eof, r)
}

func TestBrokenCodecs(t *testing.T) {
	for _, tt := range broken {
		t.Run(tt.check+"/"+tt.name, func(t *testing.T) { objects(t, subject(tt.spoil), tt.check, tt.want) })
	}
	for _, tt := range brokenDatagrams {
		t.Run(tt.check+"/datagrams, "+tt.name, func(t *testing.T) { objects(t, datagrams(tt.spoil), tt.check, tt.want) })
	}
}

// objects runs one check on a broken codec: it must say so.
func objects(t *testing.T, subject Subject, name, want string) {
	t.Helper()
	endOfTest = make(chan struct{})
	defer func() {
		close(endOfTest)
		for _, f := range opened {
			f.Close()
		}
		opened = nil
	}()
	s, err := newSuite(subject)
	if err != nil {
		t.Fatal(err)
	}
	s.short, s.patience = true, 700*time.Millisecond
	for _, c := range checks {
		if c.name != name {
			continue
		}
		if c.wants != nil && !c.wants(s) {
			t.Fatalf("check %q does not want the subject", name)
		}
		if err := c.check(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the check says %v; expected it to object with %q", err, want)
		}
		return
	}
	t.Fatalf("no check %q", name)
}

// TestEveryCheckCanFail: the table above leaves no point of the contract out, but for the one that codecs have no part in.
func TestEveryCheckCanFail(t *testing.T) {
	tried := map[string]bool{"nobody listens": true}
	for _, tt := range broken {
		tried[tt.check] = true
	}
	for _, tt := range brokenDatagrams {
		tried[tt.check] = true
	}
	for _, c := range checks {
		if !tried[c.name] {
			t.Errorf("no broken codec for %q", c.name)
		}
	}
}

// TestBadSubjects: what cannot be tested, or would pass whatever the codec did, is told of.
func TestBadSubjects(t *testing.T) {
	for _, tt := range []struct {
		spoil func(*Subject)
		want  string
	}{
		{func(s *Subject) { s.Config = nil }, "no Config"},
		{func(s *Subject) { s.Scheme = "ohce" }, "not registered"},
		{func(s *Subject) { s.Scheme = "echo+unix" }, "without TLS"},
		{func(s *Subject) { s.Match = func(*load.Request, *load.Response) bool { return true } }, "takes the answer"},
		{func(s *Subject) { s.Greet = nil }, "has no Greet"},
		{func(s *Subject) { s.Answer = func(dst, _ []byte) []byte { return append(dst, 'A') } }, "shorter than two"},
		{func(s *Subject) { s.Cut = func(b []byte) (int, error) { return min(len(b), 3), nil } }, "are cut at 3"},
	} {
		subject := subject(nil)
		tt.spoil(&subject)
		s, err := newSuite(subject)
		if err == nil {
			err = s.cuts()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v; expected an objection with %q", err, tt.want)
		}
	}
}
