package test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDocumentedCommands runs every command of the documentation that begins with iago, in the order in which it stands there, in a
// copy of the examples. Targets run in the background, as with & or in a terminal of their own, and listen on a port that is free here
// instead of 8080.
func TestDocumentedCommands(t *testing.T) {
	long(t)
	files := map[string]int{"README.md": 8, "examples/README.md": 2} // and how many commands it has at least
	for _, pattern := range []string{"docs/*.md", "*.md", "examples/exec-*/README.md", "examples/discovery/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			name, err := filepath.Rel(root, f)
			if err != nil {
				t.Fatal(err)
			}
			files[name] += 0
		}
	}
	for name, least := range files {
		commands := documented(t, filepath.Join(root, name))
		if len(commands) < least {
			t.Errorf("%s: found %d commands; expected %d at least", name, len(commands), least)
		}
		if len(commands) > 0 {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runDocumented(t, commands)
			})
		}
	}
}

// documented are the commands in a file's ```sh blocks and indented blocks that begin with "iago ".
func documented(t *testing.T, path string) (commands []string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fence, indented := "", false
	text := strings.ReplaceAll(string(raw), "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if mark, ok := strings.CutPrefix(line, "```"); ok {
			if fence == "" {
				fence = "```" + mark
			} else {
				fence = ""
			}
			continue
		}
		indented = fence == "" && strings.HasPrefix(line, "    ")
		line = strings.TrimSpace(line)
		if (fence == "```sh" || indented) && strings.HasPrefix(line, "iago ") {
			commands = append(commands, line)
		}
	}
	return commands
}

const documentedAddress = "127.0.0.1:8080"

// loopback finds addresses that examples listen on.
var loopback = regexp.MustCompile(`127\.0\.0\.1:\d+`)

var comment = regexp.MustCompile(`\s+#.*$`)

// runDocumented runs commands one after the other.
func runDocumented(t *testing.T, commands []string) {
	dir, address := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	copyExamples(t, dir, address)
	free := map[string]string{documentedAddress: address}
	path := "PATH=" + filepath.Dir(binary(t)) + string(filepath.ListSeparator) + os.Getenv("PATH")
	bash := func(ctx context.Context, line string) *exec.Cmd {
		c := exec.CommandContext(ctx, "bash", "-c", "exec "+line)
		c.Dir, c.Env = dir, append(os.Environ(), path)
		return c
	}
	var running *child
	for _, line := range commands {
		line = strings.TrimSpace(strings.TrimSuffix(comment.ReplaceAllString(line, ""), "&"))
		line = loopback.ReplaceAllStringFunc(line, func(documented string) string {
			if free[documented] == "" {
				free[documented] = fmt.Sprintf("127.0.0.1:%d", freePort(t))
			}
			return free[documented]
		})
		if strings.HasPrefix(line, "iago target ") {
			if running != nil { // it takes the other's place
				_ = running.cmd.Process.Signal(syscall.SIGTERM)
				if err := running.await(patience); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.Contains(line, "--listen") {
				line += " --listen " + address
			}
			running = start(t, bash(context.Background(), line))
			ready := func() bool { return strings.Contains(running.err.String(), "listening on ") }
			if !eventually(patience, func() bool { return ready() || running.await(0) == nil }) || running.await(0) == nil {
				t.Fatalf("%s: %s", line, running.err)
			}
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		out, err := bash(ctx, line).CombinedOutput()
		cancel()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit) && exit.ExitCode() == 4:
			t.Logf("%s: this machine is busy", line)
		case err != nil:
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

func listening(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// copyExamples copies the examples into a folder, with another address for their target.
func copyExamples(t *testing.T, dir, address string) {
	t.Helper()
	from := filepath.Join(root, "examples")
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	specs, err := filepath.Glob(filepath.Join(dir, "examples", "*.yaml"))
	if err != nil || len(specs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	programs, err := filepath.Glob(filepath.Join(dir, "examples", "exec-*", "*.yaml"))
	if err != nil || len(programs) < 2 {
		t.Fatalf("%d examples with programs: %v", len(programs), err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "examples", "discovery", "*.yaml"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no examples of discovery: %v", err)
	}
	for _, s := range slices.Concat(specs, programs, found) {
		raw, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), documentedAddress, address)
		if err := os.WriteFile(s, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Every example is a spec that iago takes.
func TestExamplesAreValid(t *testing.T) {
	specs, err := filepath.Glob(filepath.Join(root, "examples", "*.yaml"))
	if err != nil || len(specs) < 3 {
		t.Fatalf("%d examples: %v", len(specs), err)
	}
	found, err := filepath.Glob(filepath.Join(root, "examples", "discovery", "*.yaml"))
	if err != nil || len(found) < 4 {
		t.Fatalf("%d examples of discovery: %v", len(found), err)
	}
	for _, s := range append(specs, found...) {
		if said := command(t, "validate", absolute(t, s)); !strings.Contains(said, "targets") {
			t.Errorf("%s: %s", s, said)
		}
	}
}

// The documentation names what there is: every file of a run directory, every command, and every exit status.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{
		"make demo", "make test", "report.html", "summary.json", "series.jsonl", "latency.hlog", "failures.jsonl", "spec.yaml", "iago.log",
		"130 interrupted", "Not yet", "Apache License 2.0",
	} {
		if !strings.Contains(string(raw), word) {
			t.Errorf("README.md does not name %s", word)
		}
	}
}
