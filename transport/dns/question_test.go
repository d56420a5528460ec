package dns

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

var (
	overUDP = &load.Target{Datagram: true}
	overTCP = &load.Target{}
)

// TestQuestion: lines and what the other implementation reads out of the messages made of them.
func TestQuestion(t *testing.T) {
	label := strings.Repeat("x", 63)
	long := strings.Repeat(label+".", 3) + strings.Repeat("y", 61) // 3·64 + 62 + 1 = 255 bytes on the wire
	for _, c := range []struct {
		line, name  string
		kind, class uint16
	}{
		{"www.example", "www.example.", dns.TypeA, dns.ClassINET},
		{"www.example.", "www.example.", dns.TypeA, dns.ClassINET},
		{".", ".", dns.TypeA, dns.ClassINET},
		{". ns", ".", dns.TypeNS, dns.ClassINET},
		{" WWW.Example\taaaa ", "WWW.Example.", dns.TypeAAAA, dns.ClassINET},
		{"version.bind txt ch\r", "version.bind.", dns.TypeTXT, dns.ClassCHAOS},
		{"a TYPE65280 CLASS254", "a.", 65280, dns.ClassNONE},
		{"a type1 any", "a.", dns.TypeA, dns.ClassANY},
		{"a nsap-ptr in", "a.", dns.TypeNSAPPTR, dns.ClassINET},
		{`a\.b.c\\d.\032.\255`, `a\.b.c\\d.\ .\255.`, dns.TypeA, dns.ClassINET},
		{"_sip._udp.example SRV", "_sip._udp.example.", dns.TypeSRV, dns.ClassINET},
		{label, label + ".", dns.TypeA, dns.ClassINET},
		{long, long + ".", dns.TypeA, dns.ClassINET},
	} {
		for _, target := range []*load.Target{overUDP, overTCP} {
			req := &load.Request{Body: []byte(c.line)}
			wire, err := newCodec(t, nil).AppendRequest([]byte("before"), req, target)
			if err != nil || !bytes.HasPrefix(wire, []byte("before")) {
				t.Errorf("%q: %q, %v", c.line, wire, err)
				continue
			}
			var m dns.Msg
			if err := m.Unpack(message(t, wire[len("before"):], target)); err != nil {
				t.Errorf("%q: %x: %v", c.line, wire, err)
			} else if q := m.Question; len(q) != 1 || q[0].Name != c.name || q[0].Qtype != c.kind || q[0].Qclass != c.class {
				t.Errorf("%q asks for %v", c.line, q)
			}
		}
	}
}

// message takes the length off a message over a stream.
func message(tb testing.TB, wire []byte, target *load.Target) []byte {
	if target.Datagram {
		return wire
	}
	if n := int(binary.BigEndian.Uint16(wire)); n != len(wire)-prefixLen {
		tb.Fatalf("%d bytes announce %d", len(wire)-prefixLen, n)
	}
	return wire[prefixLen:]
}

