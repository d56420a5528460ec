package thrift

import (
	"bytes"
	"encoding/json"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
)

// fuzzCodecs has one of each transport and protocol, with the IDL and without.
func fuzzCodecs(tb testing.TB) (codecs []*codec) {
	for c := range header + 1 {
		for p := range jsonProtocol + 1 {
			for _, mode := range []string{"idl", "client"} {
				if c == header && p == jsonProtocol {
					continue
				}
				codecs = append(codecs, allCodec(tb, func(k *Config) {
					k.Transport, k.Protocol, k.Mode, k.Strict, k.FrameLimit = carriers[c], p.String(), mode, p != binaryProtocol, 1<<16
				}))
			}
		}
	}
	return codecs
}

// FuzzParse: no panic, no progress beyond the input, a declared error or a whole answer, the same whatever the cuts; content is
// JSON, and is only of answers that can be read.
func FuzzParse(f *testing.F) {
	codecs := fuzzCodecs(f)
	for i, k := range codecs {
		for _, body := range []func(apache.TProtocol){textReply, nothing} {
			f.Add(wrap(k.carrier, k.protocol, message(k.protocol, apache.REPLY, "text", 1, body)), uint8(i), uint8(7))
		}
		f.Add(wrap(k.carrier, k.protocol, message(k.protocol, apache.EXCEPTION, "text", 1, func(p apache.TProtocol) {
			check(apache.NewTApplicationException(1, "x").Write(background, p))
		})), uint8(i), uint8(9))
	}
	f.Fuzz(func(t *testing.T, answer []byte, which, cut uint8) {
		k := codecs[int(which)%len(codecs)]
		k.seq.Store(0)
		method := []string{"text", "echo", "add"}[int(cut)%3]
		req := &load.Request{Wire: append(bytes.Clone(k.prefix), message(k.protocol, apache.CALL, method, 1, nothing)...)}
		conn := k.NewConn()
		whole := feed(t, conn, req, answer)
		if whole.err != nil && !declared(whole.err) {
			t.Fatalf("%q: undeclared error %v", answer, whole.err)
		}
		if got := feed(t, conn, req, answer, min(int(cut), len(answer))); got != whole {
			t.Fatalf("%q, cut %d:\ngot  %+v\nwant %+v", answer, cut, got, whole)
		}
		if got := feed(t, conn, req, answer, everyByte(len(answer))...); got != whole {
			t.Fatalf("%q, bytewise:\ngot  %+v\nwant %+v", answer, got, whole)
		}
		if k.mode == modeIDL && whole.err == nil && !json.Valid([]byte(whole.content)) {
			t.Fatalf("%q: %s is no JSON", answer, whole.content)
		}
	})
}

// FuzzArguments: what is taken is JSON, and a call that can be read; what is refused leaves nothing behind.
func FuzzArguments(f *testing.F) {
	f.Add("echo", `{"v": {"inner": {"id": 1}, "byId": [[1, {"id": 2}]], "real": "NaN", "either": {"text": "\u00e9"}}}`, uint8(0))
	f.Add("add", `{"a": 1, "b": -2147483648}`, uint8(1))
	f.Add("", `{"method": "unions", "args": {"m": {"a": [1, 2]}}}`, uint8(4))
	f.Add("defaults", `{"d": {}}`, uint8(8))
	var codecs []*codec
	for _, k := range fuzzCodecs(f) {
		if k.mode == modeIDL {
			codecs = append(codecs, k)
		}
	}
	f.Fuzz(func(t *testing.T, method, body string, which uint8) {
		k := codecs[int(which)%len(codecs)]
		req := &load.Request{Method: []byte(method), Body: []byte(body)}
		wire, err := k.AppendRequest([]byte("kept"), req, nil)
		if err != nil {
			if string(wire) != "kept" {
				t.Fatalf("%q with %v", wire, err)
			}
			return
		}
		if body != "" && !json.Valid([]byte(body)) {
			t.Fatalf("%q is no JSON, but taken", body)
		}
		m := wire[len("kept")+len(k.prefix):]
		r := &reader{}
		h, ok, err := k.readHead(r, m)
		if !ok || err != nil {
			t.Fatalf("%q: %v", m, err)
		}
		if _, err := k.verify(r, &walker{}, m, h); err != nil {
			t.Fatalf("%q: %v", m, err)
		}
	})
}

// FuzzReplay: a recorded message is refused, or goes out whole.
func FuzzReplay(f *testing.F) {
	for p := range jsonProtocol + 1 {
		f.Add(message(p, apache.CALL, "text", 9, argument), uint8(p))
	}
	var codecs []*codec
	for p := range jsonProtocol + 1 {
		codecs = append(codecs, newCodec(f, func(c *Config) { c.Mode, c.Protocol, c.Transport = "client", p.String(), "buffered" }).(*codec))
	}
	f.Fuzz(func(t *testing.T, recorded []byte, which uint8) {
		k := codecs[int(which)%len(codecs)]
		wire, err := k.AppendRequest(nil, &load.Request{Body: recorded}, nil)
		if err != nil {
			return
		}
		again, err := k.AppendRequest(nil, &load.Request{Body: wire}, nil)
		if err != nil {
			t.Fatalf("%q became %q: %v", recorded, wire, err)
		}
		a, _, _ := k.readHead(&reader{}, wire)
		b, _, _ := k.readHead(&reader{}, again)
		if a.kind != b.kind || b.seq != a.seq+1 || !bytes.Equal(wire[a.seqTo:], again[b.seqTo:]) {
			t.Fatalf("%q became %q and %q", recorded, wire, again)
		}
	})
}
