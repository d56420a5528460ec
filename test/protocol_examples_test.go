package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/spec"
)

// protocolsDir has a spec for each protocol.
const protocolsDir = root + "/examples/protocols"

// protocolRun runs a spec of examples/protocols, 240 requests in a third of a second, and checks what must hold of all of them: every request
// got its answer, every record was understood and no check failed. How long it took is not judged.
func protocolRun(t *testing.T, spec string, args ...string) *outcome {
	t.Helper()
	o := protocolRunOf(t, filepath.Join(protocolsDir, spec), args...)
	o.kept(t)
	n := o.Requests
	if n.Scheduled != protocolRequests || n.Completed != n.Scheduled {
		t.Errorf("requests %+v, errors %v", n, o.Errors)
	}
	if o.Records.Bad != 0 || o.Unseen != 0 {
		t.Errorf("records %+v, %d answers unseen", o.Records, o.Unseen)
	}
	for name, c := range o.Checks {
		if c.Failed != 0 || c.Passed != n.Completed {
			t.Errorf("check %q: %d passed and %d failed of %d", name, c.Passed, c.Failed, n.Completed)
		}
	}
	return o
}

// protocolRequests is how many requests protocolRun makes, unless its arguments say otherwise.
const protocolRequests = 240

// protocolRunOf runs a spec, whatever comes of it.
func protocolRunOf(t *testing.T, path string, args ...string) *outcome {
	t.Helper()
	args = append([]string{absolute(t, path), "-r", "800", "-n", "240", "--seed", "1", "--slo", "errors<1%"}, args...)
	return iago(t, 15*time.Second, args...)
}

// edited is the path of a spec of examples/protocols in a copy of that folder, with each text replaced by the one behind it. A text that
// is not there is a mistake of the test's.
func edited(t *testing.T, spec string, replacements ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "protocols")
	if err := os.CopyFS(dir, os.DirFS(protocolsDir)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, spec)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			t.Fatalf("%s has no %q", spec, replacements[i])
		}
		text = strings.ReplaceAll(text, replacements[i], replacements[i+1])
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// eachPoller tells a story once for each way of watching connections.
func eachPoller(t *testing.T, story func(t *testing.T, flag string)) {
	t.Helper()
	for _, way := range pollers() {
		t.Run(way, func(t *testing.T) { story(t, "--poller="+way) })
	}
}

// wantStatuses compares the statuses of a run.
func (o *outcome) wantStatuses(t *testing.T, want map[string]int64) {
	t.Helper()
	if len(o.Status) != len(want) {
		t.Errorf("statuses %v; expected %v", o.Status, want)
		return
	}
	for name, n := range want {
		if o.Status[name] != n {
			t.Errorf("statuses %v; expected %v", o.Status, want)
			return
		}
	}
}

// labeled is how many requests completed under each label.
func (o *outcome) labeled() map[string]int64 {
	by := map[string]int64{}
	for name, l := range o.Labels {
		by[name] = l.Requests.Completed
	}
	return by
}

// Every spec is one that iago takes, and the README's table has it.
func TestProtocolExamplesAreValid(t *testing.T) {
	specs, err := filepath.Glob(filepath.Join(protocolsDir, "*.yaml"))
	if err != nil || len(specs) < 11 {
		t.Fatalf("%d specs: %v", len(specs), err)
	}
	readme, err := os.ReadFile(filepath.Join(protocolsDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		if said := command(t, "validate", absolute(t, s)); !strings.Contains(said, "targets") {
			t.Errorf("%s: %s", s, said)
		}
		if name := filepath.Base(s); !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}

// What the README says of built-in targets: each spec runs against the target of its kind, on the address that the spec names.
func TestProtocolBuiltInTargets(t *testing.T) {
	long(t)
	t.Parallel()
	for kind, listen := range map[string]string{
		"redis": "redis://127.0.0.1:6379", "memcached": "memcached://127.0.0.1:11211", "kestrel": "kestrel://127.0.0.1:22133",
		"thrift": "thrift://127.0.0.1:9090", "tcp": "tcp://127.0.0.1:9000", "udp": "udp://127.0.0.1:9001",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			help := command(t, "target", kind, "--help")
			if _, address, _ := strings.Cut(listen, "://"); !strings.Contains(help, fmt.Sprintf("%q", address)) {
				t.Errorf("it does not listen on %s: %s", address, help)
			}
			target, err := spec.ParseTarget(specTarget(t, kind+".yaml"))
			if at := fmt.Sprintf("%s://%s:%d", target.Scheme, target.Host, target.Port); err != nil || at != listen {
				t.Errorf("the spec's target is %s, not %s: %v", at, listen, err)
			}
			g := startTargetKind(t, kind)
			protocolRun(t, kind+".yaml", "--target", g.url)
			text, err := g.end()
			var saw struct {
				Requests int64 `json:"requests"`
			}
			if err == nil {
				err = json.Unmarshal([]byte(text), &saw)
			}
			if err != nil || saw.Requests < protocolRequests || saw.Requests > protocolRequests+2 { // two greetings of redis.yaml
				t.Errorf("the target saw %d requests: %v", saw.Requests, err)
			}
		})
	}
}

// specTarget is the target that a spec names.
func specTarget(t *testing.T, name string) string {
	t.Helper()
	s, err := spec.Load(filepath.Join(protocolsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return s.Target
}
