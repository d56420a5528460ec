package dns

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

func newCodec(tb testing.TB, change func(*Config)) transport.Datagrams {
	tb.Helper()
	config := NewConfig()
	if change != nil {
		change(config)
	}
	codec, err := config.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return codec.(transport.Datagrams)
}

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{
		"dns": {Port: 53, Datagram: true}, "dns+tcp": {Port: 53}, "dns+tls": {Port: 853, TLS: true},
	} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "dns" || p.Schemes[scheme] != want || !p.Lines {
			t.Errorf("%s:// is %q with %+v, lines %v; want dns with %+v", scheme, p.Name, p.Schemes[scheme], p.Lines, want)
		}
	}
	p, _ := transport.ByName("dns")
	if !strings.HasPrefix(p.Doc, "# dns\n") || p.Summary == "" {
		t.Errorf("summary %q, doc %.20q; want both", p.Summary, p.Doc)
	}
	if err := p.Config().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Type = "" }, `type: "": expected a record type such as A, AAAA, MX or TYPE65`},
		{func(c *Config) { c.Type = "AXFR" }, "type: AXFR: a zone transfer is many answers to one question"},
		{func(c *Config) { c.EDNS.Size = 511 }, "edns.size: 511; want 512 to 65535 bytes, or 0 for no EDNS"},
		{func(c *Config) { c.EDNS.Size = 65536 }, "edns.size: 65536; want 512 to 65535 bytes, or 0 for no EDNS"},
		{func(c *Config) { c.EDNS.Size = -1 }, "edns.size: -1; want 512 to 65535 bytes, or 0 for no EDNS"},
		{func(c *Config) { c.EDNS = EDNS{DO: true} }, "edns.do: needs EDNS; set edns.size, too"},
		{func(c *Config) { c.Sockets = -1 }, "sockets: -1 is negative"},
		{func(c *Config) { c.Type, c.EDNS, c.Sockets = "type65535x", EDNS{}, 3 }, `type: "type65535x": expected a record type`},
		{func(c *Config) { c.Type, c.EDNS, c.Sockets = "type65", EDNS{}, 3 }, ""},
	} {
		config := NewConfig()
		c.change(config)
		err := config.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %s", *config, err, c.want)
		}
		if _, made := config.NewCodec(); (made == nil) != (c.want == "") {
			t.Errorf("%+v: NewCodec says %v", *config, made)
		}
	}
}

// TestReadme decodes the example of the README, which must name every field.
func TestReadme(t *testing.T) {
	_, example, _ := strings.Cut(readme, "```yaml\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("no example")
	}
	config := NewConfig()
	section := struct {
		DNS *Config `yaml:"dns"`
	}{config}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(example)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&section); err != nil {
		t.Fatal(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	if want := (Config{Recursion: false, Type: "AAAA", EDNS: EDNS{Size: 4096, DO: true}, Sockets: 2}); *config != want {
		t.Errorf("the example gives %+v, want %+v", *config, want)
	}
}
