package proxy

import (
	"bytes"
	"net/netip"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/load"
)

func newHeader(tb testing.TB, version, client string) *Header {
	tb.Helper()
	h, err := (&Config{Version: version, Client: client}).NewHeader()
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func address(text string) (a netip.AddrPort) {
	if text != "" {
		a = netip.MustParseAddrPort(text)
	}
	return a
}

// headers says what is written; the longest are the specification's own (section 2.1).
var headers = []struct {
	name, client, server string
	text, binary         string // binary: behind the signature
}{
	{
		"IPv4", "192.0.2.1:4711", "198.51.100.7:80",
		"PROXY TCP4 192.0.2.1 198.51.100.7 4711 80\r\n",
		"\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x07\x12\x67\x00\x50",
	},
	{
		"IPv4, longest", "255.255.255.255:65535", "255.255.255.255:65535",
		"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		"\x21\x11\x00\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	},
	{
		"IPv6, longest", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		"\x21\x21\x00\x24" + strings.Repeat("\xff", 36),
	},
	{
		"IPv6", "2001:db8::1", "[2001:db8::2]:443",
		"PROXY TCP6 2001:db8::1 2001:db8::2 0 443\r\n",
		"\x21\x21\x00\x24\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x02\x00\x00\x01\xbb",
	},
	{
		"IPv4 to IPv6", "192.0.2.1:1", "[2001:db8::2]:443",
		"PROXY TCP6 ::ffff:c000:201 2001:db8::2 1 443\r\n",
		"\x21\x21\x00\x24" + strings.Repeat("\x00", 10) + "\xff\xff\xc0\x00\x02\x01\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x02\x00\x01\x01\xbb",
	},
	{
		"IPv6 to IPv4", "[2001:db8::1]:2", "10.0.0.1:80",
		"PROXY TCP6 2001:db8::1 ::ffff:a00:1 2 80\r\n",
		"\x21\x21\x00\x24\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" + strings.Repeat("\x00", 10) + "\xff\xff\x0a\x00\x00\x01\x00\x02\x00\x50",
	},
	{
		"IPv4 in IPv6", "::ffff:192.0.2.1", "[::ffff:10.0.0.1]:80",
		"PROXY TCP4 192.0.2.1 10.0.0.1 0 80\r\n",
		"\x21\x11\x00\x0c\xc0\x00\x02\x01\x0a\x00\x00\x01\x00\x00\x00\x50",
	},
	{
		"server with a zone", "fe80::1", "[fe80::2%eth0]:80",
		"PROXY TCP6 fe80::1 fe80::2 0 80\r\n",
		"\x21\x21\x00\x24\xfe\x80" + strings.Repeat("\x00", 13) + "\x01\xfe\x80" + strings.Repeat("\x00", 13) + "\x02\x00\x00\x00\x50",
	},
	{
		"IPv4 to a Unix socket", "192.0.2.1", "",
		"PROXY TCP4 192.0.2.1 0.0.0.0 0 0\r\n",
		"\x21\x11\x00\x0c\xc0\x00\x02\x01" + strings.Repeat("\x00", 8),
	},
	{
		"IPv6 to a Unix socket", "[::1]", "",
		"PROXY TCP6 ::1 :: 0 0\r\n",
		"\x21\x21\x00\x24" + strings.Repeat("\x00", 15) + "\x01" + strings.Repeat("\x00", 20),
	},
	{"unknown", "", "10.0.0.1:80", "PROXY UNKNOWN\r\n", "\x20\x00\x00\x00"},
	{"unknown to a Unix socket", "", "", "PROXY UNKNOWN\r\n", "\x20\x00\x00\x00"},
}

// TestAppend: the client is the request's or the configured one, and the request's wins.
func TestAppend(t *testing.T) {
	for _, c := range headers {
		for version, want := range map[string]string{"v1": c.text, "v2": "\r\n\r\n\x00\r\nQUIT\n" + c.binary} {
			own := &load.Request{Client: []byte(c.client)}
			for who, h := range map[string]*Header{"its own": newHeader(t, version, ""), "the fixed one": newHeader(t, version, c.client), "both": newHeader(t, version, "1.1.1.1:1")} {
				req := own
				if who == "the fixed one" {
					req = &load.Request{}
				} else if who == "both" && c.client == "" {
					continue
				}
				if got, err := h.Append([]byte("before"), req, address(c.server)); err != nil || string(got) != "before"+want {
					t.Errorf("%s, %s, %s: %q, %v; want %q", c.name, version, who, got, err, want)
				}
			}
		}
	}
}

// TestLongest: the specification counts the bytes of its worst cases.
func TestLongest(t *testing.T) {
	for name, want := range map[string]int{"IPv4, longest": 56, "IPv6, longest": 104, "unknown": 15} {
		for _, c := range headers {
			if c.name == name && len(c.text) != want {
				t.Errorf("%s: %d bytes, want %d", name, len(c.text), want)
			}
		}
	}
}

var badAddresses = []string{
	"-", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:http", "1.2.3.4:000001", ":80", "[::1",
	"[::1]80", "[::1]:", "[]", "[1.2.3.4]:80", "::1]:80", "fe80::1%eth0", "[fe80::1%eth0]:80", "2001:db8::g", "1::2::3", " 1.2.3.4",
}

func TestBadAddress(t *testing.T) {
	h := newHeader(t, "v1", "192.0.2.1")
	for _, text := range badAddresses {
		got, err := h.Append([]byte("before"), &load.Request{Client: []byte(text)}, address("10.0.0.1:80"))
		if err == nil || !strings.HasPrefix(err.Error(), "transport/proxy: client ") || !strings.HasSuffix(err.Error(), wantAddress) || string(got) != "before" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err := (&Config{Version: "v1", Client: text}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "client: ") {
			t.Errorf("fixed %q: %v", text, err)
		}
	}
}

func TestConfig(t *testing.T) {
	if c := NewConfig(); c.Version != "v2" || c.Client != "" || c.Validate() != nil {
		t.Errorf("defaults %+v", c)
	}
	bad := Config{Version: "2", Client: "x"}
	want := `version: "2": expected v1 or v2` + "\n" + `client: "x": ` + wantAddress
	if err := bad.Validate(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if h, err := bad.NewHeader(); h != nil || err == nil {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestReadme decodes the example of the README, which must name every field.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := bytes.Cut(readme, []byte("```yaml\n"))
	example, _, ok := bytes.Cut(example, []byte("```"))
	if !ok {
		t.Fatal("no example")
	}
	var section struct{ Proxy Config }
	decoder := yaml.NewDecoder(bytes.NewReader(example))
	decoder.KnownFields(true)
	if err := decoder.Decode(&section); err != nil {
		t.Fatal(err)
	}
	if want := (Config{Version: "v1", Client: "192.0.2.1:4711"}); section.Proxy != want || want.Validate() != nil {
		t.Errorf("the example gives %+v, want %+v", section.Proxy, want)
	}
}

// FuzzAddress: what is read is what netip reads, and the header of version 1 reads back as the same address.
func FuzzAddress(f *testing.F) {
	for _, c := range headers {
		f.Add(c.client)
	}
	for _, text := range badAddresses {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parse(text)
		want, err := netip.ParseAddrPort(text)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
				err = nil
				want = netip.AddrPortFrom(a, 0)
				if bracketed := strings.HasPrefix(text, "["); bracketed != strings.HasSuffix(text, "]") || bracketed && !strings.Contains(text, ":") {
					return
				}
			}
		}
		if err != nil || want.Addr().Zone() != "" {
			if ok {
				t.Fatalf("%q is read as %v", text, got)
			}
			return
		}
		want = netip.AddrPortFrom(want.Addr().Unmap(), want.Port())
		if text != "" && ok && got != want {
			t.Fatalf("%q is read as %v, want %v", text, got, want)
		}
		if !ok {
			if _, port, _ := strings.Cut(text, "]:"); len(port) > 5 || len(text)-strings.LastIndexByte(text, ':') > 6 {
				return // a port with zeros before it
			}
			t.Fatalf("%q is refused, want %v", text, want)
		}
		line, err := newHeader(t, "v1", "").Append(nil, &load.Request{Client: []byte(text)}, netip.AddrPort{})
		words := strings.Fields(string(line))
		if err != nil || len(words) != 6 || netip.MustParseAddr(words[2]) != got.Addr() {
			t.Fatalf("%q: %q, %v", text, line, err)
		}
	})
}

func TestNothingAllocated(t *testing.T) {
	dst := make([]byte, 0, 200)
	for _, c := range headers {
		for _, version := range []string{"v1", "v2"} {
			h, req, server := newHeader(t, version, ""), &load.Request{Client: []byte(c.client)}, address(c.server)
			if n := testing.AllocsPerRun(10, func() {
				if _, err := h.Append(dst, req, server); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s, %s: %v allocations", c.name, version, n)
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, version := range []string{"v1", "v2"} {
		b.Run(version, func(b *testing.B) {
			h, dst, server := newHeader(b, version, ""), make([]byte, 0, 200), address("198.51.100.7:80")
			req := &load.Request{Client: []byte("192.0.2.1:4711")}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Append(dst, req, server); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
