package memcached

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

var (
	key250 = strings.Repeat("k", 250)
	fill70 = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.abcdef"
)

// requests are what codecs are asked to send, and what they send, or the end of the error, which begins with "!".
var requests = []struct {
	req    *load.Request
	want   string
	oneWay bool
}{
	// Retrieval.
	{body("get a"), "get a\r\n", false},
	{body("get a\n"), "get a\r\n", false},
	{body("get a\r\n"), "get a\r\n", false},
	{body("  get   a  b "), "get a b\r\n", false},
	{body("GETS a b c"), "gets a b c\r\n", false},
	{body("gat 60 a b"), "gat 60 a b\r\n", false},
	{body("gats -1 \xffkey"), "gats -1 \xffkey\r\n", false},
	{body("get " + key250), "get " + key250 + "\r\n", false},
	{parts("get", "a b", ""), "get a b\r\n", false},
	{&load.Request{Method: []byte("get"), Key: []byte("k")}, "get k\r\n", false},
	{body("get"), "!no key", false},
	{body("get a\tb"), `!key "a\tb": it holds a control character`, false},
	{body("get a\rb"), `!key "a\rb": it holds a control character`, false},
	{body("get a " + key250 + "k"), `!it has 251 bytes; want at most 250`, false},
	{body("gat a"), `!expiry time "a": want a number of seconds, or a Unix time`, false},
	{body("gat 1"), "!no key", false},
	{body("get a\r\nget b\r\n"), `!second line "get b\r\n": get has no data; make one request of each command`, false},
	{parts("get", "a", "x"), `!body "x": get has no data; leave the body out`, false},

	// Storage: one line, the wire's form, parts.
	{body("set a 0 0 hello"), "set a 0 0 5\r\nhello\r\n", false},
	{body("set a 0 0 hello\n"), "set a 0 0 5\r\nhello\r\n", false},
	{body("set a 4294967295 -1  two words  "), "set a 4294967295 -1 12\r\n two words  \r\n", false},
	{body("set a 0 0 5"), "set a 0 0 1\r\n5\r\n", false},
	{body("set a 0 0 "), "set a 0 0 0\r\n\r\n", false},
	{body("set a 0 0 noreply"), "set a 0 0 7\r\nnoreply\r\n", false},
	{body("set a 0 0 5\r\nhello"), "set a 0 0 5\r\nhello\r\n", false},
	{body("set a 0 0 5\r\nhello\r\n"), "set a 0 0 5\r\nhello\r\n", false},
	{body("set a 0 0 5\nhello\n"), "set a 0 0 5\r\nhello\r\n", false},
	{body("set a 0 0 7\r\nhello\r\n"), "set a 0 0 7\r\nhello\r\n\r\n", false},
	{body("set a 0 0 6\r\nhello\r\n"), "!announces 6 bytes of data, but 7 follow it", false},
	{body("set a 0 0 0\r\n\r\n"), "set a 0 0 0\r\n\r\n", false},
	{body("set a 0 0 5 noreply\r\nhello\r\n"), "set a 0 0 5 noreply\r\nhello\r\n", true},
	{body("add a 1 2 x"), "add a 1 2 1\r\nx\r\n", false},
	{body("replace a 1 2 x"), "replace a 1 2 1\r\nx\r\n", false},
	{body("append a 1 2 x"), "append a 1 2 1\r\nx\r\n", false},
	{body("prepend a 1 2 x"), "prepend a 1 2 1\r\nx\r\n", false},
	{body("cas a 1 2 18446744073709551615 x y"), "cas a 1 2 3 18446744073709551615\r\nx y\r\n", false},
	{body("cas a 1 2 1 7 noreply\r\nx"), "cas a 1 2 1 7 noreply\r\nx\r\n", true},
	{parts("set", "a", "x\r\ny"), "set a 0 0 4\r\nx\r\ny\r\n", false},
	{parts("set", "a 1", ""), "set a 1 0 0\r\n\r\n", false},
	{parts("Set", "a 1 2 noreply", "x"), "set a 1 2 1 noreply\r\nx\r\n", true},
	{parts("cas", "a 1 2 3", "x"), "cas a 1 2 1 3\r\nx\r\n", false},
	{body("set a 0 0"), "!no value; put it at the end of the line, or set value_size to have one made", false},
	{body("set a 0"), `!expiry time "": want a number of seconds, or a Unix time`, false},
	{body("set"), "!no key", false},
	{body("set a 4294967296 0 x"), `!flags "4294967296": want a number from 0 to 4294967295`, false},
	{body("set a -1 0 x"), `!flags "-1": want a number from 0 to 4294967295`, false},
	{body("set a 0 2147483648 x"), `!expiry time "2147483648": want a number of seconds, or a Unix time`, false},
	{body("cas a 0 0 x y"), `!cas unique "x": want the number that gets told`, false},
	{parts("cas", "a", "x"), `!cas unique "": want the number that gets told`, false},
	{body("set a 0 0 4\r\nhello\r\n"), "!announces 4 bytes of data, but 7 follow it", false},
	{body("set a 0 0 9\r\nhello\r\n"), "!announces 9 bytes of data, but 7 follow it", false},
	{body("set a 0 0 x\r\nhello\r\n"), `!number of bytes "x": where data follows on a line of its own, the command line tells its length`, false},
	{body("set a 0 0 5 norply\r\nhello\r\n"), `!word "norply": nothing more was expected in this line`, false},
	{body("set a 0 0 1001\r\n" + strings.Repeat("x", 1001)), "!a value of 1001 bytes is over value_limit, 1000", false},

	// The other text commands.
	{body("delete a"), "delete a\r\n", false},
	{body("delete a 0 noreply"), "delete a 0 noreply\r\n", true},
	{body("delete a 5"), `!word "5": nothing more was expected after delete`, false},
	{body("incr a 18446744073709551615"), "incr a 18446744073709551615\r\n", false},
	{body("decr a 1 noreply"), "decr a 1 noreply\r\n", true},
	{body("incr a -1"), `!number "-1": want one from 0 to 18446744073709551615`, false},
	{body("incr a 18446744073709551616"), `!number "18446744073709551616": want one from 0 to 18446744073709551615`, false},
	{body("incr a"), `!number "": want one from 0 to 18446744073709551615`, false},
	{body("touch a 60"), "touch a 60\r\n", false},
	{body("touch a 60 noreply"), "touch a 60 noreply\r\n", true},
	{body("touch a"), `!expiry time "": want a number of seconds, or a Unix time`, false},
	{body("flush_all"), "flush_all\r\n", false},
	{body("flush_all 10 noreply"), "flush_all 10 noreply\r\n", true},
	{body("flush_all noreply"), "flush_all noreply\r\n", true},
	{body("flush_all x"), `!number "x": want one from 0 to 18446744073709551615`, false},
	{body("verbosity 1"), "verbosity 1\r\n", false},
	{body("version"), "version\r\n", false},
	{body("version x"), `!word "x": nothing more was expected after version`, false},
	{body("stats"), "stats\r\n", false},
	{body("stats detail on"), "stats detail on\r\n", false},
	{body("stats \x00"), `!word "\x00": it holds a control character`, false},

	// Meta commands.
	{body("mn"), "mn\r\n", false},
	{body("mg a"), "mg a\r\n", false},
	{body("mg a s v t Oabc"), "mg a s v t Oabc\r\n", false},
	{body("mg a v q"), "mg a v q\r\nmn\r\n", false},
	{body("mg a v \x7f"), `!word "\x7f": it holds a control character`, false},
	{body("mg"), "!no key", false},
	{body("me a"), "me a\r\n", false},
	{body("md a q I T30"), "md a q I T30\r\nmn\r\n", false},
	{body("ma a N0 J13 v"), "ma a N0 J13 v\r\n", false},
	{body("ms a 70 T0 c"), "ms a 70 T0 c\r\n" + fill70 + "\r\n", false},
	{body("ms a 2 T0 c\r\nhi\r\n"), "ms a 2 T0 c\r\nhi\r\n", false},
	{body("ms a 2 q\nhi"), "ms a 2 q\r\nhi\r\nmn\r\n", false},
	{parts("ms", "a T0", "hi"), "ms a 2 T0\r\nhi\r\n", false},
	{parts("ms", "a", ""), "ms a 0\r\n\r\n", false},
	{body("ms a T0"), `!number of bytes "T0": want the length of the value, which is made; or the value on a line of its own`, false},
	{body("ms a 3\r\nhi\r\n"), "!announces 3 bytes of data, but 4 follow it", false},
	{body("ms a 1001"), "!a value of 1001 bytes is over value_limit, 1000", false},
	{body("ms a 1 \x01"), `!word "\x01": it holds a control character`, false},
	{body("ms"), "!no key", false},

	{body("quit"), `!command "quit": want one of get gets gat gats set add`, false},
	{body(""), `!command "": want one of get`, false},
	{body(strings.Repeat("x", 100)), `!…: want one of get`, false},
}

