package discovery

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]Address{
		"zk://a:1,b,[::1]:2/x/y%20z?session=2s": {Scheme: "zk", Hosts: []string{"a:1", "b", "[::1]:2"}, Path: "/x/y z"},
		"static://a:1, b:2":                     {Scheme: "static", Hosts: []string{"a:1", "b:2"}},
		"etcd://me:p%40ss@h/p/":                 {Scheme: "etcd", User: "me", Password: "p@ss", Hosts: []string{"h"}, Path: "/p/"},
		"k8s://ns/svc?token=secret&port=http":   {Scheme: "k8s", Hosts: []string{"ns"}, Path: "/svc"},
		"srv://":                                {Scheme: "srv"},
	} {
		got, err := ParseAddress(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if shown := got.String(); strings.Contains(shown, "secret") || strings.Contains(shown, "ss@") {
			t.Errorf("%s is shown as %s", text, shown)
		}
		got.query, got.masked = nil, ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v; expected %+v", text, got, want)
		}
	}
	for text, says := range map[string]string{
		"":                       "expected a URL",
		"host:2181":              "expected a URL",
		"ZK://host/path":         "expected a URL",
		"://host":                "expected a URL",
		"zk://h/%zz":             "path",
		"zk://h/p?a=%zz":         "expected options",
		"zk://u:secret%zz@h/p":   "password",
		"zk://h/p?token=secret;": "expected options",
	} {
		_, err := ParseAddress(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; expected %q", text, err, says)
		}
	}
}

func TestParseEndpoint(t *testing.T) {
	for text, want := range map[string]Endpoint{
		"host": {"host", 7}, "host:1": {"host", 1}, "[::1]": {"::1", 7}, "[2001:db8::1]:65535": {"2001:db8::1", 65535}, "10.0.0.1:80": {"10.0.0.1", 80},
	} {
		if got, err := ParseEndpoint(text, 7); err != nil || got != want {
			t.Errorf("%s: %v, %v; expected %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ":80", "host:", "host:0", "host:65536", "host:x", "host:+1", "::1", "::1:80", "[::1", "[host]:1", "a b:1", "u@h:1", "h/p:1", "[]:1"} {
		if got, err := ParseEndpoint(text, 0); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestOptions(t *testing.T) {
	a, err := ParseAddress("zk://h/p?session=2s&endpoint=admin&tls=true")
	if err != nil {
		t.Fatal(err)
	}
	o := a.Options()
	if d, e, b := o.Duration("session", time.Minute, time.Second), o.Text("endpoint", "x"), o.Bool("tls"); d != 2*time.Second || e != "admin" || !b || o.Err() != nil {
		t.Errorf("%v %v %v %v", d, e, b, o.Err())
	}
	if d, e, b := o.Duration("a", time.Minute, time.Second), o.Text("b", "x"), o.Bool("c"); d != time.Minute || e != "x" || b {
		t.Errorf("left out: %v %v %v", d, e, b)
	}
	a, err = ParseAddress("zk://h/p?sesion=2s&ttl=1ms&tls=maybe&two=1&two=2&odd=1")
	if err != nil {
		t.Fatal(err)
	}
	o = a.Options()
	o.Duration("session", time.Minute, time.Second)
	o.Duration("ttl", time.Minute, time.Second)
	o.Bool("tls")
	o.Text("two", "")
	for _, says := range []string{
		`option sesion is not known; did you mean "session"?`, `option ttl: "1ms"; expected a time of at least 1s, such as 1m0s`,
		`option tls: "maybe"; expected true or false`, "option two: given 2 times", `option odd is not known; known are ["session" "ttl" "tls" "two"]`,
	} {
		if err := o.Err(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; expected %q", err, says)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"zk://a:1,b/x?session=2s", "etcd://u:p@[::1]:1/p", "static://a:1", "srv://_x._tcp.y?server=1:2", "k8s://a/b?token=x", "a+b://c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err != nil {
			return
		}
		if a.Path != "" && a.Path[0] != '/' || !isScheme(a.Scheme) {
			t.Errorf("%q: %+v", text, a)
		}
		for _, h := range a.Hosts {
			e, err := ParseEndpoint(h, 1)
			if err != nil {
				continue
			}
			if again, err := ParseEndpoint(e.String(), 0); err != nil || again != e {
				t.Errorf("%q: %v, and again %v, %v", h, e, again, err)
			}
		}
		if scheme, rest, ok := SplitTarget(text); ok && scheme+"+"+rest != text {
			t.Errorf("%q is split into %q and %q", text, scheme, rest)
		}
	})
}