func TestBadQuestion(t *testing.T) {
	label := strings.Repeat("x", 63)
	for line, want := range map[string]string{
		"":                        "transport/dns: no name to ask for; want NAME [TYPE [CLASS]]",
		" \t":                     "transport/dns: no name to ask for",
		"a b":                     `transport/dns: type "b": expected a record type such as A, AAAA, MX or TYPE65`,
		"a TYPE":                  `transport/dns: type "TYPE"`,
		"a TYPE65536":             `transport/dns: type "TYPE65536"`,
		"a TYPE-1":                `transport/dns: type "TYPE-1"`,
		"a TYPE99999999999999":    `transport/dns: type "TYPE99999999999999"`,
		"a TYPE0":                 `transport/dns: type "TYPE0"`,
		"a Reserved":              `transport/dns: type "Reserved"`,
		"a axfr":                  "transport/dns: type axfr: a zone transfer is many answers",
		"a IXFR":                  "transport/dns: type IXFR: a zone transfer is many answers",
		"a OPT":                   "transport/dns: type OPT: nobody can be asked for it; see dns.edns",
		"a IN A":                  `transport/dns: type "IN"`,
		"a A XX":                  `transport/dns: class "XX": expected a class, IN, CH, HS, ANY or CLASS3; the order is name, type, class`,
		"a A IN more":             `transport/dns: "more" after the class: expected name, type and class, no more`,
		".a":                      `transport/dns: name ".a": an empty label; want no dot at the beginning and no two in a row`,
		"a..b":                    `transport/dns: name "a..b": an empty label`,
		"a..":                     `transport/dns: name "a..": an empty label`,
		"..":                      `transport/dns: name "..": an empty label`,
		label + "x":               "transport/dns: name \"" + label + "x\": a label of 64 bytes; want at most 63",
		"bücher.example":          `transport/dns: name "bücher.example": not ASCII; write an international name in its xn-- form (RFC 5890)`,
		"a\x01":                   `transport/dns: name "a\x01": control character '\x01'; write it as \DDD`,
		`a\`:                      `transport/dns: name "a\\": escape "\\"; want \X or \DDD with a decimal number up to 255`,
		`a\256`:                   `transport/dns: name "a\\256": escape "\\256"`,
		`a\25`:                    `transport/dns: name "a\\25": escape "\\25"`,
		`a\2x5`:                   `transport/dns: name "a\\2x5": escape "\\2x5"`,
		long(label, 3, 62):        "too long; want at most 255 bytes on the wire",
		long(label, 4, 1):         "too long; want at most 255 bytes on the wire",
		long(label, 100, 1):       "too long; want at most 255 bytes on the wire",
		strings.Repeat("a.", 128): "too long; want at most 255 bytes on the wire",
	} {
		req := &load.Request{Body: []byte(line)}
		got, err := newCodec(t, nil).AppendRequest([]byte("before"), req, overTCP)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "transport/dns: ") || string(got) != "before" {
			t.Errorf("%q: %q, %v; want %s", line, got, err, want)
		}
		if l := newCodec(t, nil).(transport.Labeler).Label(req); l != "" && !strings.Contains(err.Error(), "name") {
			t.Errorf("%q has the label %q", line, l)
		}
	}
}

func long(label string, n, last int) string {
	return strings.Repeat(label+".", n) + strings.Repeat("y", last)
}

// TestOptions: what else is in a message, by configuration.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		change  func(*Config)
		rd, do  bool
		size    uint16 // 0: no EDNS
		kind    uint16
		sockets int
	}{
		{nil, true, false, 1232, dns.TypeA, 0},
		{func(c *Config) { c.Recursion, c.Type, c.Sockets = false, "mx", 2 }, false, false, 1232, dns.TypeMX, 2},
		{func(c *Config) { c.EDNS = EDNS{Size: 4096, DO: true} }, true, true, 4096, dns.TypeA, 0},
		{func(c *Config) { c.EDNS = EDNS{} }, true, false, 0, dns.TypeA, 0},
	} {
		codec := newCodec(t, c.change)
		wire, err := codec.AppendRequest(nil, &load.Request{Body: []byte("a.example")}, overUDP)
		if err != nil {
			t.Fatal(err)
		}
		codec.Stamp(wire, 0xabcd)
		var m dns.Msg
		if err := m.Unpack(wire); err != nil {
			t.Fatal(err)
		}
		opt := m.IsEdns0()
		if m.Id != 0xabcd || m.Response || m.Opcode != 0 || m.RecursionDesired != c.rd || m.Question[0].Qtype != c.kind || (opt != nil) != (c.size > 0) {
			t.Errorf("%v", &m)
		} else if opt != nil && (opt.UDPSize() != c.size || opt.Do() != c.do || opt.Version() != 0) {
			t.Errorf("%v", opt)
		}
		if want := (transport.Matching{Match: transport.MatchKey, Bits: 16, Sockets: c.sockets}); codec.Matching() != want {
			t.Errorf("%+v, want %+v", codec.Matching(), want)
		}
	}
}

func TestLabel(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.Type = "SOA" }).(transport.Labeler)
	for line, want := range map[string]string{"a": "SOA", "a aaaa": "AAAA", "a TYPE28": "AAAA", "a any ch": "ANY", "a TYPE65280": "TYPE…", "": ""} {
		if got := codec.Label(&load.Request{Body: []byte(line)}); got != want {
			t.Errorf("%q has the label %q, want %q", line, got, want)
		}
	}
}

// FuzzQuestion: what is not refused is read by the other implementation as it was meant, and packed by it in the same bytes.
func FuzzQuestion(f *testing.F) {
	for _, line := range []string{"www.example aaaa", `a\.b\032.\255 TYPE65 CLASS3`, ".", "a.", "a..", "\xff", `\`, "a A IN x"} {
		f.Add([]byte(line), true)
	}
	f.Fuzz(func(t *testing.T, line []byte, datagram bool) {
		codec, target := newCodec(t, nil), &load.Target{Datagram: datagram}
		wire, err := codec.AppendRequest([]byte("kept"), &load.Request{Body: line}, target)
		if err != nil {
			if string(wire) != "kept" || !strings.HasPrefix(err.Error(), "transport/dns: ") {
				t.Fatalf("dst %q with error %v", wire, err)
			}
			return
		}
		msg := message(t, wire[len("kept"):], target)
		var m dns.Msg
		if err := m.Unpack(msg); err != nil {
			t.Fatalf("%q: %x: %v", line, msg, err)
		}
		if again, err := m.Pack(); err != nil || !bytes.Equal(again, msg) {
			t.Fatalf("%q: %x, the other packs %x, %v", line, msg, again, err)
		}
		fields := bytes.Fields(line)
		name := make([]byte, 300)
		n, err := dns.PackDomainName(dns.Fqdn(string(fields[0])), name, 0, nil, false)
		if err != nil || !bytes.HasPrefix(msg[headerLen:], name[:n]) {
			t.Fatalf("%q: %x, the other packs its name as %x, %v", line, msg, name[:n], err)
		}
	})
}
