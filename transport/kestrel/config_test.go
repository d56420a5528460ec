package kestrel

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{"kestrel": {Port: 22133}, "kestrels": {Port: 22133, TLS: true}, "kestrel+unix": {Unix: true}} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "kestrel" || p.Schemes[scheme] != want || !p.Lines {
			t.Errorf("%s is %q with %+v, want kestrel with %+v", scheme, p.Name, p.Schemes[scheme], want)
		}
	}
	p, _ := transport.ByName("kestrel")
	if !strings.HasPrefix(p.Doc, "# kestrel\n") || p.Summary == "" {
		t.Errorf("summary %q, doc %.20q; want both", p.Summary, p.Doc)
	}
	if got, ok := p.Config().(*Config); !ok || *got != (Config{ValueLimit: 1 << 20}) {
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
		{Config{ValueLimit: 1, ValueSize: 1}, ""},
		{Config{}, "value_limit: 0 is too small; want at least 1 byte"},
		{Config{ValueLimit: 5, ValueSize: 6}, "value_size: 6; want 0 for none, or a size up to value_limit, 5"},
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
		Target  any
		Request struct{ Body string }
		Kestrel *Config `yaml:"kestrel"`
	}{Kestrel: config}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(example)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&spec); err != nil {
		t.Fatal(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	if want := (Config{ValueSize: 1000, ValueLimit: 65536}); *config != want {
		t.Errorf("the example gives %+v, want %+v", *config, want)
	}
	if _, err := newCodec(t, nil).AppendRequest(nil, body(spec.Request.Body), nil); err != nil {
		t.Errorf("the example's request: %v", err)
	}
}
