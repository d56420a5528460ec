package spec

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/transport"
)

// paths are the files that a run reads, by field.
func (s *Spec) paths() map[string]*string {
	all := map[string]*string{
		"records.file":      &s.Records.File,
		"request.body_file": &s.Request.BodyFile,
		"tls.ca":            &s.TLS.CA,
		"tls.cert":          &s.TLS.Cert,
		"tls.key":           &s.TLS.Key,
		"processor.dir":     &s.Processor.Dir,
	}
	if _, named, _ := source.KindOf(s.Records.File); named {
		delete(all, "records.file")
	}
	for name, config := range s.Protocols {
		if p, ok := config.(transport.Pather); ok {
			for i, path := range p.Paths() {
				all[fmt.Sprint(name, i)] = path
			}
		}
	}
	return all
}

// eachPath replaces every path by what change makes of it. Standard input is not a path.
func (s *Spec) eachPath(change func(path string) string) {
	for _, p := range s.paths() {
		if *p != "" && *p != "-" {
			*p = change(*p)
		}
	}
}

// locate makes paths, which are relative to the spec file, relative to the working directory.
func (s *Spec) locate() {
	dir := filepath.Dir(s.file)
	if len(s.Processor.Exec) > 0 && s.Processor.Dir == "" {
		s.Processor.Dir = "."
	}
	s.eachPath(func(p string) string {
		if dir == "." || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	})
}

// absolute makes paths independent of the working directory.
func (s *Spec) absolute() {
	s.eachPath(func(p string) string {
		if abs, err := filepath.Abs(p); err == nil {
			return abs
		}
		return p
	})
}

// relative undoes locate, so that a spec is the same wherever it is run from.
func (s *Spec) relative() {
	dir := filepath.Dir(s.file)
	s.eachPath(func(p string) string {
		if rel, err := filepath.Rel(dir, p); err == nil {
			return rel
		}
		return p
	})
}

// Files are the files that the spec reads, by their paths from the working directory, sorted. A program and its folder are not among them.
func (s *Spec) Files() (list []string) {
	for field, p := range s.paths() {
		if *p != "" && *p != "-" && field != "processor.dir" {
			list = append(list, *p)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
