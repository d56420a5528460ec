package udp

import (
	"bytes"
	"errors"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// FuzzDatagram: no panic; what is too short is refused, anything else has the id that is stamped into it.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte("0123456789"), uint8(2), uint8(3), uint64(0x0102030405060708), false)
	f.Add([]byte("0"), uint8(0), uint8(0), uint64(1), true)
	f.Fuzz(func(t *testing.T, b []byte, offset, size uint8, key uint64, little bool) {
		id := ID{int(offset), 1 + int(size)%8, "big"}
		if little {
			id.Order = "little"
		}
		codec := newCodec(t, byID(id.Offset, id.Size, id.Order))
		resp := &load.Response{Keep: 1 << 20}
		_, found, err := codec.ParseDatagram(b, resp)
		if long := len(b) >= id.Offset+id.Size; found != long || (err == nil) != long || !long && !errors.Is(err, ErrShort) {
			t.Fatalf("%+v in %q: found %v, %v", id, b, found, err)
		}
		if !found {
			return
		}
		if !bytes.Equal(resp.Content, b) {
			t.Fatalf("content %q of %q", resp.Content, b)
		}
		key &= 1<<(8*id.Size) - 1
		stamped := bytes.Clone(b)
		codec.Stamp(stamped, key)
		if got, _, _ := codec.ParseDatagram(stamped, resp); got != key {
			t.Fatalf("%+v: key %#x in %q is read as %#x", id, key, stamped, got)
		}
		copy(stamped[id.Offset:id.Offset+id.Size], b[id.Offset:])
		if !bytes.Equal(stamped, b) {
			t.Fatalf("%+v: stamping changes more than the id: %q", id, stamped)
		}
	})
}

// roundTrip encodes and stamps a request and reads it as its own answer.
func roundTrip(tb testing.TB, codec transport.Datagrams, dst []byte, req *load.Request, resp *load.Response, key uint64) {
	wire, err := codec.AppendRequest(dst, req, nil)
	if err != nil {
		tb.Fatal(err)
	}
	codec.Stamp(wire, key)
	resp.Reset()
	if got, _, err := codec.ParseDatagram(wire, resp); got != key || err != nil {
		tb.Fatalf("key %d is read as %d, %v", key, got, err)
	}
}

func TestNothingAllocated(t *testing.T) {
	codec := newCodec(t, func(c *Config) { byID(1, 4, "big")(c); c.OK, c.Suffix = "h", "!" })
	dst, req, resp := make([]byte, 0, 100), &load.Request{Body: []byte("hello")}, &load.Response{Keep: 100, Content: make([]byte, 0, 100)}
	if n := testing.AllocsPerRun(10, func() { roundTrip(t, codec, dst, req, resp, 7) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	codec := newCodec(b, byID(1, 4, "big"))
	dst, req, resp := make([]byte, 0, 100), &load.Request{Body: []byte("0123456789abcdef")}, &load.Response{}
	b.ReportAllocs()
	for b.Loop() {
		roundTrip(b, codec, dst, req, resp, 7)
	}
}
