package processor

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	"github.com/iagoloadgen/iago/load"
)

// OtherLabel is the label of all requests beyond the bound on labels.
const OtherLabel = "(other)"

// maxLabel bounds a label's length, in bytes.
const maxLabel = 200

// LabelConfig says how requests are grouped in figures. Begin with [DefaultLabels].
type LabelConfig struct {
	// Segments is how many of the path's first segments make the label, where no rule matches. 0: no label then.
	Segments int `yaml:"segments"`
	// Max is how many different labels there are at most; requests beyond them share [OtherLabel].
	Max int `yaml:"max"`
	// Rules come first, the first that matches.
	Rules []Rule `yaml:"rules"`
}

// Rule labels requests whose path and query match a regular expression.
type Rule struct {
	// Match is a regular expression (RE2); it may match anywhere, so ^ and $ say where.
	Match string `yaml:"match"`
	// Name is the label, as it stands or with $1, ${1} or ${name} for the groups of Match.
	Name string `yaml:"name"`
}

// DefaultLabels groups by method and first path segment, 100 groups at most.
func DefaultLabels() LabelConfig { return LabelConfig{Segments: 1, Max: 100} }

// Labeler gives requests their labels. It is used by one goroutine, and first come, first served: which labels there are
// when there are too many depends on the order of the requests alone.
type Labeler struct {
	segments, max int
	rules         []rule
	known         map[string]string
	key           []byte
}

type rule struct {
	match *regexp.Regexp
	name  string
	plain bool // name has no groups in it
}

// NewLabeler compiles c. The error joins all that is wrong; each begins with the yaml name of its field.
func NewLabeler(c LabelConfig) (*Labeler, error) {
	var errs []error
	if c.Segments < 0 {
		errs = append(errs, fmt.Errorf("processor: labels: segments: %d is negative; give a number of path segments, or 0 for none", c.Segments))
	}
	if c.Max < 1 {
		errs = append(errs, fmt.Errorf("processor: labels: max: %d: expected at least 1", c.Max))
	}
	l := &Labeler{segments: c.Segments, max: c.Max, known: map[string]string{}}
	for i, r := range c.Rules {
		compiled, err := r.compile()
		if err != nil {
			errs = append(errs, fmt.Errorf("processor: labels: rules[%d]: %w", i, err))
			continue
		}
		l.rules = append(l.rules, compiled)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return l, nil
}

// reference is how regexp.Expand spells a group in a template.
var reference = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)

func (r *Rule) compile() (rule, error) {
	if r.Name == "" {
		return rule{}, errors.New("name: it is empty; give the label")
	}
	re, err := regexp.Compile(r.Match)
	if err != nil {
		return rule{}, fmt.Errorf("match: %q: %w", r.Match, err)
	}
	groups := map[string]bool{}
	for i, name := range re.SubexpNames() {
		groups[fmt.Sprint(i)], groups[name] = true, true
	}
	used := reference.FindAllStringSubmatch(r.Name, -1)
	for _, m := range used {
		if !groups[m[1]+m[2]] {
			return rule{}, fmt.Errorf("name: %q: match has no group %s; write ${1}x for group 1 before an x", r.Name, m[0])
		}
	}
	return rule{match: re, name: r.Name, plain: len(used) == 0}, nil
}

// Label returns the label of req: the one it has, else that of the first rule that matches, else its method and first path
// segments ("GET /a" for /a/b?c, "GET /" for the root). Segments are taken as they are, whatever ids are in them: a rule can
// do better, and the bound keeps the figures small. "" means no label.
//
// It allocates for labels not seen before, and a little where a rule's name has groups in it.
func (l *Labeler) Label(req *load.Request) string {
	if req.Label != "" {
		return l.bound(append(l.key[:0], req.Label...))
	}
	for i := range l.rules {
		r := &l.rules[i]
		if r.plain {
			if r.match.Match(req.URI) {
				return l.bound(append(l.key[:0], r.name...))
			}
			continue
		}
		if at := r.match.FindSubmatchIndex(req.URI); at != nil {
			return l.bound(r.match.Expand(l.key[:0], []byte(r.name), req.URI, at))
		}
	}
	if l.segments == 0 {
		return ""
	}
	key := append(append(l.key[:0], req.Method...), ' ')
	return l.bound(append(key, firstSegments(req.URI, l.segments)...))
}

// bound turns key into a label, within the bounds of length and number.
func (l *Labeler) bound(key []byte) string {
	l.key = key
	if len(key) > maxLabel {
		key = append(key[:maxLabel], "…"...)
	}
	if label, ok := l.known[string(key)]; ok {
		return label
	}
	if len(key) == 0 || len(l.known) == l.max {
		return OtherLabel
	}
	label := string(key)
	l.known[label] = label
	return label
}

var rootPath = []byte("/")

// firstSegments returns the beginning of a URI's path, n segments long, without a slash at its end.
func firstSegments(uri []byte, n int) []byte {
	path := uri
	for _, end := range [...]byte{'?', '#'} {
		if i := bytes.IndexByte(path, end); i >= 0 {
			path = path[:i]
		}
	}
	end := 0
	for range n {
		if end == len(path) {
			break
		}
		next := bytes.IndexByte(path[end+1:], '/')
		if next < 0 {
			end = len(path)
			break
		}
		end += 1 + next
	}
	for end > 1 && path[end-1] == '/' {
		end--
	}
	if end == 0 || end == 1 && path[0] == '/' {
		return rootPath
	}
	return path[:end]
}
