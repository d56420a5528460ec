package spec

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Wait is how a shard waits for the next arrival.
type Wait string

// The ways to wait.
const (
	Auto  Wait = "auto"  // asleep until just before, then polling
	Sleep Wait = "sleep" // cheap
	Spin  Wait = "spin"  // sharp, takes a core
)

// UnmarshalText reads one of the ways to wait.
func (w *Wait) UnmarshalText(text []byte) error { return word(w, text, Auto, Sleep, Spin) }

// MarshalText writes w as it is read.
func (w Wait) MarshalText() ([]byte, error) { return []byte(w), nil }

// Policy is what happens to a request that is due while all connections are busy.
type Policy string

// The policies.
const (
	Queue Policy = "queue" // it waits
	Drop  Policy = "drop"  // it is dropped if too many wait already
)

// UnmarshalText reads one of the policies.
func (p *Policy) UnmarshalText(text []byte) error { return word(p, text, Queue, Drop) }

// MarshalText writes p as it is read.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p), nil }

// Late is what happens to an arrival that the generator itself is late for. The zero value is "send".
type Late struct {
	// An arrival later than this is dropped; 0: sent all the same.
	Skip Duration `yaml:"skip" json:"skip"`
}

// UnmarshalText reads "send" or "skip=50ms".
func (l *Late) UnmarshalText(text []byte) error {
	t := string(text)
	limit, skip := strings.CutPrefix(t, "skip=")
	switch {
	case t == "send":
		*l = Late{}
		return nil
	case !skip:
		return fmt.Errorf("%q: expected send, or skip with a limit such as skip=50ms", t)
	}
	d, err := ParseDuration(limit)
	if err == nil && d == 0 {
		err = fmt.Errorf("%q: expected a limit above 0, such as skip=50ms", t)
	}
	if err == nil {
		*l = Late{Skip: d}
	}
	return err
}

// decode implements custom: text or {skip: 50ms}.
func (l *Late) decode(d *decoder, n *yaml.Node, field string) {
	if n.Kind != yaml.MappingNode {
		d.text(n, l, field)
		return
	}
	d.structure(n, reflect.ValueOf(l).Elem(), field)
	if l.Skip == 0 {
		d.problem(n, field, "expected a limit above 0, such as {skip: 50ms}")
	}
}

// MarshalText writes l so that UnmarshalText reads it back.
func (l Late) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// String writes l as "send" or "skip=50ms".
func (l Late) String() string {
	if l.Skip == 0 {
		return "send"
	}
	return "skip=" + l.Skip.String()
}

// word stores text in w if it is one of the words allowed.
func word[W ~string](w *W, text []byte, allowed ...W) error {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		if string(text) == string(a) {
			*w = a
			return nil
		}
		names[i] = string(a)
	}
	return fmt.Errorf("%q: expected %s%s", text, oneOf(names), didYouMean(string(text), names))
}

// oneOf lists words: "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
