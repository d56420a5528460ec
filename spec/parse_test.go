package spec

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/http1"
)

// public compares specs by what they say, not by where it stands.
var public = cmpopts.IgnoreUnexported(Spec{})

func TestLoadEveryField(t *testing.T) {
	got, err := Load("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(7)
	want := &Spec{
		Name:     "shop-replay",
		Targets:  []string{"http://10.0.0.1:8080/shop", "http://shop.example"},
		Duration: 90 * second,
		Requests: 100_000,
		Arrival:  call("gamma", "shape", "0.5"),
		Profile: []Choice{
			call("ramp", "from", "0/s", "to", "1000/s", "for", "30s"),
			call("constant", "rate", "1000/s", "for", "1m"),
			call("constant", "rate", "500/s"),
		},
		Seed:    &seed,
		Records: Records{File: "testdata/access.log", Format: "uri", Skip: 10, Limit: 5000, MaxLine: 64 << 10},
		Request: Request{
			Method: "POST", URI: "/cart?id=7",
			Headers: Headers{{"Accept", "*/*"}, {"X-Try", "one"}, {"X-Try", "2"}},
			Host:    "shop.example", Prefix: "/v2", Body: `{"id": 7}`, ForwardedFor: true, UserAgent: "replay",
		},
		Protocols: map[string]transport.Config{
			"http1": &http1.Config{HeaderLimit: 32 << 10, BodyLimit: 10e6, ExpectContinue: true},
		},
		Connections: 2000, Pipeline: 1, ContentLimit: 64 << 10, FollowUpLimits: FollowUpLimits{Depth: 5, PerResponse: 20, Pending: 10_000},
		Pool:           Pool{Keep: 8, PerTarget: 500, Idle: 10 * second, MaxIdle: 60 * second, MaxLife: 3600 * second},
		ConnectTimeout: second / 2,
		Timeout:        5 * second,
		DiscoveryWait:  5 * second,
		Overload:       Overload{Policy: Drop, Limit: 100},
		Late:           Late{Skip: second / 20},
		Shards:         2,
		Wait:           Spin,
		Warmup:         10 * second,
		SLO:            []string{"p99<50ms", "errors<0.1%"},
		AbortOn:        []string{"errors>50%"},
		Labels:         Labels{Segments: 2, Max: 50, Rules: []LabelRule{{Match: `^/item/\d+`, Name: "/item/:id"}}},
		Out:            "results",
		Summary:        "-",
		Origin:         map[string]string{},
	}
	if diff := cmp.Diff(want, got, public); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// call makes a choice of a name and parameters.
func call(name string, params ...string) Choice {
	c := Choice{arrival.Call{Name: name, Params: map[string]string{}}}
	for i := 0; i < len(params); i += 2 {
		c.Params[params[i]] = params[i+1]
	}
	return c
}

func TestMinimalIsDefaults(t *testing.T) {
	got, err := Load("testdata/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Target = "http://127.0.0.1:8080"
	if diff := cmp.Diff(want, got, public); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestComplete(t *testing.T) {
	const target = "target: http://shop.example:8080\n"
	for _, test := range []struct {
		name, spec string
		rate       Rate
		duration   Duration
	}{
		{"nothing said", "", Rate{PerSecond: 100}, 10 * second},
		{"both said", "rate: 60/m\nduration: 5s", Rate{PerSecond: 1}, 5 * second},
		{"requests alone end the run", "requests: 5", Rate{PerSecond: 100}, 0},
		{"profile that ends", "profile: ['constant:rate=5,for=3s']", Rate{}, 0},
		{"profile without end", "profile: ['constant:rate=5']", Rate{}, 10 * second},
		{"rates of its own", "arrival: 'sinusoidal:min=1,max=2,period=10s'", Rate{}, 10 * second},
		{"closed mode", "rate: max\nconnections: 1", Rate{Max: true}, 10 * second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Parse("x/load test.yaml", []byte(target+test.spec))
			if err != nil {
				t.Fatal(err)
			}
			s.Complete()
			if s.Rate != test.rate || s.Duration != test.duration || s.Name != "load-test" {
				t.Errorf("rate %v, duration %v, name %q; want %v, %v, load-test", s.Rate, s.Duration, s.Name, test.rate, test.duration)
			}
			if err := s.Validate(); err != nil {
				t.Errorf("completed: %v", err)
			}
		})
	}
}

func TestNameOfTarget(t *testing.T) {
	s := Defaults()
	s.Target = "http://10.0.0.1:8080/x"
	s.Complete()
	if s.Name != "10-0-0-1" {
		t.Errorf("name %q", s.Name)
	}
}

// Standard input is read once, whatever the default; whoever gets the completed spec must find it in order.
func TestStandardInputIsNotReadAgain(t *testing.T) {
	s, err := Parse("s.yaml", []byte("target: http://127.0.0.1:1\nrecords: {file: '-'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if u, err := p.Unpack(t.TempDir()); err != nil || u.Records.Loop || u.Validate() != nil {
		t.Errorf("%v, %+v", err, u)
	}
}

func TestProcess(t *testing.T) {
	const head = "target: http://shop.example\n"
	for _, test := range []struct{ spec, words string }{
		{"rate: 500/s", "poisson, 500/s"},
		{"profile: ['ramp:from=0,to=10,for=10s', 'constant:rate=10']", "poisson, ramp 0/s → 10/s over 10s, then 10/s"},
		{"arrival: uniform\nprofile: ['constant:rate=10,for=1m']", "uniform, 10/s for 1m"},
		{"arrival: {slow-start: {final: 100/s, ramp: 10s}}", "slow-start:final=100/s,ramp=10s, "},
	} {
		s, err := Parse("s.yaml", []byte(head+test.spec))
		if err != nil {
			t.Error(err)
			continue
		}
		p, err := s.Process(1)
		if err != nil || !strings.HasPrefix(p.Text, test.words) {
			t.Errorf("%s: %q, %v; want %q", test.spec, p.Text, err, test.words)
		}
	}
}

func TestLoadSaysWhyNot(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/big.yaml", make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir + "/none.yaml": "spec: open " + dir + "/none.yaml: no such file or directory",
		dir:                "spec: read " + dir + ": is a directory",
		dir + "/big.yaml":  dir + "/big.yaml: 1048577 bytes are too many for a spec file (1MiB at most); records belong in a file of their own, see records.file",
	} {
		if _, err := Load(path); err == nil || err.Error() != want {
			t.Errorf("%v; want %s", err, want)
		}
	}
}
