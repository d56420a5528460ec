package test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAddingATransport follows docs/adding-a-transport.md word by word: its files, its commands.
func TestAddingATransport(t *testing.T) {
	long(t)
	t.Parallel()
	page := filepath.Join(root, "docs", "adding-a-transport.md")
	files := blocks(t, page)
	if len(files) < 8 {
		t.Fatalf("%d files only", len(files))
	}
	from, to := onOwnPort(t, 7007)
	for name, content := range files {
		files[name] = strings.ReplaceAll(content, from, to)
	}
	dir := t.TempDir()
	w := &walk{t: t, dir: dir, replace: strings.NewReplacer(from, to, "../iago", absolute(t, root)), said: map[string]string{}}
	lines := shell(t, page)
	first := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "go vet") })
	if first < 0 {
		t.Fatalf("no go vet in %q", lines)
	}
	w.follow(lines[:first])
	writeFiles(t, w.dir, files)
	w.follow(lines[first:])

	if list := w.said["./iago-echo list"]; !strings.Contains(list, "\n  echo ") || !strings.Contains(list, "echo://") {
		t.Errorf("list: %s", list)
	}
	if help := w.said["./iago-echo help transport echo"]; help != files["README.md"] {
		t.Errorf("help: %s", help)
	}
	s := w.lastRun()
	if r := s.Requests; r.Completed < 100 || s.Status["echoed"] != r.Completed || s.Checks["came back"].Passed != r.Completed {
		t.Errorf("%+v, statuses %v, checks %v", r, s.Status, s.Checks)
	}
}
