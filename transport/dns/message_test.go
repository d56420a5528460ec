package dns

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// reply is an answer to a question for www.example, packed by the other implementation after a change.
func reply(tb testing.TB, id uint16, change func(*dns.Msg)) []byte {
	tb.Helper()
	q := new(dns.Msg)
	q.SetQuestion("www.example.", dns.TypeA)
	m := new(dns.Msg)
	m.SetReply(q)
	m.Id, m.Compress = id, true
	if change != nil {
		change(m)
	}
	b, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func rr(tb testing.TB, text string) dns.RR {
	tb.Helper()
	r, err := dns.NewRR(text)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// statuses says which outcome an answer is.
func statuses(tb testing.TB) map[string]func(*dns.Msg) {
	answer := func(m *dns.Msg, text string) { m.Answer = append(m.Answer, rr(tb, text)) }
	authority := func(m *dns.Msg, text string) { m.Ns = append(m.Ns, rr(tb, text)) }
	cases := map[string]func(*dns.Msg){
		"NOERROR": func(m *dns.Msg) {
			answer(m, "www.example. 300 IN CNAME a.example.")
			authority(m, "example. 300 IN NS ns.example.")
		},
		"nodata": func(*dns.Msg) {},
		"nodata with SOA": func(m *dns.Msg) {
			authority(m, "example. 300 IN SOA ns h 1 2 3 4 5")
			authority(m, "example. 300 IN NS ns.")
		},
		"referral":          func(m *dns.Msg) { authority(m, "example. 300 IN NS ns.example."); m.SetEdns0(1232, true) },
		"truncated":         func(m *dns.Msg) { m.Truncated = true },
		"NXDOMAIN with TC":  func(m *dns.Msg) { m.Truncated, m.Rcode = true, dns.RcodeNameError },
		"BADVERS with more": func(m *dns.Msg) { m.SetEdns0(512, false); m.Rcode = dns.RcodeBadVers },
		"RCODE3841":         func(m *dns.Msg) { m.SetEdns0(512, false); m.Rcode = 3841 },
	}
	for rcode := 1; rcode <= lastNamed; rcode++ {
		name, known := dns.RcodeToString[rcode]
		switch {
		case rcode == dns.RcodeBadVers:
			name = "BADVERS" // and not BADSIG, which is TSIG's (RFC 8945)
		case rcode == dns.RcodeStatefulTypeNotImplemented:
			name = "DSOTYPENI"
		case !known:
			name = fmt.Sprintf("RCODE%d", rcode)
		}
		cases[name] = func(m *dns.Msg) { m.SetEdns0(512, false); m.Rcode = rcode }
	}
	return cases
}

func TestStatuses(t *testing.T) {
	failures := map[string]bool{"FORMERR": true, "SERVFAIL": true, "NOTIMP": true, "REFUSED": true}
	for name, change := range statuses(t) {
		want, _, _ := strings.Cut(name, " ")
		codec, resp, msg := newCodec(t, nil), &load.Response{}, reply(t, 0xabcd, change)
		key, found, err := codec.ParseDatagram(msg, resp)
		if err != nil || !found || key != 0xabcd || resp.Body != int64(len(msg)) {
			t.Errorf("%s: key %x, found %v, %v, %+v", name, key, found, err, resp)
		}
		if got := codec.StatusName(resp.Status); got != want || codec.ServerError(resp.Status) != failures[want] {
			t.Errorf("%s: %s, an error %v", name, got, codec.ServerError(resp.Status))
		}
	}
}

// malformed are messages that are no answers; name says why.
func malformed(tb testing.TB) map[string]struct {
	msg  []byte
	want error
} {
	whole := reply(tb, 1, func(m *dns.Msg) { m.Answer = append(m.Answer, rr(tb, "www.example. 300 IN A 192.0.2.1")) })
	name := headerLen // where the question's name is
	record := len(whole) - 16
	change := func(edit func(b []byte) []byte) []byte { return edit(append([]byte(nil), whole...)) }
	set := func(at int, v ...byte) []byte {
		return change(func(b []byte) []byte { copy(b[at:], v); return b })
	}
	return map[string]struct {
		msg  []byte
		want error
	}{
		"a question":                 {set(2, whole[2]&^0x80), ErrQuery},
		"an update":                  {set(2, whole[2]|5<<3), ErrOpcode},
		"too many questions":         {set(4, 0xff, 0xff), ErrRecords},
		"too many answers":           {set(6, 0xff, 0xff), ErrRecords},
		"too many additional ones":   {set(10, 0, 1), ErrRecords},
		"a label of 64 bytes":        {set(name, 64), ErrName},
		"a label beyond the end":     {set(name, 63), ErrRecords},
		"a pointer ahead":            {set(record, 0xc0, 0xff), ErrName},
		"a pointer to itself":        {set(record, 0xc0, byte(record)), ErrName},
		"data beyond the end":        {set(record+10, 0, 5), ErrRecords},
		"cut in the data":            {whole[:len(whole)-1], ErrRecords},
		"cut in a record":            {whole[:record+11], ErrRecords},
		"cut in a pointer":           {whole[:record+1], ErrRecords},
		"cut before the records":     {whole[:record], ErrRecords},
		"cut in the question":        {whole[:record-1], ErrRecords},
		"cut in the question's name": {whole[:name+3], ErrRecords},
		"nothing behind the header":  {whole[:headerLen], ErrRecords},
		"a name of more than 255 bytes": {change(func(b []byte) []byte {
			return append(append(b[:name:name], []byte(strings.Repeat("\x01x", 128))...), b[name:]...)
		}), ErrName},
	}
}

func TestMalformed(t *testing.T) {
	codec := newCodec(t, nil)
	for name, c := range malformed(t) {
		key, found, err := codec.ParseDatagram(c.msg, &load.Response{Keep: 100})
		if !errors.Is(err, c.want) || !found || key != 1 {
			t.Errorf("%s: key %d, found %v, %v; want %v", name, key, found, err, c.want)
		}
	}
	if _, found, err := codec.ParseDatagram(make([]byte, headerLen-1), &load.Response{}); found || !errors.Is(err, ErrShort) {
		t.Errorf("eleven bytes: found %v, %v", found, err)
	}
}

func TestContent(t *testing.T) {
	odd := func(m *dns.Msg) {
		m.Answer = []dns.RR{
			&dns.RFC3597{Hdr: dns.RR_Header{Name: "www.example.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 9}, Rdata: "0102"},
			rr(t, "www.example. 300 IN A 192.0.2.1"),
		}
	}
	all := func(m *dns.Msg) {
		for _, text := range []string{
			"www.example. 300 IN A 192.0.2.1", "www.example. 300 IN AAAA 2001:db8::1", `www.example. 0 CH TXT "a b" "c\"\009"`,
			"www.example. 5 IN MX 10 mail.example.", "www.example. 1 IN TYPE65280 \\# 2 ABCD",
		} {
			m.Answer = append(m.Answer, rr(t, text))
		}
		m.Ns = append(m.Ns, rr(t, "example. 300 IN NS ns.example."))
	}
	const lines = "www.example. 300 IN A 192.0.2.1\nwww.example. 300 IN AAAA 2001:db8::1\nwww.example. 0 CH TXT \"a b\" \"c\\\"\\009\"\n" +
		"www.example. 5 IN MX 10 mail.example.\nwww.example. 1 IN TYPE65280 \\# 2 abcd\n"
	for _, c := range []struct {
		name   string
		change func(*dns.Msg)
		keep   int64
		want   string
	}{
		{"several types", all, 1000, lines},
		{"less wanted", all, 10, lines[:10]},
		{"nothing wanted", all, 0, ""},
		{"no answer", nil, 100, ""},
		{"truncated", func(m *dns.Msg) { all(m); m.Truncated = true }, 1000, lines},
		{"data that does not fit its type", odd, 1000, "www.example. 9 IN A \\# 2 0102\nwww.example. 300 IN A 192.0.2.1\n"},
	} {
		resp := &load.Response{Keep: c.keep}
		if _, _, err := newCodec(t, nil).ParseDatagram(reply(t, 1, c.change), resp); err != nil || string(resp.Content) != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, resp.Content, err, c.want)
		}
	}
	cut := reply(t, 1, func(m *dns.Msg) { all(m); m.Truncated, m.Ns = true, nil })
	resp := &load.Response{Keep: 1000}
	if _, _, err := newCodec(t, nil).ParseDatagram(cut[:len(cut)-1], resp); err != nil || string(resp.Content) != lines[:strings.Index(lines, "www.example. 1 IN")] {
		t.Errorf("cut off: %q, %v", resp.Content, err)
	}
}

// FuzzAnswer: no panic, a declared error or an outcome, the same as the other implementation finds.
func FuzzAnswer(f *testing.F) {
	for _, change := range statuses(f) {
		f.Add(reply(f, 1, change))
	}
	for _, m := range malformed(f) {
		f.Add(m.msg)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		codec, resp := newCodec(t, nil), &load.Response{Keep: 10000}
		_, found, err := codec.ParseDatagram(msg, resp)
		var bad *transport.Malformed
		if err != nil && !errors.As(err, &bad) || found != (len(msg) >= headerLen) {
			t.Fatalf("%x: found %v, undeclared error %v", msg, found, err)
		}
		status := resp.Status
		if _, _, again := codec.ParseDatagram(msg, resp); err == nil && (again != nil || resp.Status != status) {
			t.Fatalf("%x: first %d, then %d, %v", msg, status, resp.Status, again)
		}
		var m dns.Msg
		if m.Unpack(msg) != nil || !m.Response || m.Opcode != 0 || m.Truncated {
			return
		}
		if err == nil {
			agree(t, msg, &m)
		}
		// It does not mind what is missing; what it makes of it is whole.
		if again, perr := m.Pack(); perr == nil && m.Unpack(again) == nil {
			agree(t, again, &m)
		}
	})
}

// agree compares what is found in an answer with what the other implementation finds.
func agree(t *testing.T, msg []byte, m *dns.Msg) {
	t.Helper()
	s, err := inspect(msg)
	if err != nil || s.rcode != m.Rcode || s.answers != len(m.Answer) {
		t.Fatalf("%x: %v, rcode %d, %d answers; the other reads %v", msg, err, s.rcode, s.answers, m)
	}
}
