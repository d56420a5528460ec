package thrift

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pathError says where in the arguments something is wrong: "args.user.tags[3]: expected i32".
type pathError struct {
	parts []string // from the inside out
	what  string
}

func (e *pathError) Error() string {
	parts := slices.Clone(e.parts)
	slices.Reverse(parts)
	return "args" + strings.Join(parts, "") + ": " + e.what
}

func wrong(format string, args ...any) error { return &pathError{what: fmt.Sprintf(format, args...)} }

// within adds the part of the path that led to err.
func within(err error, format string, args ...any) error {
	if p, ok := errors.AsType[*pathError](err); ok {
		p.parts = append(p.parts, fmt.Sprintf(format, args...))
		return p
	}
	return err
}

// found describes what stands where something else is expected.
func (t *tree) found(i int32) string {
	const most = 40
	n := &t.nodes[i]
	switch n.kind {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		if s := t.raw(i); len(s) > most {
			return fmt.Sprintf("%.40q…", s)
		}
		return fmt.Sprintf("%q", t.raw(i))
	}
	return string(t.raw(i)[:min(most, int(n.to-n.from))])
}
