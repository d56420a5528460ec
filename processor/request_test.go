package processor_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/processortest"
)

func field(name, value string) load.Field {
	return load.Field{Name: []byte(name), Value: []byte(value)}
}

// made is what c makes of rec, one line a part.
func made(t testing.TB, c processor.Config, rec *load.Record) string {
	t.Helper()
	p, err := processor.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var requests []*load.Request
	if err := p.Process(rec, func() *load.Request {
		requests = append(requests, new(load.Request))
		return requests[len(requests)-1]
	}); err != nil {
		return "error: " + err.Error()
	}
	if len(requests) != 1 {
		t.Fatalf("%d requests, want 1", len(requests))
	}
	return text(requests[0])
}

func text(r *load.Request) string {
	lines := []string{string(r.Method) + " " + string(r.URI)}
	for _, f := range r.Header {
		lines = append(lines, string(f.Name)+": "+string(f.Value))
	}
	if len(r.Body) > 0 {
		lines = append(lines, "body "+string(r.Body))
	}
	return strings.Join(lines, "\n")
}

func TestProcess(t *testing.T) {
	full := &load.Record{
		Method: []byte("PUT"), URI: []byte("/a?b"), Body: []byte("recorded"),
		Header: []load.Field{
			field("Referer", "http://r/"), field("user-agent", "Recorded/1"), field("HOST", "then.example"), field("content-length", "99"),
			field("Transfer-Encoding", "chunked"), field("Connection", "keep-alive"), field("Upgrade", "h2c"), field("x-forwarded-for", "192.0.2.1"),
		},
	}
	const recorded = "PUT /a?b\nReferer: http://r/\nuser-agent: Recorded/1\nx-forwarded-for: 192.0.2.1\n"
	empty := &load.Record{}
	tests := []struct {
		name   string
		change func(*processor.Config)
		rec    *load.Record
		want   string
	}{
		{"default", func(*processor.Config) {}, full, recorded + "X-Iago: true\nbody recorded"},
		{"default, empty record", func(*processor.Config) {}, empty, "GET \nUser-Agent: iago\nX-Iago: true"},
		{"zero value", func(c *processor.Config) { *c = processor.Config{} }, empty, "GET "},
		{"no marker", func(c *processor.Config) { c.Marker = false }, empty, "GET \nUser-Agent: iago"},
		{"marker of one's own", func(c *processor.Config) { c.Headers = []processor.Header{{Name: "x-iago", Value: "7"}} }, empty, "GET \nUser-Agent: iago\nx-iago: 7"},
		{"no recorded headers", func(c *processor.Config) { c.RecordHeaders = false }, full, "PUT /a?b\nUser-Agent: iago\nX-Iago: true\nbody recorded"},
		{"where the record has none", func(c *processor.Config) { c.Method, c.URI, c.Body = "POST", "/x?y", []byte("own") }, empty, "POST /x?y\nUser-Agent: iago\nX-Iago: true\nbody own"},
		{"where the record has its own", func(c *processor.Config) { c.Method, c.URI, c.Body = "POST", "/x?y", []byte("own") }, full, recorded + "X-Iago: true\nbody recorded"},
		{"host", func(c *processor.Config) { c.Host = "example.org:81" }, full, recorded + "Host: example.org:81\nX-Iago: true\nbody recorded"},
		{"headers", func(c *processor.Config) {
			c.Headers = []processor.Header{{"Accept", "a"}, {"referer", "mine"}, {"ACCEPT", "b"}, {"Connection", "close"}, {"User-Agent", "Own/1"}}
		}, full, "PUT /a?b\nx-forwarded-for: 192.0.2.1\nAccept: a\nreferer: mine\nACCEPT: b\nConnection: close\nUser-Agent: Own/1\nX-Iago: true\nbody recorded"},
		{"no user agent", func(c *processor.Config) { c.UserAgent = "" }, empty, "GET \nX-Iago: true"},
		{"prefix", func(c *processor.Config) { c.Prefix = "/v2/" }, full, strings.Replace(recorded, "/a?b", "/v2/a?b", 1) + "X-Iago: true\nbody recorded"},
		{"prefix, configured URI", func(c *processor.Config) { c.Prefix, c.URI = "/v2", "/x" }, empty, "GET /v2/x\nUser-Agent: iago\nX-Iago: true"},
		{"prefix /", func(c *processor.Config) { c.Prefix = "/" }, empty, "GET \nUser-Agent: iago\nX-Iago: true"},
		{"prefix and *", func(c *processor.Config) { c.Prefix = "/v2" }, &load.Record{Method: []byte("OPTIONS"), URI: []byte("*")}, "OPTIONS *\nUser-Agent: iago\nX-Iago: true"},
		{"prefix and no path", func(c *processor.Config) { c.Prefix = "/v2" }, &load.Record{URI: []byte("http://h/")}, "error: processor: prefix: the record's URI does not begin with /, so nothing can be put before it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := processor.Default()
			tt.change(&c)
			if got := made(t, c, tt.rec); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// forwarded are the first n addresses of a seed.
func forwarded(t *testing.T, seed uint64, n int) (list []string) {
	t.Helper()
	c := processor.Default()
	c.ForwardedFor, c.Seed = true, seed
	p, err := processor.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var req load.Request
	rec := &load.Record{Header: []load.Field{field("X-Forwarded-For", "192.0.2.1")}}
	for range n {
		if err := p.Process(rec, func() *load.Request { req.Reset(); return &req }); err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, f := range req.Header {
			if string(f.Name) == "X-Forwarded-For" {
				list = append(list, string(f.Value))
				found++
			}
		}
		if found != 1 {
			t.Fatalf("%d X-Forwarded-For in\n%s", found, text(&req))
		}
	}
	return list
}

func TestForwardedFor(t *testing.T) {
	list := forwarded(t, 7, 5000)
	if fmt.Sprint(list) != fmt.Sprint(forwarded(t, 7, 5000)) {
		t.Error("the same seed gives other addresses")
	}
	if fmt.Sprint(list) == fmt.Sprint(forwarded(t, 8, 5000)) {
		t.Error("another seed gives the same addresses")
	}
	distinct, high := map[string]bool{}, 0
	for _, s := range list {
		a, err := netip.ParseAddr(s)
		if err != nil || !a.Is4() || !a.IsGlobalUnicast() || a.IsPrivate() {
			t.Fatalf("address %q: %v", s, err)
		}
		distinct[s] = true
		if a.As4()[0] >= 112 {
			high++
		}
	}
	// 5000 of some 3.7e9 addresses: the chance of more than one pair of equals is below 1e-5.
	if len(distinct) < 4999 {
		t.Errorf("%d distinct addresses of 5000", len(distinct))
	}
	// About half (0.5 within 0.01) of the public ones lie above 112.0.0.0; 5 standard deviations are 177.
	if high < 2500-230 || high > 2500+230 {
		t.Errorf("%d of 5000 addresses above 112.0.0.0", high)
	}
}

func TestValidate(t *testing.T) {
	header := func(name, value string) processor.Config {
		return processor.Config{Headers: []processor.Header{{Name: name, Value: value}}}
	}
	tests := []struct {
		c    processor.Config
		want string // "" : right
	}{
		{processor.Default(), ""},
		{processor.Config{}, ""},
		{header("Connection", "close"), ""},
		{header("X-Ü", "a"), "headers: \"X-Ü\": expected a header name"},
		{header("", "a"), "headers: \"\": expected a header name"},
		{header("X-A", "ä\tb"), ""},
		{header("X-A", "a\r\nEvil: 1"), "headers: X-A: \"a\\r\\nEvil: 1\": expected a value in one line"},
		{header("X-A", "a\x00"), "headers: X-A: "},
		{header("host", "a"), "headers: host: set host instead"},
		{header("Content-length", "1"), "headers: Content-length: says where the request ends"},
		{header("TRANSFER-ENCODING", "chunked"), "headers: TRANSFER-ENCODING: says where the request ends"},
		{processor.Config{Method: "GE T"}, "method: \"GE T\": expected a method"},
		{processor.Config{URI: "*"}, ""},
		{processor.Config{URI: "a"}, "uri: \"a\": expected a path"},
		{processor.Config{URI: "/a b"}, "uri: \"/a b\": expected a path"},
		{processor.Config{URI: "/ä"}, "uri: \"/ä\": expected a path"},
		{processor.Config{Prefix: "v2"}, "prefix: \"v2\": expected a path"},
		{processor.Config{Prefix: "/v2?x"}, "prefix: \"/v2?x\": expected a path"},
		{processor.Config{Prefix: "/v\n2"}, "prefix: "},
		{processor.Config{Host: "a b"}, "host: \"a b\": expected a name"},
		{processor.Config{UserAgent: "a\nb"}, "user_agent: \"a\\nb\": expected text in one line"},
	}
	for _, tt := range tests {
		err := tt.c.Validate()
		_, newErr := processor.New(tt.c)
		switch {
		case tt.want == "" && (err != nil || newErr != nil):
			t.Errorf("%+v: %v, %v", tt.c, err, newErr)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%+v: got %v, want %s", tt.c, err, tt.want)
		case tt.want != "" && (newErr == nil || newErr.Error() != "processor: "+err.Error()):
			t.Errorf("%+v: New: %v", tt.c, newErr)
		}
	}
	bad := processor.Config{Method: " ", URI: "x", Prefix: "x", Host: " ", UserAgent: "\n", Headers: []processor.Header{{Name: " "}, {Name: "Host"}}}
	if got := strings.Count(bad.Validate().Error(), "\n"); got != 6 {
		t.Errorf("%d problems, want all 7:\n%v", got+1, bad.Validate())
	}
}

// The bytes of the configuration may be changed once New has returned.
func TestNewCopies(t *testing.T) {
	c := processor.Default()
	c.Body = []byte("body")
	p, err := processor.New(c)
	if err != nil {
		t.Fatal(err)
	}
	copy(c.Body, "XXXX")
	var req load.Request
	if err := p.Process(&load.Record{}, func() *load.Request { return &req }); err != nil || string(req.Body) != "body" {
		t.Errorf("body %q, %v", req.Body, err)
	}
}

func TestContract(t *testing.T) {
	plain := processor.Default()
	rich := processor.Default()
	rich.Prefix, rich.Host, rich.ForwardedFor, rich.Seed, rich.Body = "/v2", "example.org", true, 3, []byte("body")
	rich.Headers = []processor.Header{{Name: "Accept", Value: "text/html"}, {Name: "X-Many", Value: "1"}, {Name: "X-Many", Value: "2"}}
	for name, c := range map[string]processor.Config{"plain": plain, "rich": rich} {
		var refused []*load.Record
		if c.Prefix != "" {
			refused = append(refused, &load.Record{URI: []byte("no/path")})
		}
		t.Run(name, func(t *testing.T) {
			processortest.Run(t, func(t testing.TB) processor.Processor {
				p, err := processor.New(c)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}, refused...)
		})
	}
	t.Run("func", func(t *testing.T) {
		processortest.Run(t, func(testing.TB) processor.Processor {
			return processor.Func(func(rec *load.Record, add func() *load.Request) error {
				if bytes.HasPrefix(rec.URI, []byte("/no")) {
					return fmt.Errorf("line %d", rec.Line)
				}
				for range 2 { // one record, two requests
					req := add()
					req.Method, req.URI, req.Label = req.KeepString("GET"), req.Keep(rec.URI), "twice"
				}
				return nil
			})
		}, &load.Record{URI: []byte("/no")})
	})
}

func BenchmarkProcess(b *testing.B) {
	rec := &load.Record{
		Method: []byte("GET"), URI: []byte("/presentations/logstash-monitorama-2013/images/kibana-search.png"),
		Header: []load.Field{
			field("Referer", "http://semicomplete.com/presentations/logstash-monitorama-2013/"),
			field("User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36"),
		},
	}
	rich := processor.Default()
	rich.Prefix, rich.ForwardedFor = "/v2", true
	rich.Headers = []processor.Header{{Name: "Accept", Value: "text/html"}}
	for name, c := range map[string]processor.Config{"default": processor.Default(), "rich": rich} {
		b.Run(name, func(b *testing.B) {
			p, err := processor.New(c)
			if err != nil {
				b.Fatal(err)
			}
			var req load.Request
			add := func() *load.Request { req.Reset(); return &req }
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Process(rec, add); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
