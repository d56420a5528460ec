package test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExtending follows docs/extending.md: its files make a module outside of this tree that passes its own tests, and whose iago
// knows what it adds.
func TestExtending(t *testing.T) {
	long(t)
	t.Parallel()
	page := filepath.Join(root, "docs", "extending.md")
	files, lines := blocks(t, page), shell(t, page)
	if len(files) < 7 {
		t.Fatalf("%d files only", len(files))
	}
	first := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "go vet") })
	if first < 0 {
		t.Fatalf("no go vet in %q", lines)
	}
	w := &walk{t: t, dir: t.TempDir(), replace: strings.NewReplacer("../iago", absolute(t, root)), said: map[string]string{}}
	w.follow(lines[:first])
	writeFiles(t, w.dir, files)
	w.follow(lines[first:])

	list := w.said["./shop-load list"]
	for _, added := range []string{"\n  items ", "\n  basket "} {
		if !strings.Contains(list, added) {
			t.Errorf("list does not tell of %q:\n%s", added, list)
		}
	}
	if said := w.said["./shop-load validate spec.yaml"]; !strings.Contains(said, "127.0.0.1:8080") {
		t.Errorf("validate: %s", said)
	}
}

// TestExtendingNamesEverySeam: the page tells how to register and to test whatever can be registered.
func TestExtendingNamesEverySeam(t *testing.T) {
	page := read(t, filepath.Join(root, "docs", "extending.md"))
	for _, suite := range []string{"arrivaltest.TestLaw", "arrivaltest.TestProfile", "sourcetest.Run", "processortest.Run", "transporttest.Run"} {
		if !strings.Contains(page, "`"+suite+"`") {
			t.Errorf("%s is not told of", suite)
		}
		pkg, name, _ := strings.Cut(suite, ".")
		found, err := filepath.Glob(filepath.Join(root, "*", pkg, "*.go"))
		if err != nil || !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(read(t, f), "\nfunc "+name+"(") }) {
			t.Errorf("there is no %s: %v", suite, err)
		}
	}
	registers := map[string][]string{"arrival": {"Register", "RegisterProfile"}, "source": {"RegisterFormat", "RegisterKind"}, "processor": {"Register"}, "transport": {"Register"}}
	for pkg, names := range registers {
		found, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
		if err != nil || len(found) == 0 {
			t.Fatal(pkg, err)
		}
		for _, f := range found {
			for line := range strings.Lines(read(t, f)) {
				name, ok := strings.CutPrefix(line, "func Register")
				name, _, _ = strings.Cut("Register"+name, "(")
				if ok && !slices.Contains(names, name) {
					t.Errorf("%s.%s is not told of", pkg, name)
				}
			}
		}
		for _, name := range names {
			if !strings.Contains(page, "`"+pkg+"."+name+"`") {
				t.Errorf("%s.%s is not told of", pkg, name)
			}
		}
	}
}
