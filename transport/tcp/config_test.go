package tcp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

func newCodec(tb testing.TB, change func(*Config)) transport.Codec {
	tb.Helper()
	config := NewConfig()
	if change != nil {
		change(config)
	}
	codec, err := config.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{
		"tcp": {}, "tcps": {TLS: true}, "tcp+tls": {TLS: true}, "unix": {Unix: true}, "tcp+unix": {Unix: true},
	} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "tcp" || p.Schemes[scheme] != want || !p.Lines {
			t.Errorf("%s: %q with %+v, lines %v; want tcp with %+v", scheme, p.Name, p.Schemes[scheme], p.Lines, want)
		}
	}
	p, _ := transport.ByName("tcp")
	if !strings.HasPrefix(p.Doc, "# tcp\n") || p.Summary == "" {
		t.Errorf("summary %q, doc %.20q; want both", p.Summary, p.Doc)
	}
	if err := p.Config().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestValidate(t *testing.T) {
	bad := `\`
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Encoding = "utf8" }, `encoding: "utf8": expected text, escaped, hex or base64`},
		{func(c *Config) { c.Suffix = &bad }, `suffix: escaped: "\\" at byte 1`},
		{func(c *Config) { c.OK = bad }, `ok: escaped: "\\" at byte 1`},
		{func(c *Config) { c.OK, c.Answer.Framing = "+", "none" }, `ok: no answer is awaited (answer.framing: none); leave one of them out`},
		{func(c *Config) { c.AnswerLimit = -1 }, `answer_limit: -1 is negative; want a number of bytes, or 0 for no limit`},
		{func(c *Config) { c.Answer.Framing = "line" }, `answer.framing: "line": expected delimiter, length, fixed, silence, close or none`},
		{func(c *Config) { c.Answer.Delimiter = "" }, `answer.delimiter: 0 bytes; want 1 to 256`},
		{func(c *Config) { c.Answer.Delimiter = strings.Repeat("x", 257) }, `answer.delimiter: 257 bytes; want 1 to 256`},
		{func(c *Config) { c.Answer.Delimiter = bad }, `answer.delimiter: escaped: "\\" at byte 1`},
		{func(c *Config) { c.Answer = Answer{Framing: "fixed"} }, `answer.size: 0; want the number of bytes of every answer, at least 1`},
		{func(c *Config) { c.Answer = Answer{Framing: "silence"} }, `answer.silence: 0s; want a time above 0, such as 50ms`},
		{func(c *Config) { c.Answer.Framing, c.Answer.Length.Offset = "length", -1 }, `answer.length.offset: -1; want 0 to 4096 bytes`},
		{func(c *Config) { c.Answer.Framing, c.Answer.Length.Size = "length", 3 }, `answer.length.size: 3; want 1, 2, 4 or 8 bytes`},
		{func(c *Config) { c.Answer.Framing, c.Answer.Length.Order = "length", "" }, `answer.length.order: "": expected big or little`},
		{func(c *Config) { c.Answer.Framing, c.Answer.Length.Adjust = "length", -1<<20-1 }, `answer.length.adjust: -1048577; want -1048576 to 1048576 bytes`},
		{func(c *Config) { c.Answer.Framing, c.OK = "close", "" }, ""},
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

func TestStatus(t *testing.T) {
	codec := newCodec(t, nil)
	for status, want := range []string{"answered", "ok", "other"} {
		if got := codec.StatusName(status); got != want {
			t.Errorf("status %d is %q, want %q", status, got, want)
		}
		if got := codec.ServerError(status); got != (want == "other") {
			t.Errorf("%s is an error of the server: %v", want, got)
		}
	}
	if got := newCodec(t, func(c *Config) { c.Answer.Framing = "none" }).StatusName(0); got != "sent" {
		t.Errorf("without answers status 0 is %q, want sent", got)
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
		TCP *Config `yaml:"tcp"`
	}{config}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(example)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&section); err != nil {
		t.Fatal(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	none := ""
	want := &Config{
		Encoding: "hex", Suffix: &none, AnswerLimit: 65536, OK: `\x00\x01`,
		Answer: Answer{
			Framing: "length", Delimiter: `\r\n`, Length: Length{Offset: 2, Size: 2, Order: "little", Adjust: -4},
			Size: 8, Silence: 20 * time.Millisecond,
		},
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Error(diff)
	}
}
