package discovery

import (
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	b, err := Open("static://b:2,a:1", nil)
	if err != nil || b.String() != "static://b:2,a:1" {
		t.Fatalf("%v, %v", b, err)
	}
	if _, err := RegistrarOf(b); err == nil || !strings.Contains(err.Error(), "members cannot register there") {
		t.Errorf("a list that members register in: %v", err)
	}
	for text, says := range map[string]string{
		"statik://a:1":      `no backend is called statik://; did you mean "static"?`,
		"consul://a:1":      "no backend is called consul://; there are static",
		"static://":         "expected a host",
		"static://a":        `host "a": no port`,
		"static://a:1/path": "without a path",
		"static://u@a:1":    "without a user",
		"static://a:1?x=1":  "option x is not known",
		"a:1":               "expected a URL",
	} {
		if _, err := Open(text, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; expected %q", text, err, says)
		}
	}
}

func TestRegister(t *testing.T) {
	open := func(Address, Logf) (Backend, error) { return nil, nil }
	for _, k := range []Kind{{Scheme: "static", Open: open}, {Scheme: "", Open: open}, {Scheme: "A", Open: open}, {Scheme: "a+b", Open: open}, {Scheme: "new"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is registered", k.Scheme)
				}
			}()
			Register(k)
		}()
	}
	if all := Kinds(); len(all) != 1 || all[0].Scheme != "static" {
		t.Errorf("registered: %v", all)
	}
}

func TestSplitTarget(t *testing.T) {
	for text, want := range map[string][2]string{
		"http+static://a:1,b:2":        {"http", "static://a:1,b:2"},
		"dns+tcp+static://a:1":         {"dns+tcp", "static://a:1"},
		"https+static://a:1?x=http://": {"https", "static://a:1?x=http://"},
	} {
		if scheme, rest, ok := SplitTarget(text); !ok || scheme != want[0] || rest != want[1] {
			t.Errorf("%s: %q, %q, %v", text, scheme, rest, ok)
		}
	}
	for _, text := range []string{"http://a", "dns+tcp://a", "static://a:1", "+static://a:1", "HTTP+static://a", "a:1", "/x+static", ""} {
		if _, _, ok := SplitTarget(text); ok {
			t.Errorf("%s is to be discovered", text)
		}
	}
}
