package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a spec.
type Problem struct {
	File    string // the spec file; empty for what did not come from a file
	Line    int    // 1-based; 0: nowhere in particular, for example a field that is missing
	Column  int    // 1-based, in characters
	Field   string // "pool.idle", "targets[1]", a flag such as "--rate"; empty: the file as a whole
	Message string // what is wrong, what was expected, and a suggestion where there is one
}

// String shows p as "shop.yaml:12:9: pool.idle: …" without the parts that are unknown.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": ")
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is everything that is wrong with a spec, as one error: those of flags first, then the file's from top to bottom.
type Problems []Problem

// Error shows one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted returns ps in the order in which they are shown, each once: a problem of an anchored value is met at every alias.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		return a == b || a.Line > 0 && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
}

// err returns ps as an error, nil when there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.sorted()
}
