package transporttest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func init() {
	transport.Register(transport.Protocol{
		Name: "echo", Config: func() transport.Config { return &config{} },
		Schemes: map[string]transport.Scheme{"echo": {}, "echo+unix": {Unix: true}, "echo+udp": {Datagram: true}},
	})
}

// config makes an echo codec, spoiled where spoil says how. The protocol: a request is a line, its answer an A and the same line;
// requests that begin with an exclamation mark have none. Before the first request a line is said and echoed.
type config struct {
	limit int64
	spoil func(*echo)
}

func (c *config) Validate() error { return nil }

func (c *config) NewCodec() (transport.Codec, error) {
	k := &echo{limit: c.limit}
	if k.limit == 0 {
		k.limit = 1 << 20
	}
	if c.spoil != nil {
		c.spoil(k)
	}
	return k, nil
}

// echo is a good codec whose parts can be replaced.
type echo struct {
	limit         int64
	appendRequest func(dst []byte, req *load.Request) ([]byte, error)
	newConn       func() transport.Conn
	start         func(c *echoConn, req *load.Request)
	parse         func(c *echoConn, src []byte, eof bool, r *load.Response) (int, bool, error)
	welcome       func(src []byte) (n int, done bool, err error)
	statusName    func(int) string
	stamp         func(wire []byte, key uint64)
	key           func(b []byte) (uint64, bool, error)
}

var (
	errWhat   = &transport.Malformed{Cause: "no A"}
	errLong   = &transport.Malformed{Cause: "too long"}
	errShort  = &transport.Malformed{Cause: "no key"}
	errRefuse = errors.New("a request of no bytes, or of several lines")
)

func (k *echo) AppendRequest(dst []byte, req *load.Request, _ *load.Target) ([]byte, error) {
	if k.appendRequest != nil {
		return k.appendRequest(dst, req)
	}
	return plain(dst, req)
}

func plain(dst []byte, req *load.Request) ([]byte, error) {
	if len(req.Body) == 0 || bytes.IndexByte(req.Body, '\n') >= 0 {
		return dst, errRefuse
	}
	req.OneWay = req.Body[0] == '!'
	return append(append(dst, req.Body...), '\n'), nil
}

func (k *echo) NewConn() transport.Conn {
	if k.newConn != nil {
		return k.newConn()
	}
	return &echoConn{k: k}
}

func (k *echo) StatusName(status int) string {
	if k.statusName != nil {
		return k.statusName(status)
	}
	return "ok"
}
func (k *echo) ServerError(int) bool { return false }

func (k *echo) Matching() transport.Matching {
	return transport.Matching{Match: transport.MatchKey, Bits: 32}
}

func (k *echo) Stamp(wire []byte, key uint64) {
	if k.stamp != nil {
		k.stamp(wire, key)
	} else {
		binary.BigEndian.PutUint32(wire, uint32(key))
	}
}

func (k *echo) ParseDatagram(b []byte, r *load.Response) (uint64, bool, error) {
	if k.key != nil {
		r.AppendContent(b)
		return k.key(b)
	}
	if len(b) < 5 {
		return 0, false, errShort
	}
	r.AppendContent(b[4 : len(b)-1])
	return uint64(binary.BigEndian.Uint32(b)), true, nil
}

// echoConn is a good connection whose parts can be replaced.
type echoConn struct {
	k   *echo
	got int64 // bytes of the answer so far
	buf []byte
	n   int
}

func (c *echoConn) Greet(dst []byte) []byte { return append(dst, "hello\n"...) }

func (c *echoConn) Welcome(src []byte, eof bool, reply []byte) (int, []byte, bool, error) {
	if c.k.welcome != nil {
		n, done, err := c.k.welcome(src)
		return n, reply, done, err
	}
	n := bytes.IndexByte(src, '\n') + 1
	switch {
	case !bytes.HasPrefix([]byte("hello\n"), src[:min(len(src), 6)]):
		return 0, reply, false, &transport.Refused{Cause: "no hello"}
	case n == 0 && eof:
		return 0, reply, false, transport.ErrEarlyClose
	}
	return n, reply, n > 0, nil
}

func (c *echoConn) Start(req *load.Request) {
	if c.k.start != nil {
		c.k.start(c, req)
	}
	c.got = 0
}

func (c *echoConn) Parse(src []byte, eof bool, r *load.Response) (int, bool, error) {
	if c.k.parse != nil {
		return c.k.parse(c, src, eof, r)
	}
	return c.good(src, eof, r)
}

func (c *echoConn) good(src []byte, eof bool, r *load.Response) (n int, done bool, err error) {
	if c.got == 0 && len(src) > 0 {
		if src[0] != 'A' {
			return 0, false, errWhat
		}
		n, c.got = 1, 1
	}
	end := bytes.IndexByte(src[n:], '\n')
	if done = end >= 0; !done {
		end = len(src) - n
	}
	if c.got += int64(end); c.got > c.k.limit {
		return n, false, errLong
	}
	r.AppendContent(src[n : n+end])
	r.Body = c.got
	if n += end; done {
		n++
		r.Status = 1
	} else if eof {
		err = transport.ErrEarlyClose
	}
	return n, done, err
}

// subject is that of a codec, good or spoiled.
func subject(spoil func(*echo)) Subject {
	return Subject{
		Config: func() transport.Config { return &config{spoil: spoil} },
		Scheme: "echo",
		Answer: func(dst, request []byte) []byte {
			if request[0] == '!' {
				return dst
			}
			return append(append(dst, 'A'), request...)
		},
		Greet: func(said []byte) (int, []byte, bool) {
			n := bytes.IndexByte(said, '\n') + 1
			return n, said[:n:n], n > 0
		},
		Match: func(req *load.Request, resp *load.Response) bool {
			return len(resp.Content) > 0 && bytes.HasPrefix(resp.Content, req.Body[:min(len(req.Body), len(resp.Content))])
		},
		Garbage: [][]byte{[]byte("no"), {0, 1, 2}},
		Refused: []*load.Request{{}, {Body: []byte("a\nb")}},
		LargeAnswer: func(dst, request []byte, size int) []byte {
			dst = append(append(dst, 'A'), bytes.TrimSuffix(request, []byte("\n"))...)
			return append(append(dst, bytes.Repeat([]byte("x"), size)...), '\n')
		},
		Limit:  func(c transport.Config, size int64) { c.(*config).limit = size },
		OneWay: func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "!%06d", i) },
	}
}

// datagrams is that of a codec of datagrams.
func datagrams(spoil func(*echo)) Subject {
	return Subject{
		Config:  func() transport.Config { return &config{spoil: spoil} },
		Scheme:  "echo+udp",
		Request: func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "0000 request %06d", i) },
		Match: func(req *load.Request, resp *load.Response) bool {
			return bytes.Equal(resp.Content, req.Body[4:])
		},
		Garbage: [][]byte{[]byte("no")},
		Refused: []*load.Request{{}},
	}
}

func TestGoodCodec(t *testing.T) { Run(t, subject(nil)) }

func TestGoodDatagrams(t *testing.T) { Run(t, datagrams(nil)) }