func limited(c *Config) { c.ValueLimit = 1000 }

func TestAppendRequest(t *testing.T) {
	codec := newCodec(t, limited)
	for _, c := range requests {
		req := *c.req
		req.OneWay, req.Hold = true, 7 // left over
		got, err := codec.AppendRequest([]byte("kept"), &req, nil)
		if text, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.HasPrefix(err.Error(), "transport/memcached: ") || !strings.Contains(err.Error(), text) || string(got) != "kept" {
				t.Errorf("%.60q %.60q: %q, %v; want error %q", req.Method, req.Body, got, err, text)
			}
			continue
		}
		if err != nil || string(got) != "kept"+c.want || req.OneWay != c.oneWay || req.Hold != 0 {
			t.Errorf("%.60q %.60q: %q, %v, one way %v; want %q, %v", req.Method, req.Body, got, err, req.OneWay, c.want, c.oneWay)
		}
	}
}

func TestNoReply(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.NoReply = true })
	for line, want := range map[string]string{
		"set a 0 0 x":          "set a 0 0 1 noreply\r\nx\r\n",
		"cas a 0 0 9 x":        "cas a 0 0 1 9 noreply\r\nx\r\n",
		"delete a":             "delete a noreply\r\n",
		"delete a noreply":     "delete a noreply\r\n",
		"incr a 1":             "incr a 1 noreply\r\n",
		"touch a 1":            "touch a 1 noreply\r\n",
		"flush_all":            "flush_all noreply\r\n",
		"verbosity 1":          "verbosity 1 noreply\r\n",
		"get a":                "get a\r\n",
		"version":              "version\r\n",
		"ms a 1":               "ms a 1\r\na\r\n",
		"md a":                 "md a\r\n",
		"set a 0 0 1\r\nx\r\n": "set a 0 0 1 noreply\r\nx\r\n",
	} {
		req := body(line)
		got, err := codec.AppendRequest(nil, req, nil)
		if err != nil || string(got) != want || req.OneWay != strings.Contains(want, "noreply") {
			t.Errorf("%q: %q, %v, one way %v; want %q", line, got, err, req.OneWay, want)
		}
	}
}

