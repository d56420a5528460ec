package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Packed is a spec that can be taken to another machine: with its secrets, and with the files that it names, but for the records
// and whatever an outside program needs.
type Packed struct {
	YAML  []byte            `json:"yaml"`
	Files map[string][]byte `json:"files,omitempty"` // by path, relative to the spec
}

// maxPacked bounds the files of a packed spec.
const maxPacked = 4 << 20

// Pack packs s. It is complete from then on: what another process makes of it does not depend on that process's defaults.
func (s *Spec) Pack() (*Packed, error) {
	s.Complete()
	whole := s.clone()
	p := &Packed{Files: map[string][]byte{}}
	paths := whole.paths()
	for i, field := range slices.Sorted(maps.Keys(paths)) {
		at := paths[field]
		old := *at
		if old == "" || old == "-" {
			continue
		}
		defer func() { *at = old }() // sections of protocols are shared with s
		if field == "records.file" || field == "processor.dir" {
			abs, err := filepath.Abs(old)
			if err != nil {
				return nil, fmt.Errorf("spec: %s: %w", field, err)
			}
			*at = abs
			continue
		}
		name, err := p.take(fmt.Sprintf("files/%d", i), old)
		if err != nil {
			return nil, fmt.Errorf("spec: %s: %w", field, err)
		}
		*at = name
	}
	n, err := whole.node()
	if err != nil {
		return nil, err
	}
	p.YAML, err = dump(n)
	return p, err
}

// take packs a file below dir, and returns the name that it has there. What an IDL may include comes with it.
func (p *Packed) take(dir, path string) (string, error) {
	name := filepath.Base(path)
	if err := p.add(dir+"/"+name, path); err != nil || filepath.Ext(path) != ".thrift" {
		return dir + "/" + name, err
	}
	base := filepath.Dir(path)
	err := filepath.WalkDir(base, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(at) != ".thrift" {
			return err
		}
		rel, err := filepath.Rel(base, at)
		if err != nil {
			return err
		}
		return p.add(dir+"/"+filepath.ToSlash(rel), at)
	})
	return dir + "/" + name, err
}

func (p *Packed) add(name, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	p.Files[name] = content
	total := 0
	for _, c := range p.Files {
		total += len(c)
	}
	if total > maxPacked {
		return fmt.Errorf("%s: the files that the spec names take more than %v together; workers get them over the bus", path, Size(maxPacked))
	}
	return nil
}

// Unpack writes the files below dir, for the owner's eyes only, and reads the spec. Its records need not be on this machine: whoever reads
// them finds out.
func (p *Packed) Unpack(dir string) (*Spec, error) {
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		if !filepath.IsLocal(name) || strings.Contains(name, `\`) {
			return nil, errors.New("spec: packed: a file would lie outside its folder")
		}
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return nil, fmt.Errorf("spec: packed: %w", err)
		}
		if err := os.WriteFile(at, p.Files[name], 0o600); err != nil {
			return nil, fmt.Errorf("spec: packed: %w", err)
		}
	}
	return Parse(filepath.Join(dir, "spec.yaml"), p.YAML, func(s *Spec) { s.away = true })
}
