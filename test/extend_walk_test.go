package test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
)

// walk follows a document: its commands are run one after the other in a folder.
type walk struct {
	t       *testing.T
	dir     string
	replace *strings.Replacer // what stands in the document, and what stands for it here
	said    map[string]string // by command
}

// shell are the lines of a document's ```sh blocks.
func shell(t *testing.T, path string) (lines []string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(raw), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	if len(lines) == 0 {
		t.Fatalf("%s: no commands", path)
	}
	return lines
}

// namedBlock is a block that a document says to be a file's content.
var namedBlock = regexp.MustCompile("(?ms)^File `([^`\n]+)`[^\n]*:\n\n(```+)\\w+\n(.*?)^```+$")

// blocks are the files in a document, by name.
func blocks(t *testing.T, path string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, rest := map[string]string{}, string(raw)
	for {
		at := namedBlock.FindStringSubmatchIndex(rest)
		if at == nil {
			return files
		}
		name, fence, begin := rest[at[2]:at[3]], rest[at[4]:at[5]], at[6]
		end := strings.Index(rest[begin:], "\n"+fence+"\n")
		if end < 0 {
			t.Fatalf("%s: %s does not end", path, name)
		}
		if _, twice := files[name]; twice {
			t.Fatalf("%s: %s is there twice", path, name)
		}
		files[name] = rest[begin : begin+end+1]
		rest = rest[begin+end:]
	}
}

// writeFiles puts files into a folder.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// follow runs the lines. Servers run in the background until the test ends, as in a terminal of their own.
func (w *walk) follow(lines []string) {
	w.t.Helper()
	for _, line := range lines {
		here := w.replace.Replace(line)
		switch first, rest, _ := strings.Cut(here, " "); first {
		case "cd":
			w.dir = filepath.Join(w.dir, rest)
		case "socat":
			w.serve(here)
		default:
			w.said[line] = w.run(here)
		}
	}
}

// command is a line for bash, whose processes make a group.
func (w *walk) command(line string) *exec.Cmd {
	c := exec.Command("bash", "-c", "exec "+line)
	c.Dir, c.SysProcAttr = w.dir, &syscall.SysProcAttr{Setpgid: true}
	return c
}

// run runs a line to its end and returns what it said. A run that slipped is a busy machine's.
func (w *walk) run(line string) string {
	w.t.Helper()
	began := time.Now()
	p := start(w.t, w.command(line))
	if err := p.await(5 * time.Minute); err != nil {
		w.t.Fatal(err)
	}
	if s := p.status(); s != 0 && (s != report.ExitSlipped || !strings.Contains(line, " run ")) {
		w.t.Fatalf("%s: status %d\n%s%s", line, s, p.out, p.err)
	}
	w.t.Logf("%s: %v", line, time.Since(began).Round(time.Millisecond))
	return p.out.String() + p.err.String()
}

// address is where a server listens, in the words of socat.
var socatAddress = regexp.MustCompile(`TCP-LISTEN:(\d+),bind=127\.0\.0\.1`)

func (w *walk) serve(line string) {
	w.t.Helper()
	m := socatAddress.FindStringSubmatch(line)
	if m == nil {
		w.t.Fatalf("%s: expected it to listen on 127.0.0.1", line)
	}
	p := start(w.t, w.command(line))
	if !eventually(patience, func() bool { return listening("127.0.0.1:"+m[1]) || p.await(0) == nil }) || p.await(0) == nil {
		w.t.Fatalf("%s: %s", line, p.err)
	}
}

// interrupt is what Ctrl-C does: the whole group gets the signal.
func interrupt(t *testing.T, p *child) {
	t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
}

// lastRun is the run that a walk has left in its folder.
func (w *walk) lastRun() *report.Summary {
	w.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(w.dir, "runs", "*"))
	if err != nil || len(dirs) != 1 {
		w.t.Fatalf("%d runs in %s: %v", len(dirs), w.dir, err)
	}
	saved, err := report.ReadDir(dirs[0])
	if err != nil {
		w.t.Fatal(err)
	}
	return &saved.Summary
}

// onOwnPort makes a document's port one that is free here.
func onOwnPort(t *testing.T, documented int) (from, to string) {
	return fmt.Sprint(documented), fmt.Sprint(freePort(t))
}

// copyModule copies an example that is a module out of this tree and tells its copy where Iago is.
func copyModule(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", name))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "go", "mod", "edit", "-replace", module+"="+absolute(t, root))
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go mod edit: %v\n%s", err, out)
	}
	return dir
}

// edit changes a file.
func edit(t *testing.T, path, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), from) {
		t.Fatalf("%s: no %q in it", path, from)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(raw), from, to)), 0o644); err != nil {
		t.Fatal(err)
	}
}
