package http1

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{"http": {Port: 80}, "https": {Port: 443, TLS: true}} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "http1" || p.Schemes[scheme] != want {
			t.Errorf("%s:// is %q with %+v, want http1 with %+v", scheme, p.Name, p.Schemes[scheme], want)
		}
	}
	p, _ := transport.ByName("http1")
	if !strings.HasPrefix(p.Doc, "# http1\n") || p.Summary == "" {
		t.Errorf("summary %q, doc %.20q; want both", p.Summary, p.Doc)
	}
	if got, ok := p.Config().(*Config); !ok || *got != (Config{KeepAlive: true, HeaderLimit: 65536}) {
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
		{Config{HeaderLimit: 64}, ""},
		{Config{HeaderLimit: 65536, BodyLimit: 1}, ""},
		{Config{HeaderLimit: 63}, "header_limit: 63 is too small for any answer; want at least 64 bytes"},
		{Config{HeaderLimit: 64, BodyLimit: -1}, "body_limit: -1 is negative; want a number of bytes, or 0 for no limit"},
		{Config{BodyLimit: -5}, "header_limit: 0 is too small for any answer; want at least 64 bytes\nbody_limit: -5 is negative; want a number of bytes, or 0 for no limit"},
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

func TestStatus(t *testing.T) {
	codec := newCodec(t, nil)
	for status, server := range map[int]bool{200: false, 404: false, 499: false, 500: true, 503: true, 599: true, 600: false, 999: false} {
		if got := codec.ServerError(status); got != server {
			t.Errorf("%d is an error of the server: %v, want %v", status, got, server)
		}
	}
	if got := codec.StatusName(200); got != "200" {
		t.Errorf("status name %q", got)
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
		HTTP1 *Config `yaml:"http1"`
	}{config}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(example)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&section); err != nil {
		t.Fatal(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	if want := (Config{KeepAlive: false, HeaderLimit: 16384, BodyLimit: 10485760, ExpectContinue: true}); *config != want {
		t.Errorf("the example gives %+v, want %+v", *config, want)
	}
}
