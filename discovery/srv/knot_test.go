package srv

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/discovery/srv/srvtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestContract: the suite against a real name server.
func TestContract(t *testing.T) {
	s := srvtest.Start(t)
	places, weight := 0, 0
	discoverytest.Run(t, func(t *testing.T) discoverytest.Place {
		places++
		name := fmt.Sprintf("_web%d._tcp", places)
		s.Set(name + " TXT any")
		return discoverytest.Place{
			Address: fmt.Sprintf("srv://%s.example?server=%s&interval=50ms", name, s.Address),
			Add: func(m discovery.Member) func() {
				host := "h" + strings.ReplaceAll(m.Host, ".", "-")
				if a := host + " A " + m.Host; !slices.Contains(s.Records, a) {
					s.Records = append(s.Records, a)
				}
				weight++
				record := fmt.Sprintf("%s SRV 5 %d %d %s", name, weight, m.Port, host)
				s.Set(append(s.Records, record)...)
				return func() {
					s.Set(slices.DeleteFunc(s.Records, func(r string) bool { return r == record })...)
				}
			},
			Outages: map[string]discoverytest.Outage{
				"killed": {Down: s.Kill, Up: func() { s.Restart(); s.Serves() }},
				"frozen": {Down: s.Freeze, Up: func() { s.Thaw(); s.Serves() }},
			},
		}
	})
}

// TestZone: what records of every kind come to.
func TestZone(t *testing.T) {
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprintf("_many._tcp SRV 1 1 %d ns", 1000+i)) // an answer that fits into TCP only
	}
	s := srvtest.Start(t)
	s.Set(append(many, "a A 192.0.2.1", "b A 192.0.2.2", "b A 192.0.2.3", "b AAAA 2001:db8::2", "c AAAA 2001:db8::3", "d CNAME a", "e TXT no-address",
		"_one._tcp SRV 10 1 80 a", "_one._tcp SRV 20 1 81 b",
		"_all._tcp SRV 1 1 80 a", "_all._tcp SRV 1 1 80 b", "_all._tcp SRV 1 9 80 c", "_all._tcp SRV 1 1 81 d", "_all._tcp SRV 1 1 80 e",
		"_all._tcp SRV 1 1 80 nobody", "_all._tcp SRV 1 1 80 host.lame.", "_all._tcp SRV 1 1 80 host.elsewhere.",
		"_off._tcp SRV 0 0 0 .", "_alias._tcp CNAME _one._tcp", "_none._tcp TXT other", "_lame._tcp SRV 1 1 80 host.lame.")...)
	for name, want := range map[string]string{
		"_one._tcp.example":     "192.0.2.1:80",
		"_alias._tcp.example":   "192.0.2.1:80",
		"_all._tcp.example":     "192.0.2.1:80 192.0.2.1:81 192.0.2.2:80 192.0.2.3:80 [2001:db8::3]:80",
		"_off._tcp.example":     "",
		"_none._tcp.example":    "",
		"_nobody._tcp.example.": "",
		"_web._tcp.lame":        "(SERVFAIL)",
		"_web._tcp.elsewhere":   "(REFUSED)",
		"_lame._tcp.example":    "(SERVFAIL)",
	} {
		if got, log := once(t, name+"?server="+s.Address); got != want && (!strings.HasPrefix(want, "(") || !strings.Contains(log, strings.Trim(want, "()"))) {
			t.Errorf("%s: members %q, expected %q; log:\n%s", name, got, want, log)
		}
	}
	if got, _ := once(t, "_many._tcp.example?server="+s.Address); len(strings.Fields(got)) != 60 {
		t.Errorf("of 60 members: %q", got)
	}
	_, log := once(t, "_all._tcp.example?server="+s.Address)
	for _, says := range []string{"host e.example. has no address", "host nobody.example. has no address", "host.lame.: ", "different weights"} {
		if !strings.Contains(log, says) {
			t.Errorf("the log does not say %q:\n%s", says, log)
		}
	}
	silent := fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t))
	if got, log := once(t, "_one._tcp.example?server="+silent+","+s.Address); got != "192.0.2.1:80" {
		t.Errorf("with a first server that is down: members %q; log:\n%s", got, log)
	}
}

