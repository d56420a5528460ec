package udp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/load"
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

// byID matches by an id at that place.
func byID(offset, size int, order string) func(*Config) {
	return func(c *Config) { c.Answers, c.ID = "id", ID{offset, size, order} }
}

func TestRegistered(t *testing.T) {
	p, ok := transport.ByScheme("udp")
	if want := (transport.Scheme{Datagram: true}); !ok || p.Name != "udp" || p.Schemes["udp"] != want || !p.Lines {
		t.Errorf("udp:// is %q with %+v, lines %v", p.Name, p.Schemes["udp"], p.Lines)
	}
	if !strings.HasPrefix(p.Doc, "# udp\n") || p.Summary == "" {
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
		{func(c *Config) { c.Encoding = "utf8" }, `encoding: "utf8": expected text, escaped, hex or base64`},
		{func(c *Config) { c.Suffix = `\` }, `suffix: escaped: "\\" at byte 1`},
		{func(c *Config) { c.OK = `\` }, `ok: escaped: "\\" at byte 1`},
		{func(c *Config) { c.Answers = "any" }, `answers: "any": expected none, order or id`},
		{func(c *Config) { c.Answers, c.OK = "none", "+" }, "ok: no answer is awaited (answers: none); leave one of them out"},
		{func(c *Config) { c.Sockets = -1 }, "sockets: -1 is negative; want a number of sockets for each target, or 0 for one for each shard"},
		{byID(0, 0, "big"), "id.size: 0; want 1 to 8 bytes"},
		{byID(0, 9, "big"), "id.size: 9; want 1 to 8 bytes"},
		{byID(-1, 1, "big"), "id.offset: -1; want 0 to 65499 bytes"},
		{byID(65500, 1, "big"), "id.offset: 65500; want 0 to 65499 bytes"},
		{byID(0, 1, "middle"), `id.order: "middle": expected big or little`},
		{byID(65499, 8, "little"), ""},
		{func(c *Config) { c.ID = ID{} }, ""},
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

func TestMatching(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   transport.Matching
		first  string
	}{
		{nil, transport.Matching{Match: transport.MatchOrder}, "answered"},
		{func(c *Config) { c.Answers, c.Sockets = "none", 3 }, transport.Matching{Match: transport.MatchNone, Sockets: 3}, "sent"},
		{byID(4, 3, "big"), transport.Matching{Match: transport.MatchKey, Bits: 24}, "answered"},
	} {
		codec := newCodec(t, c.change)
		if got := codec.Matching(); got != c.want || codec.StatusName(0) != c.first {
			t.Errorf("%+v, status 0 %q; want %+v, %q", got, codec.StatusName(0), c.want, c.first)
		}
		req := &load.Request{Body: []byte("long enough")}
		if _, err := codec.AppendRequest(nil, req, &load.Target{}); err != nil || req.OneWay != (c.first == "sent") {
			t.Errorf("%s: one way %v, %v", c.first, req.OneWay, err)
		}
	}
}

func TestAppendRequest(t *testing.T) {
	long := strings.Repeat("x", maxDatagram)
	for _, c := range []struct {
		name       string
		change     func(*Config)
		body, want string
		err        string
	}{
		{"text", nil, "PING", "PING", ""},
		{"suffix", func(c *Config) { c.Suffix = `\n` }, "PING", "PING\n", ""},
		{"only a suffix", func(c *Config) { c.Suffix = `\n` }, "", "\n", ""},
		{"hex", func(c *Config) { c.Encoding = "hex" }, "00 ff", "\x00\xff", ""},
		{"nothing", nil, "", "", errNothing.Error()},
		{"bad base64", func(c *Config) { c.Encoding = "base64" }, "*", "", "transport/udp: request: base64: illegal base64 data at input byte 0"},
		{"just room for an id", byID(2, 2, "big"), "1234", "1234", ""},
		{"no room for an id", byID(2, 2, "big"), "123", "", "transport/udp: request: 3 bytes have no room for an id from byte 3 to 4; make it longer or change udp.id"},
		{"as long as can be", nil, long, long, ""},
		{"too long", nil, long + "x", "", "transport/udp: request: 65508 bytes are too many for a datagram; want at most 65507"},
	} {
		got, err := newCodec(t, c.change).AppendRequest([]byte("before "), &load.Request{Body: []byte(c.body)}, &load.Target{})
		if string(got) != "before "+c.want || (err != nil || c.err != "") && fmt.Sprint(err) != c.err {
			t.Errorf("%s: %.100q, %v; want %.100q, %s", c.name, got, err, c.want, c.err)
		}
	}
}

func TestStampAndParse(t *testing.T) {
	for _, c := range []struct {
		offset, size int
		order        string
		key          uint64
		want         string
	}{
		{0, 1, "big", 0xfe, "\xfe23456789ab"},
		{0, 1, "little", 0xfe, "\xfe23456789ab"},
		{1, 2, "big", 0x0102, "1\x01\x02456789ab"},
		{1, 2, "little", 0x0102, "1\x02\x01456789ab"},
		{2, 3, "big", 0x010203, "12\x01\x02\x036789ab"},
		{3, 8, "big", 0x0102030405060708, "123\x01\x02\x03\x04\x05\x06\x07\x08"},
		{3, 8, "little", 0x0102030405060708, "123\x08\x07\x06\x05\x04\x03\x02\x01"},
	} {
		codec := newCodec(t, byID(c.offset, c.size, c.order))
		wire := []byte("123456789ab")
		codec.Stamp(wire, c.key)
		if string(wire) != c.want {
			t.Errorf("%+v: %q", c, wire)
		}
		resp := &load.Response{}
		key, found, err := codec.ParseDatagram(wire, resp)
		if key != c.key || !found || err != nil || resp.Body != 11 {
			t.Errorf("%+v: key %#x, found %v, %v, %+v", c, key, found, err, resp)
		}
		short := wire[:c.offset+c.size-1]
		if _, found, err := codec.ParseDatagram(short, resp); found || !errors.Is(err, ErrShort) {
			t.Errorf("%q: found %v, %v", short, found, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		ok, in, status string
		bad            bool
	}{
		{"", "anything", "answered", false},
		{"", "", "answered", false},
		{`+\x4fK`, "+OK then", "ok", false},
		{"+OK", "+OK", "ok", false},
		{"+OK", "+O", "other", true},
		{"+OK", "-ERR", "other", true},
	} {
		codec := newCodec(t, func(config *Config) { config.OK = c.ok })
		resp := &load.Response{Keep: 4}
		_, found, err := codec.ParseDatagram([]byte(c.in), resp)
		if found || err != nil || resp.Body != int64(len(c.in)) || string(resp.Content) != c.in[:min(4, len(c.in))] {
			t.Errorf("%q: found %v, %v, %+v", c.in, found, err, resp)
		}
		if got := codec.StatusName(resp.Status); got != c.status || codec.ServerError(resp.Status) != c.bad {
			t.Errorf("%q: %s, an error %v; want %s, %v", c.in, got, codec.ServerError(resp.Status), c.status, c.bad)
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
		UDP *Config `yaml:"udp"`
	}{config}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(example)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&section); err != nil {
		t.Fatal(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	want := &Config{Encoding: "escaped", Suffix: `\r\n`, Answers: "id", ID: ID{2, 2, "little"}, Sockets: 4, OK: `\x00\x01`}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Error(diff)
	}
}
