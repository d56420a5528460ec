package memcached

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{
		"memcached": {Port: 11211}, "memcacheds": {Port: 11211, TLS: true}, "memcached+unix": {Unix: true},
	} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "memcached" || p.Schemes[scheme] != want || !p.Lines {
			t.Errorf("%s is %q with %+v, want memcached with %+v", scheme, p.Name, p.Schemes[scheme], want)
		}
	}
	p, _ := transport.ByName("memcached")
	if !strings.HasPrefix(p.Doc, "# memcached\n") || p.Summary == "" {
		t.Errorf("summary %q, doc %.20q; want both", p.Summary, p.Doc)
	}
	if got, ok := p.Config().(*Config); !ok || *got != (Config{Distribution: "ketama", ValueLimit: 1 << 20}) {
		t.Errorf("defaults %+v", got)
	}
	if p.Config() == p.Config() {
		t.Error("two configurations are one")
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Distribution: "none", ValueLimit: 1, ValueSize: 1}, ""},
		{Config{Distribution: "modula", ValueLimit: 10}, ""},
		{
			Config{Distribution: "random", ValueLimit: 0, ValueSize: 3},
			"distribution: \"random\" is not known; want ketama, modula or none\nvalue_limit: 0 is too small; want at least 1 byte\n" +
				"value_size: 3; want 0 for none, or a size up to value_limit, 0",
		},
		{Config{Distribution: "ketama", ValueLimit: 5, ValueSize: -1}, "value_size: -1; want 0 for none, or a size up to value_limit, 5"},
	} {
		got := ""
		if err := c.config.Validate(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.config, got, c.want)
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
	spec := struct {
		Target    any
		Request   any
		Memcached *Config `yaml:"memcached"`
	}{Memcached: config}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(example)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&spec); err != nil {
		t.Fatal(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	if want := (Config{Distribution: "modula", ValueSize: 100, ValueLimit: 65536, NoReply: true}); *config != want {
		t.Errorf("the example gives %+v, want %+v", *config, want)
	}
}
