package idl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReadFunc gives the content of a file. Its error is fs.ErrNotExist (by errors.Is) if
// there is no such file, so that an include is sought in the next folder.
type ReadFunc func(path string) ([]byte, error)

// Load reads the IDL file at path and all that it includes. An include is sought in the
// folder of the file that includes it, then in the folders of include in their order.
// The error is an *Error, or several joined, each with its place; or that of reading
// path.
func Load(path string, include []string) (*Document, error) {
	return LoadFrom(os.ReadFile, path, include)
}

// LoadFrom does what Load does with files that read gives. Paths are joined as those of
// the operating system.
func LoadFrom(read ReadFunc, path string, include []string) (*Document, error) {
	src, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("transport/thrift/idl: %w", err)
	}
	l := &loader{read: read, include: include, done: map[string]*Document{}}
	return l.document(filepath.Clean(path), src)
}

// loader reads a file and its includes, each once.
type loader struct {
	read    ReadFunc
	include []string
	done    map[string]*Document // by cleaned path
	chain   []string             // files being read, each included by the one before
}

// maxIncludes bounds how deep files may include one another.
const maxIncludes = 100

func (l *loader) document(path string, src []byte) (*Document, error) {
	l.chain = append(l.chain, path)
	defer func() { l.chain = l.chain[:len(l.chain)-1] }()
	f, err := parseFile(path, src)
	if err != nil {
		return nil, err
	}
	for _, inc := range f.includes {
		doc, err := l.included(path, inc)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(f.doc.Includes, doc) {
			f.doc.Includes = append(f.doc.Includes, doc)
		}
	}
	if err := resolve(f); err != nil {
		return nil, err
	}
	l.done[path] = f.doc
	return f.doc, nil
}

// included finds and reads one include of the file from.
func (l *loader) included(from string, inc includeNode) (*Document, error) {
	candidates := []string{filepath.Clean(inc.path)}
	if !filepath.IsAbs(inc.path) {
		candidates[0] = filepath.Join(filepath.Dir(from), inc.path)
		for _, dir := range l.include {
			candidates = append(candidates, filepath.Join(dir, inc.path))
		}
	}
	for _, path := range candidates {
		if doc := l.done[path]; doc != nil {
			return doc, nil
		}
		if i := slices.Index(l.chain, path); i >= 0 {
			return nil, errorAt(inc.pos, "the include makes a cycle: %s", strings.Join(append(slices.Clone(l.chain[i:]), path), " → "))
		}
		src, err := l.read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, errorAt(inc.pos, "cannot read the include: %v", err)
		}
		if len(l.chain) == maxIncludes {
			return nil, errorAt(inc.pos, "includes nested more than %d deep", maxIncludes)
		}
		return l.document(path, src)
	}
	return nil, errorAt(inc.pos, "include file not found, looked for %s: mend the path or name another include folder",
		strings.Join(candidates, ", "))
}
