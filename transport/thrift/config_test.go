package thrift

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{
		"thrift": {Port: 9090}, "thrifts": {Port: 9090, TLS: true}, "thrift+unix": {Unix: true},
	} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "thrift" || p.Schemes[scheme] != want || !p.Lines || !strings.HasPrefix(p.Doc, "# thrift") {
			t.Errorf("%s: %+v", scheme, p)
		}
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Transport = "http" }, `transport: "http": expected framed, buffered, header`},
		{func(c *Config) { c.Protocol = "xml" }, `protocol: "xml": expected binary, compact, json`},
		{func(c *Config) { c.Mode = "x" }, `mode: "x": expected idl, raw, client`},
		{func(c *Config) { c.Raw = "utf8" }, `raw: "utf8": expected hex, base64`},
		{func(c *Config) { c.Mode = "idl" }, `idl: mode idl needs the .thrift file that the calls are checked against`},
		{func(c *Config) { c.Service = "A" }, `service: "A" is looked for in an IDL file; give it as idl`},
		{func(c *Config) { c.Transport, c.Protocol = "header", "json" }, `protocol: the header transport carries binary and compact only`},
		{func(c *Config) { c.Info = map[string]string{"a": "b"} }, `info: info headers need transport: header`},
		{
			func(c *Config) { c.Transport, c.Info = "header", map[string]string{"a": strings.Repeat("b", 1<<18)} },
			`info: the headers take 262156 bytes; the transport has room for 262140`,
		},
		{func(c *Config) { c.Upgrade, c.Transport = true, "buffered" }, `upgrade: Finagle's extension is one of the framed transport with the strict binary protocol`},
		{func(c *Config) { c.ClientID = "x" }, `client_id: it and sampled travel in the headers that upgrade: true asks for`},
		{func(c *Config) { c.FrameLimit = 1 }, `frame_limit: 1: expected 64 to 1073741823 bytes`},
	}
	for _, tt := range tests {
		c := NewConfig()
		tt.change(c)
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestIDLAndService(t *testing.T) {
	dir := t.TempDir()
	empty, broken := filepath.Join(dir, "empty.thrift"), filepath.Join(dir, "broken.thrift")
	for file, text := range map[string]string{empty: "struct S {}\n", broken: "service S {\n  void f(1: i33 a)\n}\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ idl, service, want string }{
		{"testdata/all.thrift", "", "transport/thrift: service: testdata/all.thrift has Base, All; say which is called"},
		{"testdata/all.thrift", "Al", `transport/thrift: service: testdata/all.thrift has no service "Al"; it has Base, All`},
		{empty, "", "transport/thrift: service: " + empty + " has none; say which is called"},
		{broken, "", broken + ":2:"},
		{filepath.Join(dir, "none.thrift"), "", "none.thrift"},
	}
	for _, tt := range tests {
		c := NewConfig()
		c.IDL, c.Service = tt.idl, tt.service
		_, err := c.NewCodec()
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "transport/thrift") {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

func TestLabel(t *testing.T) {
	codec := allCodec(t, nil)
	req, _ := ask(t, codec, "", `{"method": "ping"}`) // inherited
	if got := codec.Label(req); got != "ping" {
		t.Errorf("got %q", got)
	}
	for _, wire := range []string{"", "\x00\x00", "\x00\x00\x00\x00\x80"} {
		if got := codec.Label(&load.Request{Wire: []byte(wire)}); got != "" {
			t.Errorf("%q: got %q", wire, got)
		}
	}
}
