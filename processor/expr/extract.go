package expr

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// extractor is a compiled Extract.
type extractor struct {
	path, name string
	expr       *program
	pattern    *regexp.Regexp
	json       []step
}

func (s *responseSide) compileExtract(path, name string, e *Extract, p *problems) extractor {
	out := extractor{path: path, name: name}
	var err error
	given := 0
	if e.Expr != "" {
		given++
		out.expr = s.compile(path+".expr", e.Expr, anything, p)
	}
	if e.Regexp != "" {
		given++
		if out.pattern, err = regexp.Compile(e.Regexp); err != nil {
			p.add(path+".regexp", "%w", err)
		}
	}
	if e.JSON != "" {
		given++
		if out.json, err = parsePath(e.JSON); err != nil {
			p.add(path+".json", "%q: %w", e.JSON, err)
		}
	}
	if given != 1 {
		p.add(path, "expected exactly one of json, regexp and expr")
	}
	return out
}

// find returns the value, nil where there is none.
func (e *extractor) find(s *responseSide) (any, error) {
	switch {
	case e.expr != nil:
		return s.run(e.expr)
	case e.pattern != nil:
		if v, ok := firstGroup(e.pattern, string(s.x.Response.Content)); ok {
			return v, nil
		}
		return nil, nil
	}
	v, err := decodeJSON(s.x.Response.Content)
	if err != nil {
		return nil, fmt.Errorf("%s.json: the body is %w", e.path, err)
	}
	return follows(v, e.json), nil
}

// step goes from a JSON value to one within it: by a name, or where that is "" by a place.
type step struct {
	name  string
	place int // below 0: from the end
}

var errPath = errors.New("expected names and places such as user.items[0].id or items[-1]")

// parsePath reads a path such as user.items[0].id; "$." before it, as in JSONPath, does not count.
func parsePath(text string) ([]step, error) {
	var steps []step
	rest := strings.TrimPrefix(strings.TrimPrefix(text, "$"), ".")
	for rest != "" {
		if rest[0] != '[' {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, errPath
			}
			steps, rest = append(steps, step{name: rest[:end]}), rest[end:]
		} else {
			place, after, ok := strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(place)
			if !ok || err != nil {
				return nil, errPath
			}
			steps, rest = append(steps, step{place: n}), after
		}
		var dot bool
		if rest, dot = strings.CutPrefix(rest, "."); dot && rest == "" || !dot && rest != "" && rest[0] != '[' {
			return nil, errPath
		}
	}
	return steps, nil
}

// follows goes along the steps; nil: they lead nowhere.
func follows(v any, steps []step) any {
	for _, s := range steps {
		switch in := v.(type) {
		case map[string]any:
			if s.name == "" {
				return nil
			}
			v = in[s.name]
		case []any:
			at := s.place
			if at < 0 {
				at += len(in)
			}
			if s.name != "" || at < 0 || at >= len(in) {
				return nil
			}
			v = in[at]
		default:
			return nil
		}
	}
	return v
}
