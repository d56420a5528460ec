package thrift

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/model"
	"github.com/iagoloadgen/iago/target/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o Options) *stream.Server {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// client is one of Apache's library.
func client(t *testing.T, s *stream.Server, transport, protocol string) *thrift.TStandardClient {
	t.Helper()
	conf := &thrift.TConfiguration{SocketTimeout: 20 * time.Second}
	var tr thrift.TTransport = thrift.NewTSocketConf(s.Addr().String(), conf)
	if err := tr.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	switch transport {
	case "framed":
		tr = thrift.NewTFramedTransportConf(tr, conf)
	case "buffered":
		tr = thrift.NewTBufferedTransport(tr, 4096)
	case "header":
		id := thrift.THeaderProtocolBinary
		if protocol == "compact" {
			id = thrift.THeaderProtocolCompact
		}
		p := thrift.NewTHeaderProtocolConf(tr, &thrift.TConfiguration{THeaderProtocolID: &id})
		return thrift.NewTStandardClient(p, p)
	}
	p := factory(protocol).GetProtocol(tr)
	return thrift.NewTStandardClient(p, p)
}

func factory(protocol string) thrift.TProtocolFactory {
	switch protocol {
	case "compact":
		return thrift.NewTCompactProtocolFactoryConf(nil)
	case "json":
		return thrift.NewTJSONProtocolFactory()
	}
	return thrift.NewTBinaryProtocolFactoryConf(nil)
}

// text is a struct with the given string as field id, and everything else that Thrift has if rich.
type text struct {
	id    int16
	value string
	rich  bool
	found bool
}

func (x *text) Write(ctx context.Context, p thrift.TProtocol) error {
	p.WriteStructBegin(ctx, "args")
	if x == nil {
		return p.WriteFieldStop(ctx)
	}
	if x.rich {
		p.WriteFieldBegin(ctx, "m", thrift.MAP, 5)
		p.WriteMapBegin(ctx, thrift.STRING, thrift.LIST, 1)
		p.WriteString(ctx, "k")
		p.WriteListBegin(ctx, thrift.STRUCT, 2)
		for range 2 {
			(&text{id: 9, value: "inner"}).Write(ctx, p)
		}
		p.WriteListEnd(ctx)
		p.WriteMapEnd(ctx)
		p.WriteFieldEnd(ctx)
		p.WriteFieldBegin(ctx, "b", thrift.BOOL, 6)
		p.WriteBool(ctx, true)
		p.WriteFieldEnd(ctx)
		p.WriteFieldBegin(ctx, "d", thrift.DOUBLE, 7)
		p.WriteDouble(ctx, 1.5)
		p.WriteFieldEnd(ctx)
	}
	writeString(ctx, p, "message", x.id, x.value)
	p.WriteFieldStop(ctx)
	return p.WriteStructEnd(ctx)
}

func (x *text) Read(ctx context.Context, p thrift.TProtocol) error {
	p.ReadStructBegin(ctx)
	for {
		_, kind, id, err := p.ReadFieldBegin(ctx)
		if err != nil || kind == thrift.STOP {
			p.ReadStructEnd(ctx)
			return err
		}
		if id == x.id && kind == thrift.STRING {
			x.value, err = p.ReadString(ctx)
			x.found = true
		} else {
			err = p.Skip(ctx, kind)
		}
		if err != nil {
			return err
		}
		p.ReadFieldEnd(ctx)
	}
}

func TestEcho(t *testing.T) {
	for _, transport := range Transports {
		for _, protocol := range Protocols {
			if transport == "header" && protocol == "json" {
				continue // the header transport has no number for it
			}
			t.Run(transport+" "+protocol, func(t *testing.T) {
				s := start(t, Options{Transport: transport, Protocol: protocol})
				c := client(t, s, transport, protocol)
				for _, message := range []string{"hello", "", `quotes "]}\ ` + "\n", strings.Repeat("long ", 50_000)} {
					var got text
					if _, err := c.Call(t.Context(), "echo", &text{id: 1, value: message}, &got); err != nil || got.value != message || !got.found {
						t.Fatalf("echo %.20q: %.20q, %v", message, got.value, err)
					}
				}
				var got text
				if _, err := c.Call(t.Context(), "anything", &text{id: 1, value: "x", rich: true}, &got); err != nil || got.found {
					t.Errorf("anything: %+v, %v", got, err)
				}
				if _, err := c.Call(t.Context(), "Service:echo", &text{id: 1, value: "x", rich: true}, &got); err != nil || got.value != "x" {
					t.Errorf("multiplexed: %+v, %v", got, err)
				}
				_, err := c.Call(t.Context(), upgrade, &text{}, &got)
				if x, ok := errors.AsType[thrift.TApplicationException](err); !ok || x.TypeId() != thrift.UNKNOWN_METHOD {
					t.Errorf("upgrade: %v", err)
				}
				if st := s.Stats(); st.Kinds["echo"] != 5 || st.Kinds["anything"] != 1 || st.Requests != st.Answers || len(st.Malformed) != 0 {
					t.Errorf("figures %+v", st)
				}
			})
		}
	}
}

