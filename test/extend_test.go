package test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestExtendedIago builds examples/extend outside of this tree by the commands of its README and runs what it adds.
func TestExtendedIago(t *testing.T) {
	long(t)
	t.Parallel()
	dir := copyModule(t, "extend")
	from, to := onOwnPort(t, 7007)
	edit(t, filepath.Join(dir, "spec.yaml"), from, to)
	w := &walk{t: t, dir: dir, replace: strings.NewReplacer(from, to), said: map[string]string{}}
	w.follow(shell(t, filepath.Join(dir, "README.md")))

	list := w.said["./iago-extended list"]
	for _, added := range []string{"\n  lognormal ", "\n    sigma ", "\n  dir ", "\n  retell ", "\n  netstring "} {
		if !strings.Contains(list, added) {
			t.Errorf("iago-extended list does not tell of %q:\n%s", added, list)
		}
	}
	if help := w.said["./iago-extended help transport netstring"]; !strings.Contains(help, "answer_limit") {
		t.Errorf("help: %s", help)
	}
	s := w.lastRun()
	if r := s.Requests; r.Completed == 0 || r.Completed != r.Sent || s.Records.Loops == 0 || s.Load.Arrivals <= r.Scheduled {
		t.Errorf("%+v, records %+v, %d arrivals", r, s.Records, s.Load.Arrivals)
	}
	if !strings.Contains(s.Load.Arrival, "lognormal:sigma=1.5") || len(s.Status) != 1 || s.Status["answered"] == 0 {
		t.Errorf("arrival %q, statuses %v", s.Load.Arrival, s.Status)
	}
	if c := s.Checks["came back"]; c.Passed == 0 || c.Failed > 0 || s.Followups.Requests.Completed == 0 || s.Labels["heavy"].Requests.Completed == 0 {
		t.Errorf("checks %+v, follow-ups %+v, labels %v", s.Checks, s.Followups, s.Labels)
	}
}

// TestExtendedIagoSaysWhatIsWrong: what is added is checked like the rest.
func TestExtendedIagoSaysWhatIsWrong(t *testing.T) {
	long(t)
	t.Parallel()
	dir := copyModule(t, "extend")
	w := &walk{t: t, dir: dir, replace: strings.NewReplacer(), said: map[string]string{}}
	w.run("go build -o iago-extended .")
	for change, want := range map[[2]string]string{
		{"sigma=1.5", "sigma=7"}:                   "sigma: 7: expected a number above 0, at most 2",
		{"sigma=1.5", "sgima=1"}:                   "sgima",
		{"dir://requests", "dir://nowhere"}:        "nowhere: no such file",
		{"dir://requests", "dri://requests"}:       "no kind of source is called dri://; registered: dir",
		{"share: 0.25", "share: 25"}:               "changed.yaml:5:29: processor.retell.share: 25: expected a number between 0 and 1",
		{"retell: {share", "retold: {share"}:       "retold",
		{"answer_limit: 64KiB", "answer_limit: 0"}: "answer_limit",
	} {
		copied := filepath.Join(dir, "changed.yaml")
		raw := strings.ReplaceAll(read(t, filepath.Join(dir, "spec.yaml")), change[0], change[1])
		writeFiles(t, dir, map[string]string{"changed.yaml": raw})
		p := start(t, w.command("./iago-extended validate "+copied))
		if err := p.await(patience); err != nil {
			t.Fatal(err)
		}
		if p.status() != 2 || !strings.Contains(p.err.String(), want) {
			t.Errorf("%v: status %d, %s\nwant %s", change, p.status(), p.err, want)
		}
	}
}
