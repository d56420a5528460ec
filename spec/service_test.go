package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/load"
)

// secretive is a backend whose addresses may have all that one can have.
func init() {
	discovery.Register(discovery.Kind{Scheme: "secretive", Open: func(discovery.Address, discovery.Logf) (discovery.Backend, error) { return nil, nil }})
}

func TestServices(t *testing.T) {
	s := Defaults()
	s.Targets = []string{"fakes+static://a:1,[::1]:2", "fakes://x", "FAKES+secretive://me:p%40ss@h,i/web?token=abc&session=4s#/api%2Fv2/", "fakes://y"}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	fixed, err := s.Addresses()
	if err != nil || len(fixed) != 2 || fixed[0].URL != "fakes://x" || fixed[1].URL != "fakes://y" {
		t.Fatalf("%v, %v", fixed, err)
	}
	got, err := s.Services()
	want := []Service{
		{URL: "fakes+static://a:1,[::1]:2", Address: "static://a:1,[::1]:2"},
		{URL: "fakes+secretive://me:***@h,i/web?token=***&session=4s#/api%2Fv2/", Address: "secretive://me:p%40ss@h,i/web?token=abc&session=4s", Before: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Service{})); diff != "" || err != nil {
		t.Fatalf("%v, -want +got:\n%s", err, diff)
	}
	member := got[1].Target(discovery.Member{Host: "::1", Port: 80, Name: "member_1"})
	if diff := cmp.Diff(load.Target{URL: "fakes://[::1]:80/api%2Fv2", Scheme: "fakes", Host: "::1", Port: 80, TLS: true, Path: "/api%2Fv2"}, member); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if sample := got[0].Sample(); sample.URL != got[0].URL || !sample.TLS || sample.Scheme != "fakes" {
		t.Errorf("%+v", sample)
	}
	if p, _ := s.Transport(); p.Name != "fake" {
		t.Errorf("transport %s", p.Name)
	}
}

func TestServicesRefuse(t *testing.T) {
	for url, want := range map[string]string{
		"http+statik://a:1":           `"http+statik://a:1": no discovery backend is called statik; expected secretive or static behind the plus (did you mean static?)`,
		"htp+static://a:1":            `"htp+static://a:1": no transport speaks htp://; expected fake, fakes, http, http+unix or https before the plus (did you mean http?)`,
		"http+unix+static://a:1":      `"http+unix+static://a:1": members have a host and a port, but http+unix: is for Unix sockets`,
		"http+static://a":             `"http+static://a": static://a: host "a": no port; expected HOST:PORT`,
		"http+static://a:1?x=1":       `"http+static://a:1?x=1": static://a:1?x=1: option x is not known`,
		"http+static://a:1#b":         `"http+static://a:1#b": expected a path such as /api behind #, to be put before every request's; a # that belongs to the address is written %23`,
		"http+static://a:1#/b?c":      `"http+static://a:1#/b?c": expected a path such as /api behind #, to be put before every request's; a # that belongs to the address is written %23`,
		"http+static://u:secret@a:1":  `"http+static://u:***@a:1": static://u:***@a:1: expected hosts only, without a user`,
		"http+static://u:sec%ret@a:1": `"http+static://***@a:1": static://…@a:1: password: expected %25 for a percent sign`,
		"a+b://c":                     `"a+b://c": no transport speaks a+b://; expected fake, fakes, http, http+unix or https`,
	} {
		s := Defaults()
		s.Target = url
		if err := s.Validate(); err == nil || err.Error() != "target: "+want {
			t.Errorf("got  %v\nwant target: %s", err, want)
		}
	}
}

func TestServicesAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"targets: [http+static://a:1, fake://b:1]":                      `s.yaml:1:30: targets[1]: "fake://b:1": speaks fake, but the targets before it http1: a run has one protocol`,
		"target: http+static://a:1\ntls: {insecure: true}":              `s.yaml:2:6: tls: no target is reached by TLS; expected a URL such as https://… beside it`,
		"target: https+static://a:1\ntls: {insecure: true}":             "",
		"target: https+static://a:1\nfake: {ping: 1s}":                  `s.yaml:2:7: fake: no target speaks fake; expected options of http1`,
		"target: http+static://a:1\ndiscovery_wait: 0s":                 `s.yaml:2:17: discovery_wait: 0: expected a duration above 0, such as 30s`,
		"target: http+static://a:1#/api\nhttp1: {}\ndiscovery_wait: 5s": "",
	} {
		switch _, err := Parse("s.yaml", []byte(text)); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
		if err := check(compiled(t), text); err != nil && want == "" {
			t.Errorf("the schema refuses %s: %v", text, err)
		}
	}
}

func TestServicesAreMasked(t *testing.T) {
	s := Defaults()
	s.Target = "http+secretive://me:geheim@h,i/web?token=geheim&session=4s#/api"
	text, err := s.YAML()
	if want := "http+secretive://me:***@h,i/web?token=***&session=4s#/api"; err != nil || !strings.Contains(string(text), want) || strings.Contains(string(text), "geheim") {
		t.Errorf("%v; expected %s in\n%s", err, want, text)
	}
}

func TestNamesOfServices(t *testing.T) {
	for url, want := range map[string]string{
		"http+secretive://zk1:2181,zk2:2181/service/web": "web", "http+static://10.0.0.1:80,b:1#/api": "10-0-0-1-80",
		"http+secretive://_http._tcp.shop.example": "_http-_tcp-shop-example", "https+secretive://shop/web?port=https": "web",
	} {
		s := Defaults()
		s.Target = url
		if s.Complete(); s.Name != want {
			t.Errorf("%s: %q; expected %q", url, s.Name, want)
		}
	}
}