// encode makes a message in memory.
func encode(t testing.TB, protocol, name string, kind thrift.TMessageType, args *text) string {
	t.Helper()
	ctx, m := context.Background(), &memory{}
	p := factory(protocol).GetProtocol(m)
	p.WriteMessageBegin(ctx, name, kind, 7)
	args.Write(ctx, p)
	p.WriteMessageEnd(ctx)
	p.Flush(ctx)
	return string(m.out)
}

func frame(message string) string {
	n := len(message)
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + message
}

func TestOneWayAndFaults(t *testing.T) {
	f, err := model.ParseFault("error:status=5")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Options: stream.Options{Model: model.Options{Faults: []model.Fault{f}}}})
	c := client(t, s, "framed", "binary")
	_, err = c.Call(t.Context(), "echo", &text{id: 1}, &text{})
	if x, ok := errors.AsType[thrift.TApplicationException](err); !ok || x.TypeId() != thrift.INTERNAL_ERROR || x.Error() != "fault 5 of the target" {
		t.Errorf("got %v", err)
	}
	w, err := newWire(&Options{})
	if err != nil {
		t.Fatal(err)
	}
	one := newSession(w, false)
	if n, kind, err := one.Next([]byte(frame(encode(t, "binary", "note", thrift.ONEWAY, &text{}))), false); n == 0 || kind != "note" || err != nil {
		t.Fatalf("%d, %s, %v", n, kind, err)
	}
	if out, last := one.Answer(nil); len(out) != 0 || last || len(one.Fail(nil, 5)) != 0 {
		t.Errorf("a one-way call is answered with %q", out)
	}
}

// After the upgrade a struct comes before each message, and an empty one before each answer.
func TestFinagle(t *testing.T) {
	s := start(t, Options{Finagle: true})
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	header := &memory{}
	var nothing *text
	(&text{id: 3, value: "trace", rich: true}).Write(t.Context(), factory("binary").GetProtocol(header))
	for _, tt := range []struct{ send, want string }{
		{encode(t, "binary", upgrade, thrift.CALL, &text{}), encode(t, "binary", upgrade, thrift.REPLY, nothing)},
		{string(header.out) + encode(t, "binary", "echo", thrift.CALL, &text{id: 1, value: "x"}), "\x00" + encode(t, "binary", "echo", thrift.REPLY, &text{id: 0, value: "x"})},
	} {
		io.WriteString(c, frame(tt.send))
		got := make([]byte, len(frame(tt.want)))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != frame(tt.want) {
			t.Errorf("got %q, %v, want %q", got, err, frame(tt.want))
		}
	}
}

func TestRefused(t *testing.T) {
	_, err := Start(t.Context(), Options{Transport: "bogus", Protocol: "wrong", Finagle: true})
	for _, want := range []string{`"bogus" is none of framed, buffered, header`, `"wrong" is none of binary, compact, json`, "finagle's upgrade goes with"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// FuzzSession holds that no bytes are taken beyond their end or end in a panic, and that what is not whole is taken when it is.
func FuzzSession(f *testing.F) {
	for i, protocol := range Protocols {
		m := encode(f, protocol, "echo", thrift.CALL, &text{id: 1, value: "x", rich: true})
		f.Add([]byte(m+m), uint8(i))
		f.Add([]byte(frame(m)), uint8(i+3))
	}
	f.Fuzz(func(t *testing.T, src []byte, which uint8) {
		o := Options{Transport: Transports[(int(which)/3+1)%3], Protocol: Protocols[int(which)%3]}
		w, err := newWire(&o)
		if err != nil {
			t.Fatal(err)
		}
		s := newSession(w, false)
		for len(src) > 0 {
			n, _, err := s.Next(src, false)
			if n < 0 || n > len(src) || err != nil && n != 0 {
				t.Fatalf("%d of %d, %v", n, len(src), err)
			}
			if n == 0 {
				return
			}
			src = src[n:]
			s.Answer(nil)
		}
	})
}