func TestValueSize(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.ValueSize = 70 })
	for _, c := range []struct {
		req  *load.Request
		want string
	}{
		{body("set a 0 0"), "set a 0 0 70\r\n" + fill70 + "\r\n"},
		{body("set a 0 0 x"), "set a 0 0 1\r\nx\r\n"},
		{body("cas a 0 0 5"), "cas a 0 0 70 5\r\n" + fill70 + "\r\n"},
		{parts("add", "a", ""), "add a 0 0 70\r\n" + fill70 + "\r\n"},
		{parts("ms", "a c", ""), "ms a 70 c\r\n" + fill70 + "\r\n"},
		{body("ms a 0 c"), "ms a 0 c\r\n\r\n"},
		{body("set a 0 0 0\r\n\r\n"), "set a 0 0 0\r\n\r\n"},
	} {
		if got, err := codec.AppendRequest(nil, c.req, nil); err != nil || string(got) != c.want {
			t.Errorf("%q: %q, %v; want %q", c.req.Body, got, err, c.want)
		}
	}
}

func TestLabels(t *testing.T) {
	labels := newCodec(t, nil).(interface{ Label(*load.Request) string })
	for want, req := range map[string]*load.Request{
		"get": body("get a"), "set": body("SET a 0 0 x"), "flush_all": body("flush_all\n"), "mg": parts("mg", "a", ""), "": body("nothing known"),
	} {
		if got := labels.Label(req); got != want {
			t.Errorf("%q: %q, want %q", req.Body, got, want)
		}
	}
}
