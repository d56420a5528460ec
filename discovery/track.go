package discovery

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Tracker stands between a backend and the one who watches it: it puts sets in order, leaves out duplicates, and hands on only what
// differs from before. It is used by one goroutine.
type Tracker struct {
	update func([]Member)
	last   []Member
	known  bool
}

// Track returns the tracker of one watch.
func Track(update func([]Member)) *Tracker { return &Tracker{update: update} }

// Known tells whether there has been a set.
func (t *Tracker) Known() bool { return t.known }

// String describes the set, for messages: "set of 3 members".
func (t *Tracker) String() string {
	if len(t.last) == 1 {
		return "set of 1 member"
	}
	return fmt.Sprintf("set of %d members", len(t.last))
}

// Set takes the complete set, in any order, and tells whether it was handed on. Of members with the same host and port the one with
// the last name stays: where names are numbered, the newest. Such duplicates come about when a member registers anew while its old
// session has not run out.
func (t *Tracker) Set(members []Member) (changed bool) {
	set := slices.Clone(members)
	slices.SortStableFunc(set, func(a, b Member) int {
		return cmp.Or(compareText(a.Host, b.Host), cmp.Compare(a.Port, b.Port), -compareText(a.Name, b.Name))
	})
	set = slices.CompactFunc(set, func(a, b Member) bool { return a.Endpoint() == b.Endpoint() })
	if t.known && slices.EqualFunc(t.last, set, equal) {
		return false
	}
	t.last, t.known = set, true
	t.update(slices.Clone(set))
	return true
}

func compareText(a, b string) int { return cmp.Compare(a, b) }

func equal(a, b Member) bool {
	return a.Endpoint() == b.Endpoint() && a.Name == b.Name && a.Shard == b.Shard && maps.Equal(a.Extra, b.Extra)
}
