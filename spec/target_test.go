package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/load"
)

func TestParseTarget(t *testing.T) {
	for _, test := range []struct {
		url  string
		want load.Target
	}{
		{"http://127.0.0.1:8080", load.Target{Scheme: "http", Host: "127.0.0.1", Port: 8080}},
		{"http://shop.example", load.Target{Scheme: "http", Host: "shop.example", Port: 80}},
		{"HTTPS://shop.example/", load.Target{Scheme: "https", Host: "shop.example", Port: 443, TLS: true}},
		{"https://[::1]:8443/a/b%2Fc/", load.Target{Scheme: "https", Host: "::1", Port: 8443, Path: "/a/b%2Fc", TLS: true}},
		{"http://[::1]", load.Target{Scheme: "http", Host: "::1", Port: 80}},
		{"fake://h:1", load.Target{Scheme: "fake", Host: "h", Port: 1}},
		{"fakes://h", load.Target{Scheme: "fakes", Host: "h", Port: 99, TLS: true}},
	} {
		got, err := ParseTarget(test.url)
		test.want.URL = test.url
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", test.url, err, diff)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"127.0.0.1:8080":        `"127.0.0.1:8080": expected a URL (did you mean http://127.0.0.1:8080?)`,
		"localhost":             `"localhost": expected a URL (did you mean http://localhost?)`,
		"localhost:8080/x":      `"localhost:8080/x": expected a URL (did you mean http://localhost:8080/x?)`,
		"shop.example/cart":     `"shop.example/cart": expected a URL (did you mean http://shop.example/cart?)`,
		"[::1]:80":              `"[::1]:80": expected a URL (did you mean http://[::1]:80?)`,
		"":                      `"": expected a URL such as http://127.0.0.1:8080`,
		"shop":                  `"shop": expected a URL such as http://127.0.0.1:8080`,
		"htp://h":               `"htp://h": no transport speaks htp://; expected fake, fakes, http, http+unix or https (did you mean http?)`,
		"http://":               `"http://": expected a host, such as http://127.0.0.1:8080`,
		"http://h:":             `"http://h:": expected a port between 1 and 65535, such as h:8080`,
		"http://h:0":            `"http://h:0": expected a port between 1 and 65535, such as h:8080`,
		"http://[::1]:0":        `"http://[::1]:0": expected a port between 1 and 65535, such as [::1]:8080`,
		"http://h:x":            `"http://h:x": expected a URL such as http://127.0.0.1:8080: invalid port ":x" after host`,
		"http://u:secret@h":     `"http://***@h": expected no user and password in the URL; give them as a header, Authorization: Basic …`,
		"http://u:sec%ret@h":    `"http://***@h": expected a URL such as http://127.0.0.1:8080: invalid URL escape "%re"`,
		"http://h/?token=s&a=b": `"http://h/?token=***&a=b": expected no query and no fragment in a target; they belong in request.uri or in the records`,
		"http://h?":             `"http://h?": expected no query and no fragment in a target; they belong in request.uri or in the records`,
		"http://h#":             `"http://h#": expected no query and no fragment in a target; they belong in request.uri or in the records`,
		"http://h/a b\n":        `"http://h/a b\n": expected a URL such as http://127.0.0.1:8080: net/url: invalid control character in URL`,
	} {
		if _, err := ParseTarget(url); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestTransport(t *testing.T) {
	s, err := Parse("s.yaml", []byte("target: fakes://h\nfake: {ping: 5s, max_limit: 1KiB, own: own, free: [1, {a: b}], depth: 3, weights: {a: 1}, share: 0.5}"))
	if err != nil {
		t.Fatal(err)
	}
	p, config := s.Transport()
	depth := 3
	want := &fakeConfig{
		Ping: 5e9, Share: 0.5, MaxLimit: 1024, Own: own{"own"}, Free: []any{1, map[string]any{"a": "b"}},
		Weights: map[string]int{"a": 1}, Inner: inner{Depth: &depth},
	}
	if diff := cmp.Diff(want, config, cmp.AllowUnexported(own{})); p.Name != "fake" || diff != "" {
		t.Errorf("%s, -want +got:\n%s", p.Name, diff)
	}
	s.Protocols = nil
	if _, config := s.Transport(); cmp.Diff(&fakeConfig{Ping: 1e9}, config, cmp.AllowUnexported(own{})) != "" {
		t.Errorf("without options: %+v", config)
	}
	if p, _ := Defaults().Transport(); p.Name != "" {
		t.Errorf("without a target: %s", p.Name)
	}
}

func TestAddressesSayWhatIsWrong(t *testing.T) {
	s := Defaults()
	s.Targets = []string{"http://h", "x"}
	if _, err := s.Addresses(); err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Error(err)
	}
}
