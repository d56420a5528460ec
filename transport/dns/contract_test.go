package dns_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	miekg "github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/dns"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

// respond answers a message with an address and a text for the name that it asks about.
func respond(dst, request []byte, text string) []byte {
	var q, a miekg.Msg
	if err := q.Unpack(request); err != nil {
		return append(dst, err.Error()...)
	}
	a.SetReply(&q)
	head := miekg.RR_Header{Name: q.Question[0].Name, Rrtype: miekg.TypeA, Class: miekg.ClassINET, Ttl: 300}
	a.Answer = append(a.Answer, &miekg.A{Hdr: head, A: []byte{192, 0, 2, 1}})
	for len(text) > 0 {
		n := min(len(text), 200)
		head.Rrtype = miekg.TypeTXT
		a.Answer = append(a.Answer, &miekg.TXT{Hdr: head, Txt: []string{text[:n]}})
		text = text[n:]
	}
	b, err := a.Pack()
	if err != nil {
		return append(dst, err.Error()...)
	}
	return append(dst, b...)
}

func subject() transporttest.Subject {
	return transporttest.Subject{
		Config:  func() transport.Config { return dns.NewConfig() },
		Scheme:  "dns",
		Request: func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "host-%06d.example A", i) },
		Answer:  func(dst, request []byte) []byte { return respond(dst, request, "") },
		Match: func(req *load.Request, resp *load.Response) bool {
			name, _, _ := bytes.Cut(req.Body, []byte(" "))
			return bytes.HasPrefix(resp.Content, append(name, ". 300 IN A 192.0.2.1\n"...))
		},
		Refused: []*load.Request{{}, {Body: []byte("a..b")}, {Body: []byte("example AXFR")}},
		Garbage: [][]byte{[]byte("short"), bytes.Repeat([]byte{0}, 40)},
	}
}

func TestContractOverUDP(t *testing.T) {
	s := subject()
	s.LargeAnswer = func(dst, request []byte, size int) []byte { return respond(dst, request, string(make([]byte, size))) }
	transporttest.Run(t, s)
}

func TestContractOverTCP(t *testing.T) {
	s := subject()
	s.Scheme, s.Numbered = "dns+tcp", true
	s.Cut = func(b []byte) (int, error) {
		if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
			return 0, nil
		}
		return 2 + int(binary.BigEndian.Uint16(b)), nil
	}
	s.Answer = func(dst, request []byte) []byte {
		message := respond(nil, request[2:], "")
		return append(binary.BigEndian.AppendUint16(dst, uint16(len(message))), message...)
	}
	s.Garbage = [][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), {0, 5, 1}, make([]byte, 40)}
	transporttest.Run(t, s)
}
