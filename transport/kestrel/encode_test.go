package kestrel

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// requests are what codecs are asked to send, and what they send, or a part of the error, behind "!".
var requests = []struct {
	req  *load.Request
	want string
}{
	{body("get work"), "get work\r\n"},
	{body("GET work/t=500/open\n"), "get work/t=500/open\r\n"},
	{body("get work/close/open"), "get work/close/open\r\n"},
	{body("get work/close"), "get work/close\r\n"},
	{body("get work/abort"), "get work/abort\r\n"},
	{body("get work/peek/t=0"), "get work/peek/t=0\r\n"},
	{body("get work+fan"), "get work+fan\r\n"},
	{&load.Request{Method: []byte("get"), Key: []byte("work")}, "get work\r\n"},
	{body("get"), "!no queue"},
	{body("get /open"), "!no queue"},
	{body("get a b"), `!word "b": nothing more was expected after get`},
	{body("get a/opne"), `!option "opne": want open, close, abort, peek or t=MILLISECONDS`},
	{body("get a/"), `!option "": want open`},
	{body("get a/t=-1"), `!option "t=-1": want open`},
	{body("get a/t=2147483648"), `!option "t=2147483648": want open`},
	{body("get a/abort/open"), `!options "a/abort/open": abort and peek go with neither open nor close nor each other`},
	{body("get a/peek/close"), `!options "a/peek/close"`},
	{body("get a/peek/abort"), `!options "a/peek/abort"`},
	{body("get " + strings.Repeat("q", 251)), "!it has 251 bytes; want at most 250"},
	{body("get " + strings.Repeat("q", 246) + "/open"), "!it has 251 bytes; want at most 250"},
	{body("get a\x01"), "!it holds a control character"},

	{body("set work 0 0 an item"), "set work 0 0 7\r\nan item\r\n"},
	{body("SET work 0 30 7\r\nan item\r\n"), "set work 0 30 7\r\nan item\r\n"},
	{&load.Request{Method: []byte("set"), URI: []byte("work"), Body: []byte("x\n")}, "set work 0 0 2\r\nx\n\r\n"},
	{body("set work 0 0"), "!no value"},
	{body("set work/open 0 0 x"), `!queue "work/open": want a name without a slash; options belong to get only`},
	{body("set work 0 0 1 noreply\r\nx"), `!word "noreply": nothing more was expected in this line`},
	{body("set work 0 0 2\r\nx"), "!announces 2 bytes of data, but 1 follow it"},
	{body("set work 0 0 " + strings.Repeat("x", 1001)), "!a value of 1001 bytes is over value_limit, 1000"},

	{body("delete work"), "delete work\r\n"},
	{body("delete"), "!no queue"},
	{body("delete a/open"), "!without a slash"},
	{body("flush work"), "flush work\r\n"},
	{body("roll work"), "roll work\r\n"},
	{body("flush_all"), "flush_all\r\n"},
	{body("flush_all\r\nstats\r\n"), "!flush_all has no data; make one request of each command"},
	{body("flush_expired work"), "flush_expired work\r\n"},
	{body("flush_all_expired"), "flush_all_expired\r\n"},
	{body("monitor work 10"), "monitor work 10\r\n"},
	{body("monitor work 10 5"), "monitor work 10 5\r\n"},
	{body("monitor work"), `!number "": want one from 0 to 2147483647`},
	{body("monitor work 1 x"), `!number "x": want one from 0 to 2147483647`},
	{body("confirm work 5"), "confirm work 5\r\n"},
	{body("reload"), "reload\r\n"},
	{body("stats"), "stats\r\n"},
	{body("stats x"), `!word "x": nothing more was expected after stats`},
	{body("dump_stats"), "dump_stats\r\n"},
	{body("dump_config"), "dump_config\r\n"},
	{body("version"), "version\r\n"},
	{body("status"), "status\r\n"},
	{body("status ReadOnly"), "status ReadOnly\r\n"},
	{body("status \x01"), "!it holds a control character"},
	{body("add a 0 0 x"), `!command "add": want one of get set delete`},
	{body("quit"), `!command "quit"`},
}

func TestAppendRequest(t *testing.T) {
	codec := newCodec(t, limited)
	for _, c := range requests {
		req := *c.req
		req.OneWay, req.Hold = true, 7 // left over
		got, err := codec.AppendRequest([]byte("kept"), &req, nil)
		if text, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.HasPrefix(err.Error(), "transport/kestrel: ") || !strings.Contains(err.Error(), text) || string(got) != "kept" {
				t.Errorf("%.60q: %q, %v; want error %q", req.Body, got, err, text)
			}
			continue
		}
		if err != nil || string(got) != "kept"+c.want || req.OneWay || req.Hold != 0 {
			t.Errorf("%.60q: %q, %v; want %q", req.Body, got, err, c.want)
		}
	}
}

func TestValueSize(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.ValueSize = 5 })
	if got, err := codec.AppendRequest(nil, body("set work 0 0"), nil); err != nil || string(got) != "set work 0 0 5\r\nabcde\r\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLabels(t *testing.T) {
	labels := newCodec(t, nil).(interface{ Label(*load.Request) string })
	for line, want := range map[string]string{"GET a/open": "get", "dump_stats\n": "dump_stats", "mg a": ""} {
		if got := labels.Label(body(line)); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// FuzzAppendRequest: what is not refused is one command, which is the same when it is sent as it stands once more.
func FuzzAppendRequest(f *testing.F) {
	for _, c := range requests {
		f.Add(c.req.Method, c.req.URI, c.req.Body, c.req.Key)
	}
	f.Fuzz(func(t *testing.T, method, uri, text, key []byte) {
		codec := newCodec(t, limited)
		wire, err := codec.AppendRequest([]byte("kept"), &load.Request{Method: method, URI: uri, Body: text, Key: key}, nil)
		if err != nil {
			if string(wire) != "kept" || !strings.HasPrefix(err.Error(), "transport/kestrel: ") {
				t.Fatalf("dst %q with error %v", wire, err)
			}
			return
		}
		wire = wire[len("kept"):]
		line, rest, found := strings.Cut(string(wire), "\r\n")
		if !found || len(line) > 600 || (rest != "") != strings.HasPrefix(line, "set ") || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
			t.Fatalf("%q", wire)
		}
		if again, err := codec.AppendRequest(nil, &load.Request{Body: wire}, nil); err != nil || string(again) != string(wire) {
			t.Fatalf("%q again is %q, %v", wire, again, err)
		}
	})
}
