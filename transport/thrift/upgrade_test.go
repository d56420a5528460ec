package thrift

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// finagle is a small server with Finagle's extension, over Apache's binary protocol: no server of Twitter's can be had here. It
// tells of the headers that come.
func finagle(t *testing.T) (address string, headers chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	headers = make(chan string, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for upgraded := false; ; upgraded = true {
			frame, err := readFrame(c)
			if err != nil {
				return
			}
			if _, err := c.Write(finagleAnswer(frame, upgraded, headers)); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return l.Addr().String(), headers
}

func readFrame(c io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(c, frame)
	return frame, err
}

func finagleAnswer(frame []byte, upgraded bool, headers chan<- string) []byte {
	in := &apache.TMemoryBuffer{Buffer: bytes.NewBuffer(frame)}
	out := apache.NewTMemoryBuffer()
	p, q := apache.NewTBinaryProtocolConf(in, nil), apache.NewTBinaryProtocolConf(out, nil)
	if upgraded {
		headers <- describeHeader(p)
		writeResponseHeader(q)
	}
	name, kind, seq, err := p.ReadMessageBegin(background)
	check(err)
	arguments, err := readArguments(background, p)
	check(err)
	if in.Len() > 0 || kind != apache.CALL {
		panic(fmt.Sprintf("kind %d, %d bytes left", kind, in.Len()))
	}
	check(q.WriteMessageBegin(background, name, apache.REPLY, seq))
	check(q.WriteStructBegin(background, ""))
	if upgraded {
		check(q.WriteFieldBegin(background, "", apache.STRING, 0))
		check(q.WriteString(background, arguments[1].(string)))
	} else if name != "__can__finagle__trace__v3__" || len(arguments) > 0 {
		panic(name)
	}
	check(q.WriteFieldStop(background))
	return append(binary.BigEndian.AppendUint32(nil, uint32(out.Len())), out.Bytes()...)
}

// describeHeader reads a RequestHeader field by field.
func describeHeader(p apache.TProtocol) string {
	var b strings.Builder
	for {
		_, t, id, err := p.ReadFieldBegin(background)
		check(err)
		switch t {
		case apache.STOP:
			return b.String()
		case apache.I64:
			v, err := p.ReadI64(background)
			check(err)
			fmt.Fprintf(&b, "%d=%d ", id, v)
		case apache.BOOL:
			v, err := p.ReadBool(background)
			check(err)
			fmt.Fprintf(&b, "%d=%v ", id, v)
		case apache.STRUCT:
			v, err := readArguments(background, p)
			check(err)
			fmt.Fprintf(&b, "%d=%v ", id, v)
		case apache.LIST:
			elem, n, err := p.ReadListBegin(background)
			check(err)
			fmt.Fprintf(&b, "%d=%v×%d", id, elem, n)
		}
	}
}

// writeResponseHeader writes one with a span and a context.
func writeResponseHeader(q apache.TProtocol) {
	check(q.WriteFieldBegin(background, "spans", apache.LIST, 1))
	check(q.WriteListBegin(background, apache.STRUCT, 1))
	check(q.WriteFieldBegin(background, "trace_id", apache.I64, 1))
	check(q.WriteI64(background, 5))
	check(q.WriteFieldStop(background))
	check(q.WriteFieldBegin(background, "contexts", apache.LIST, 2))
	check(q.WriteListBegin(background, apache.STRUCT, 1))
	check(q.WriteFieldBegin(background, "key", apache.STRING, 1))
	check(q.WriteBinary(background, []byte("k")))
	check(q.WriteFieldStop(background))
	check(q.WriteFieldStop(background))
}

func upgrading(c *Config) { c.Upgrade, c.ClientID, c.Sampled = true, "iago.test", true }

// A server with the extension gets each request behind a header with a trace of its own, and its answers are read behind theirs.
func TestUpgrade(t *testing.T) {
	address, headers := finagle(t)
	l := dial(t, allCodec(t, upgrading), address)
	seen := map[int64]bool{}
	for i := range 10 {
		text := strings.Repeat("x", i)
		if status, content := l.call("text", `{"s": "`+text+`"}`); status != "ok" || content != `{"success":"`+text+`"}` {
			t.Fatalf("got %s, %s", status, content)
		}
		var trace, span int64
		got := <-headers
		if _, err := fmt.Sscanf(got, "1=%d 2=%d", &trace, &span); err != nil || trace != span || seen[trace] {
			t.Errorf("%s: trace %d, span %d, %v", got, trace, span, err)
		}
		seen[trace] = true
		if want := fmt.Sprintf("1=%d 2=%d 5=true 6=map[1:iago.test] 7=0 8=STRUCT×0", trace, span); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Servers without it get plain calls, in Go and in Python, which has several kinds.
func TestUpgradeFallsBack(t *testing.T) {
	t.Run("go", func(t *testing.T) {
		_, address := goServer(t, framed, binaryProtocol, nil)
		dial(t, allCodec(t, upgrading), address).all(goCalls)
	})
	file, generated := shop(t)
	for _, kind := range []string{"threaded", "nonblocking"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			codec := newCodec(t, func(c *Config) {
				upgrading(c)
				c.IDL, c.Service = file, "Newer"
			})
			dial(t, codec, python(t, generated, kind, "framed", "binary")).all(shopCalls)
		})
	}
}

// welcome gives a fresh connection an answer to its greeting, in pieces of one byte or whole.
func welcome(t *testing.T, answer []byte, whole bool) (upgraded bool, err error) {
	t.Helper()
	c := allCodec(t, upgrading).NewConn().(*upgradeConn)
	if got, want := string(c.Greet(nil)), "\x00\x00\x00\x28\x80\x01\x00\x01\x00\x00\x00\x1b__can__finagle__trace__v3__\x00\x00\x00\x00\x00"; got != want {
		t.Fatalf("greeting:\ngot  %q\nwant %q", got, want)
	}
	for end := range len(answer) + 1 {
		if whole && end < len(answer) {
			continue
		}
		n, said, done, err := c.Welcome(answer[:end], end == len(answer), []byte("r"))
		if string(said) != "r" || done && n != len(answer) || !done && n != 0 {
			t.Fatalf("%q: n %d, said %q, done %v", answer[:end], n, said, done)
		}
		if done || err != nil {
			return c.upgraded, err
		}
	}
	t.Fatal("no end")
	return false, nil
}

func TestWelcome(t *testing.T) {
	frame := func(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	empty := func(p apache.TProtocol) { oneField(nil, 0, sample{})(p) }
	reply := func(kind apache.TMessageType, name string) []byte {
		return frame(message(binaryProtocol, kind, name, 0, empty))
	}
	tests := []struct {
		answer   []byte
		upgraded bool
		err      error
	}{
		{reply(apache.REPLY, upgradeMethod), true, nil},
		{reply(apache.EXCEPTION, upgradeMethod), false, nil},
		{reply(apache.EXCEPTION, ""), false, nil},
		{reply(apache.REPLY, "x"), false, ErrMethod},
		{reply(apache.CALL, upgradeMethod), false, ErrKind},
		{reply(apache.REPLY, upgradeMethod)[:20], false, transport.ErrEarlyClose},
		{nil, false, transport.ErrEarlyClose},
		{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), false, ErrLimit},
		{[]byte("\x00\x00\x00\x04\x80\x01\x00\x02"), false, ErrShort},
		{[]byte("\x00\x00\x00\x04\x82\x01\x00\x02"), false, ErrVersion},
	}
	for _, tt := range tests {
		for _, whole := range []bool{true, false} {
			if upgraded, err := welcome(t, tt.answer, whole); upgraded != tt.upgraded || !errors.Is(err, tt.err) {
				t.Errorf("%q: got %v, %v, want %v, %v", tt.answer, upgraded, err, tt.upgraded, tt.err)
			}
		}
	}
}

// Whatever the call, stamped bytes are a whole call of the same length, with the arguments and one that is skipped.
func TestStamp(t *testing.T) {
	for _, id := range []string{"", "x", strings.Repeat("long", 100)} {
		codec := allCodec(t, func(c *Config) { c.Upgrade, c.ClientID = true, id })
		c := codec.NewConn().(*upgradeConn)
		req := &load.Request{Method: []byte("text"), Body: []byte(`{"s": "abc"}`)}
		wire, err := codec.AppendRequest(nil, req, nil)
		if err != nil {
			t.Fatal(err)
		}
		size := len(wire)
		c.Stamp(wire, req)
		frame, err := readFrame(bytes.NewReader(wire))
		if err != nil || len(frame) != size-4 {
			t.Fatal(len(frame), err)
		}
		in := &apache.TMemoryBuffer{Buffer: bytes.NewBuffer(frame)}
		p := apache.NewTBinaryProtocolConf(in, nil)
		name, _, _, err := p.ReadMessageBegin(background)
		check(err)
		arguments, err := readArguments(background, p)
		if err != nil || name != "text" || len(arguments) != 2 || arguments[1] != "abc" || in.Len() != 0 {
			t.Errorf("%s %v, %d left, %v", name, arguments, in.Len(), err)
		}
		c.upgraded = true
		before := bytes.Clone(wire)
		if c.Stamp(wire, req); !bytes.Equal(wire, before) {
			t.Error("an upgraded connection's request is changed")
		}
	}
}
