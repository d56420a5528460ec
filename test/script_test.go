package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/iagoloadgen/iago/report"
)

// TestScripts runs the user stories of testdata/script, in which iago is this test's own binary. Beside testscript's commands they have:
//
//	target NAME args…      starts `iago target http args…` on a free port, or `iago target KIND args…` where args begin with KIND; its
//	                       address is in $NAME_URL
//	finish NAME            ends it; what it saw is in NAME.json
//	status N,… cmd args…   runs a command that must end with one of these statuses; an argument <FILE is its input
//	field FILE PATH VALUE  the value at a path (requests.sent) of a JSON file or of stdout
//	json FILE              the whole file, or stdout, is one JSON value
//
// Every summary.json that a script leaves is held against the contract.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"target": cmdTarget, "finish": cmdFinish, "status": cmdStatus, "field": cmdField, "json": cmdJSON,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", withoutSleep)
			e.Setenv("EXAMPLES", absolute(t, root+"/examples"))
			e.Values[targets{}] = map[string]*target{}
			e.Defer(func() { checkSummaries(t, e.WorkDir) })
			return nil
		},
	})
}

// targets is the key of a script's targets by name.
type targets struct{}

func cmdTarget(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: target NAME args…")
	}
	iago, err := exec.LookPath("iago")
	ts.Check(err)
	kind, flags := "http", args[1:]
	if len(flags) > 0 && !strings.HasPrefix(flags[0], "-") {
		kind, flags = flags[0], flags[1:]
	}
	g, err := launchTargetKind(iago, ts.MkAbs("."), kind, flags)
	ts.Check(err)
	ts.Defer(g.kill)
	ts.Value(targets{}).(map[string]*target)[args[0]] = g
	ts.Setenv(args[0]+"_URL", g.url)
	_, address, _ := strings.Cut(g.url, "://")
	ts.Setenv(args[0]+"_ADDRESS", address)
}

func cmdFinish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: finish NAME")
	}
	g := ts.Value(targets{}).(map[string]*target)[args[0]]
	if g == nil {
		ts.Fatalf("no target %s", args[0])
	}
	text, err := g.end()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".json"), []byte(text), 0o644))
}

func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N,… cmd args…")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, args[1])
	for _, a := range args[2:] {
		if file, ok := strings.CutPrefix(a, "<"); ok {
			c.Stdin = strings.NewReader(ts.ReadFile(file))
		} else {
			c.Args = append(c.Args, a)
		}
	}
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "HOME=/no-home", "NO_COLOR=", "TMPDIR="+ts.Getenv("TMPDIR"))
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	ts.Logf("[stdout]\n%s[stderr]\n%s", stdout.String(), stderr.String())
	_, _ = ts.Stdout().Write(stdout.Bytes())
	_, _ = ts.Stderr().Write(stderr.Bytes())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := strconv.Itoa(c.ProcessState.ExitCode()); !slices.Contains(strings.Split(args[0], ","), got) {
		ts.Fatalf("status %s; expected %s", got, args[0])
	}
}

func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	decoded(ts, args[0])
}

// decoded is a file, or stdout, as one JSON value.
func decoded(ts *testscript.TestScript, file string) (v any) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		ts.Fatalf("%s is not JSON: %v", file, err)
	}
	if d.More() {
		ts.Fatalf("%s: more than a JSON value", file)
	}
	return v
}

func cmdField(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: field FILE PATH VALUE")
	}
	v := decoded(ts, args[0])
	for part := range strings.SplitSeq(args[1], ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	if got := fmt.Sprint(v); (got == args[2]) == neg {
		ts.Fatalf("%s: %s is %s", args[0], args[1], got)
	}
}

// checkSummaries holds all summaries below a folder against the contract.
func checkSummaries(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "summary.json" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s := new(report.Summary)
		if err := json.Unmarshal(raw, s); err != nil {
			return err
		}
		if err := report.Verify(s); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		checkContract(t, raw)
		checkVerdict(t, s)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestScriptsCoverCommands: each command of the contract has a story.
func TestScriptsCoverCommands(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, c := range []string{"run", "validate", "target", "report", "list", "help transport", "schema", "version", "completion", "doctor"} {
		missing[c] = true
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for c := range missing {
			if bytes.Contains(text, []byte("iago "+c)) {
				delete(missing, c)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no script runs %v", slices.Sorted(maps.Keys(missing)))
	}
}