// once returns the first set as text, or the log of a watch that has none.
func once(t *testing.T, rest string) (set, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var lines []string
	b, err := discovery.Open("srv://"+rest, func(format string, args ...any) {
		lines = append(lines, fmt.Sprintf(format, args...))
		if strings.Contains(lines[len(lines)-1], "asking again") {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	if err := b.Watch(ctx, func(ms []discovery.Member) {
		for _, m := range ms {
			found = append(found, m.Endpoint().String())
		}
		cancel()
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, " "), strings.Join(lines, "\n")
}

// TestHostsStand: the addresses of a host whose own name server fails stand while other members change.
func TestHostsStand(t *testing.T) {
	s := srvtest.Start(t)
	s.Set("a A 192.0.2.1", "b A 192.0.2.2", "_web._tcp SRV 1 1 80 a", "_web._tcp SRV 1 1 80 b")
	b, err := open(mustParse(t, "srv://_web._tcp.example?interval=20ms&server="+s.Address), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{backend: b, set: discovery.Track(func([]discovery.Member) {}), addresses: map[string][]string{}}
	if f, err := w.resolve(t.Context()); err != nil || len(f.members) != 2 {
		t.Fatalf("%v, %v", f, err)
	}
	s.Set("_web._tcp SRV 1 1 81 host.lame.", "_web._tcp SRV 1 1 80 a", "a A 192.0.2.9")
	w.addresses["host.lame."] = []string{"192.0.2.7"}
	f, err := w.resolve(t.Context())
	if err != nil || len(f.members) != 2 || !strings.Contains(strings.Join(f.complaints, "\n"), "its last addresses stand") {
		t.Errorf("%+v, %v", f, err)
	}
}

func mustParse(t *testing.T, text string) discovery.Address {
	t.Helper()
	a, err := discovery.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestExamples(t *testing.T) { discoverytest.Examples(t, "srv") }

func TestAddresses(t *testing.T) {
	for address, says := range map[string]string{
		"srv://":                         "expected one name",
		"srv://a,b":                      "expected one name",
		"srv://_http._tcp.example:53":    "expected one name",
		"srv://_http._tcp.example/path":  "expected one name",
		"srv://_http..example":           "expected one name",
		"srv://x.example?server=a:b:c":   "option server",
		"srv://x.example?interval=1":     "expected a time of at least 10ms",
		"srv://x.example?intervall=1s":   `did you mean "interval"?`,
		"srv://u:secret@x.example?a=b&c": "address srv://u:***@x.example",
	} {
		if _, err := discovery.Open(address, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; expected %q", address, err, says)
		}
	}
}

// TestSettles: which denials are believed.
func TestSettles(t *testing.T) {
	soa := func(zone string) dns.RR { return &dns.SOA{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA}} }
	srv := &dns.SRV{Hdr: dns.RR_Header{Name: "_web.example.", Rrtype: dns.TypeSRV}, Target: "a."}
	alias := &dns.CNAME{Hdr: dns.RR_Header{Name: "_web.example.", Rrtype: dns.TypeCNAME}, Target: "_web.other."}
	ns := &dns.NS{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeNS}, Ns: "ns.example."}
	for name, c := range map[string]struct {
		rcode         int
		authoritative bool
		answer, ns    []dns.RR
		settles       bool
	}{
		"records":                {answer: []dns.RR{srv}, settles: true},
		"records by an alias":    {answer: []dns.RR{alias, srv}, settles: true},
		"NXDOMAIN by authority":  {rcode: dns.RcodeNameError, authoritative: true, settles: true},
		"NXDOMAIN with SOA":      {rcode: dns.RcodeNameError, ns: []dns.RR{soa("example.")}, settles: true},
		"NXDOMAIN of the root":   {rcode: dns.RcodeNameError, ns: []dns.RR{soa(".")}, settles: true},
		"NXDOMAIN by anybody":    {rcode: dns.RcodeNameError},
		"NXDOMAIN, another zone": {rcode: dns.RcodeNameError, ns: []dns.RR{soa("other.")}},
		"NXDOMAIN of an alias":   {rcode: dns.RcodeNameError, answer: []dns.RR{alias}, ns: []dns.RR{soa("other.")}, settles: true},
		"nothing by authority":   {authoritative: true, settles: true},
		"nothing by anybody":     {},
		"a referral":             {ns: []dns.RR{ns}},
		"an alias to elsewhere":  {answer: []dns.RR{alias}},
		"SERVFAIL":               {rcode: dns.RcodeServerFailure, authoritative: true},
		"REFUSED with records":   {rcode: dns.RcodeRefused, answer: []dns.RR{srv}},
	} {
		m := &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: c.rcode, Authoritative: c.authoritative}, Answer: c.answer, Ns: c.ns}
		if err := settles(m, "_web.example.", dns.TypeSRV); (err == nil) != c.settles {
			t.Errorf("%s: %v; expected that it settles the question: %v", name, err, c.settles)
		}
	}
}
