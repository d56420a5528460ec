package redis

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

func TestRegistered(t *testing.T) {
	for scheme, want := range map[string]transport.Scheme{"redis": {Port: 6379}, "rediss": {Port: 6379, TLS: true}, "redis+unix": {Unix: true}} {
		p, ok := transport.ByScheme(scheme)
		if !ok || p.Name != "redis" || p.Schemes[scheme] != want || !p.Lines {
			t.Errorf("%s: is %q with %+v, want redis with %+v", scheme, p.Name, p.Schemes[scheme], want)
		}
	}
	p, _ := transport.ByName("redis")
	if !strings.HasPrefix(p.Doc, "# redis\n") || p.Summary == "" {
		t.Errorf("summary %q, doc %.20q; want both", p.Summary, p.Doc)
	}
	if got, ok := p.Config().(*Config); !ok || *got != (Config{Protocol: 2}) {
		t.Errorf("defaults %+v", got)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Protocol: 2}, ""},
		{Config{Protocol: 3, Username: "ü", Password: "p w\n", Database: 15, ClientName: "iago-1", AnswerLimit: 1}, ""},
		{Config{Protocol: 2, Cluster: true}, ""},
		{Config{}, "protocol: 0 is no version of RESP; want 2 or 3"},
		{Config{Protocol: 2, Database: -1}, "database: -1 is negative; want the number of a database, such as 0"},
		{Config{Protocol: 2, Database: 1, Cluster: true}, "database: a cluster has only database 0, not 1; leave it out"},
		{Config{Protocol: 2, ClientName: "a b"}, `client_name: "a b" has a space or another byte that Redis does not take; want letters, digits and the like`},
		{Config{Protocol: 4, AnswerLimit: -1}, "protocol: 4 is no version of RESP; want 2 or 3\nanswer_limit: -1 is negative; want a number of bytes, or 0 for no limit"},
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

// TestReadmeExample: the example in the README is one that a spec may hold, and has all fields.
func TestReadmeExample(t *testing.T) {
	_, example, _ := strings.Cut(readme, "```yaml\n")
	example, _, ok := strings.Cut(example, "```")
	var spec struct {
		Target  string
		Request struct{ Body string }
		Redis   *Config
	}
	d := yaml.NewDecoder(strings.NewReader(example))
	d.KnownFields(true)
	if err := d.Decode(&spec); !ok || err != nil || spec.Redis == nil {
		t.Fatalf("%v: %s", err, example)
	}
	if spec.Redis.Protocol == 0 {
		spec.Redis.Protocol = 2
	}
	if err := spec.Redis.Validate(); err != nil {
		t.Error(err)
	}
	if _, err := appendCommand(nil, []byte(spec.Request.Body)); err != nil || !strings.HasPrefix(spec.Target, "redis://") {
		t.Errorf("%+v: %v", spec, err)
	}
	for field := range strings.FieldsSeq("protocol username password database client_name cluster answer_limit") {
		if !strings.Contains(readme, "| `"+field+"` |") {
			t.Errorf("the README does not have %s", field)
		}
	}
}
