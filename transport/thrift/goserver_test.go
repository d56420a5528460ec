package thrift

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	apache "github.com/apache/thrift/lib/go/thrift"
)

// service answers some of the methods of testdata/all.thrift, by hand over Apache's protocols: text returns its argument, add
// returns, throws NotFound or fails, all by its first argument.
type service struct{ fired chan string }

func (s *service) ProcessorMap() map[string]apache.TProcessorFunction  { return nil }
func (s *service) AddToProcessorMap(string, apache.TProcessorFunction) {}
func (s *service) Process(ctx context.Context, in, out apache.TProtocol) (bool, apache.TException) {
	name, _, seq, err := in.ReadMessageBegin(ctx)
	if err != nil {
		return false, apache.WrapTException(err)
	}
	arguments, err := readArguments(ctx, in)
	if err != nil {
		return false, apache.WrapTException(err)
	}
	check(in.ReadMessageEnd(ctx))
	reply := func(kind apache.TMessageType, body func()) (bool, apache.TException) {
		check(out.WriteMessageBegin(ctx, name, kind, seq))
		body()
		check(out.WriteMessageEnd(ctx))
		return true, apache.WrapTException(out.Flush(ctx))
	}
	fail := func(kind int32, text string) (bool, apache.TException) {
		return reply(apache.EXCEPTION, func() { check(apache.NewTApplicationException(kind, text).Write(ctx, out)) })
	}
	value := func(t apache.TType, id int16, write func()) func() {
		return func() {
			check(out.WriteStructBegin(ctx, ""))
			check(out.WriteFieldBegin(ctx, "", t, id))
			write()
			check(out.WriteFieldEnd(ctx))
			check(out.WriteFieldStop(ctx))
			check(out.WriteStructEnd(ctx))
		}
	}
	switch name {
	case "text":
		return reply(apache.REPLY, value(apache.STRING, 0, func() { check(out.WriteString(ctx, arguments[1].(string))) }))
	case "fire":
		s.fired <- arguments[1].(string)
		return true, nil
	case "add":
		switch a := arguments[1].(int32); a {
		case -1:
			return reply(apache.REPLY, value(apache.STRUCT, 1, value(apache.I32, 2, func() { check(out.WriteI32(ctx, 404)) })))
		case -2:
			return reply(apache.REPLY, func() { oneField(nil, 0, sample{})(out) })
		case -3, -4:
			return fail(map[int32]int32{-3: apache.INTERNAL_ERROR, -4: 99}[a], "no\nway")
		default:
			return reply(apache.REPLY, value(apache.I32, 0, func() { check(out.WriteI32(ctx, a+arguments[2].(int32))) }))
		}
	}
	return fail(apache.UNKNOWN_METHOD, "Unknown function "+name)
}

// readArguments reads a struct with fields of type string and i32.
func readArguments(ctx context.Context, in apache.TProtocol) (map[int16]any, error) {
	fields := map[int16]any{}
	if _, err := in.ReadStructBegin(ctx); err != nil {
		return nil, err
	}
	for {
		_, t, id, err := in.ReadFieldBegin(ctx)
		if err != nil {
			return nil, err
		}
		switch t {
		case apache.STOP:
			return fields, in.ReadStructEnd(ctx)
		case apache.STRING:
			fields[id], err = in.ReadString(ctx)
		case apache.I32:
			fields[id], err = in.ReadI32(ctx)
		default:
			err = in.Skip(ctx, t)
		}
		if err = errors.Join(err, in.ReadFieldEnd(ctx)); err != nil {
			return nil, err
		}
	}
}

// goServer serves with Apache's Go library on a free port, with TLS where there is a configuration.
func goServer(t *testing.T, c carrier, p protocol, secure *tls.Config) (s *service, address string) {
	t.Helper()
	s = &service{fired: make(chan string, 1)}
	var listener apache.TServerTransport
	plain, err := apache.NewTServerSocket("127.0.0.1:0")
	listener = plain
	if secure != nil {
		l, errTLS := apache.NewTSSLServerSocket("127.0.0.1:0", secure)
		check(l.Listen())
		listener, err, address = l, errTLS, l.Addr().String()
	} else {
		check(plain.Listen())
		address = plain.Addr().String()
	}
	check(err)
	conf := &apache.TConfiguration{}
	transports := map[carrier]apache.TTransportFactory{
		framed:   apache.NewTFramedTransportFactoryConf(apache.NewTTransportFactory(), conf),
		buffered: apache.NewTBufferedTransportFactory(4096),
		header:   apache.NewTHeaderTransportFactoryConf(nil, conf),
	}
	protocols := map[protocol]apache.TProtocolFactory{
		binaryProtocol:  apache.NewTBinaryProtocolFactoryConf(conf),
		compactProtocol: apache.NewTCompactProtocolFactoryConf(conf),
		jsonProtocol:    apache.NewTJSONProtocolFactory(),
	}
	proto := protocols[p]
	if c == header {
		proto = apache.NewTHeaderProtocolFactoryConf(conf)
	}
	server := apache.NewTSimpleServer4(s, listener, transports[c], proto)
	ended := make(chan error, 1)
	go func() { ended <- server.AcceptLoop() }()
	t.Cleanup(func() {
		_ = listener.Close() // the one with TLS ends no wait by Stop alone
		_ = server.Stop()
		<-ended
	})
	return s, address
}

var goCalls = []exchange{
	{"text", `{"s": "é\n\"😀"}`, "ok", `{"success":"é\n\"😀"}`},
	{"text", `{"s": ""}`, "ok", `{"success":""}`},
	{"add", `{"a": 2, "b": -5}`, "ok", `{"success":-3}`},
	{"add", `{"a": -1, "b": 0}`, "exception NotFound", `{"exception":"NotFound","value":{"code":404}}`},
	{"add", `{"a": -2, "b": 0}`, "no result", `{}`},
	{"add", `{"a": -3, "b": 0}`, "application exception: internal error", `{"message":"no\nway","application_exception":"internal error"}`},
	{"add", `{"a": -4, "b": 0}`, "application exception: other", `{"message":"no\nway","application_exception":"kind 99"}`},
	{"ping", ``, "application exception: unknown method", `{"message":"Unknown function ping","application_exception":"unknown method"}`},
	{"fire", `{"s": "now"}`, "sent", ""},
	{"add", `{"a": 1, "b": 1}`, "ok", `{"success":2}`},
}

func (l *link) all(calls []exchange) {
	l.t.Helper()
	for _, x := range calls {
		if status, content := l.call(x.method, x.args); status != x.status || content != x.content {
			l.t.Errorf("%s %s:\ngot  %s, %s\nwant %s, %s", x.method, x.args, status, content, x.status, x.content)
		}
	}
}

// Every transport with every protocol, in Go.
func TestGoServers(t *testing.T) {
	for c := range header + 1 {
		for p := range jsonProtocol + 1 {
			if c == header && p == jsonProtocol {
				continue
			}
			t.Run(carriers[c]+"/"+p.String(), func(t *testing.T) {
				s, address := goServer(t, c, p, nil)
				codec := allCodec(t, func(k *Config) { k.Transport, k.Protocol = carriers[c], p.String() })
				dial(t, codec, address).all(goCalls)
				if got := <-s.fired; got != "now" {
					t.Errorf("fired %q", got)
				}
			})
		}
	}
}

func TestTLS(t *testing.T) {
	_, address := goServer(t, framed, binaryProtocol, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	join(t, allCodec(t, nil), c).all(goCalls[:5])
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
