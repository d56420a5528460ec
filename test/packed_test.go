package test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/spec"
	_ "github.com/iagoloadgen/iago/standard"
)

// TestSpecsGoToWorkers packs every example's spec as it goes over the bus and reads it in another folder: it must say the same.
func TestSpecsGoToWorkers(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "examples", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	packed := 0
	for _, file := range append(files, more...) {
		s, err := spec.Load(file)
		if err != nil { // examples of modules with registrations of their own, and files that are no specs
			continue
		}
		if j, err := job.Prepare(s, job.Options{}); err != nil {
			continue // the same
		} else {
			j.Close()
		}
		packed++
		p, err := s.Pack()
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		dir := t.TempDir()
		again, err := p.Unpack(dir)
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, p.YAML)
			continue
		}
		j, err := job.Prepare(again, job.Options{})
		if err != nil {
			t.Errorf("%s: as a worker has it: %v", file, err)
			continue
		}
		j.Close()
		if len(p.Files) > 0 {
			if i, err := os.Stat(filepath.Join(dir, "files")); err != nil || i.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: the folder of its files can be read by others: %v, %v", file, i, err)
			}
		}
	}
	if packed < 15 {
		t.Errorf("only %d specs were packed", packed)
	}
}
