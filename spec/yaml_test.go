package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestYAMLLoadsAgain(t *testing.T) {
	for _, file := range []string{"testdata/full.yaml", "testdata/minimal.yaml"} {
		first, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := first.YAML()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "spec.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		second, err := Load(path)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		first.Complete()
		first.absolute()
		sameProtocols := cmpopts.IgnoreMapEntries(func(name string, _ any) bool { return name == "http1" && file == "testdata/minimal.yaml" })
		if diff := cmp.Diff(first, second, public, sameProtocols, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -first +again:\n%s", file, diff)
		}
		if again, err := second.YAML(); err != nil || string(again) != string(text) {
			t.Errorf("%s: written again (%v):\n%s", file, err, cmp.Diff(string(text), string(again)))
		}
	}
}

func TestYAMLSaysEverything(t *testing.T) {
	s, err := Parse("tiny.yaml", []byte("target: http://127.0.0.1:8080"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/effective.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	if s.Name != "" || len(s.Protocols) != 0 {
		t.Errorf("writing changed the spec: name %q, protocols %v", s.Name, s.Protocols)
	}
}

func TestYAMLMasksSecrets(t *testing.T) {
	s, err := Parse("s.yaml", []byte(`
target: fake://h:1
request:
  uri: /login?user=jo&access_token=PUBLICNOT&x=1#end
  prefix: /v1
  headers:
    authorization: Bearer PUBLICNOT
    Cookie: [a=PUBLICNOT, b=PUBLICNOT]
    Proxy-Authorization: PUBLICNOT
    X-Api-Key: PUBLICNOT
    X-Auth-Token: PUBLICNOT
    Accept: text/html
fake: {password: PUBLICNOT}
`))
	if err != nil {
		t.Fatal(err)
	}
	s.TLS = TLS{Cert: "/etc/client.pem", Key: "/etc/client.key"}
	data, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if strings.Contains(text, "PUBLICNOT") || strings.Count(text, masked) != 8 {
		t.Errorf("secrets are left:\n%s", text)
	}
	for _, open := range []string{"uri: /login?user=jo&access_token=***&x=1#end", "Accept: text/html", "key: /etc/client.key"} {
		if !strings.Contains(text, open) {
			t.Errorf("%q is missing:\n%s", open, text)
		}
	}
	if s.Request.Headers[0].Value != "Bearer PUBLICNOT" {
		t.Error("writing masked the spec itself")
	}
}

func TestMaskURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://h/a/b":              "http://h/a/b",
		"http://u:p@h:80/a@b":       "http://***@h:80/a@b",
		"http://u:p/q@h":            "http://u:p/q@h",
		"/a?b=c&token=d":            "/a?b=c&token=***",
		"/a?X-Amz-Signature=d":      "/a?X-Amz-Signature=***",
		"/a?%74oken=d&sig=":         "/a?%74oken=***&sig=***",
		"/a?token":                  "/a?token=***",
		"/a?monkey=1&keyboard=2#t=": "/a?monkey=1&keyboard=2#t=",
	} {
		if got := maskURL(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestSHA256(t *testing.T) {
	hash := func(name, text string) string {
		t.Helper()
		s, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := s.SHA256()
		if err != nil || len(sum) != 64 {
			t.Fatal(sum, err)
		}
		return sum
	}
	base := hash("a.yaml", "name: n\ntarget: http://h\nrequest: {headers: {Cookie: a}}")
	for text, same := range map[string]bool{
		"# layout and defaults do not matter\ntimeout: 30000ms\nrate: 6000/m\nhttp1: {}\nrequest:\n  headers: {'Cookie': 'a'}\ntarget: http://h\nname: n": true,
		"name: n\ntarget: http://h\nrequest: {headers: {Cookie: b}}":                                                                                      false,
		"name: n\ntarget: http://h\nrequest: {headers: {Cookie: a}}\nrate: 99/s":                                                                          false,
		"name: n\ntarget: http://h\nrequest: {headers: {Cookie: a}, uri: /?token=a}":                                                                      false,
		"name: n\ntarget: http://h\nrequest: {headers: {Cookie: a}}\nhttp1: {body_limit: 1}":                                                              false,
	} {
		if got := hash("b.yaml", text); (got == base) != same {
			t.Errorf("same = %v, want %v:\n%s", !same, same, text)
		}
	}
	records := hash("testdata/a.yaml", "name: n\ntarget: http://h\nrecords: access.log")
	t.Chdir("testdata")
	if got := hash("a.yaml", "name: n\ntarget: http://h\nrecords: access.log"); got != records {
		t.Error("depends on the working directory")
	}
}

func TestFilesAreRelativeToTheSpec(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b.txt"), []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s.yaml")
	for _, file := range []string{"b.txt", filepath.Join(dir, "b.txt")} {
		if err := os.WriteFile(path, []byte("target: http://h\nout: o\nrecords: {file: '-'}\nrequest: {body_file: "+file+"}"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if s.Request.BodyFile != filepath.Join(dir, "b.txt") || s.Records.File != "-" || s.Out != "o" {
			t.Errorf("body file %q, records %q, out %q", s.Request.BodyFile, s.Records.File, s.Out)
		}
	}
}
