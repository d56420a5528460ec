package dns

import (
	"testing"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

func twoAddresses(tb testing.TB) func(*dns.Msg) {
	return func(m *dns.Msg) {
		m.Answer = append(m.Answer, rr(tb, "www.example. 300 IN A 192.0.2.1"), rr(tb, "www.example. 300 IN A 192.0.2.2"))
		m.SetEdns0(1232, false)
	}
}

func TestNothingAllocated(t *testing.T) {
	codec := newCodec(t, nil)
	conn := codec.NewConn()
	dst, req, resp := make([]byte, 0, 300), &load.Request{Body: []byte(`www\.x.example aaaa in`)}, &load.Response{}
	answer := reply(t, 0, twoAddresses(t))
	odd := reply(t, 0, func(m *dns.Msg) { m.SetEdns0(512, false); m.Rcode = 3841 })
	stream := framed(answer)
	step := func() {
		for _, target := range []*load.Target{overUDP, overTCP} {
			wire, err := codec.AppendRequest(dst, req, target)
			if err != nil {
				t.Fatal(err)
			}
			codec.Stamp(wire, 1)
			if !target.Datagram {
				conn.(transport.Stamper).Stamp(wire, req)
				copy(stream[2:], wire[2:4])
			}
		}
		for _, msg := range [][]byte{answer, odd} {
			if _, _, err := codec.ParseDatagram(msg, resp); err != nil {
				t.Fatal(err)
			}
		}
		conn.Start(req)
		if _, done, err := conn.Parse(stream, false, resp); !done || err != nil {
			t.Fatal(done, err)
		}
		if label := codec.(transport.Labeler).Label(req); label != "AAAA" {
			t.Fatal(label)
		}
	}
	step() // numbers the odd outcome
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	codec := newCodec(b, nil)
	dst, req := make([]byte, 0, 300), &load.Request{Body: []byte("www.example.com AAAA")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.AppendRequest(dst, req, overUDP); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDatagram(b *testing.B) {
	codec, answer, resp := newCodec(b, nil), reply(b, 1, twoAddresses(b)), &load.Response{}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := codec.ParseDatagram(answer, resp); err != nil {
			b.Fatal(err)
		}
	}
}
