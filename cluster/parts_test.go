package cluster

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iagoloadgen/iago/arrival"
)

// TestPartsHaveOneOwnerAtATime lets workers come, go and confirm in any order, and looks at all windows that were given out.
func TestPartsHaveOneOwnerAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 32
		ps := newParts(n)
		var alive, leaving []string
		pending := map[string]int64{} // who has been asked to let go of parts, and when
		given := make([][]Holding, n) // by part, all windows given out; the last one may be open
		now, born := int64(1), 0
		note := func() {
			for i, p := range ps.list {
				w := given[i]
				last := len(w) - 1
				switch {
				case p.owner == "" && last >= 0 && w[last].Through > now:
					w[last].Through = now
				case p.owner != "" && (last < 0 || w[last].First != int(p.from) || w[last].Last != owner(p.owner)):
					if last >= 0 && w[last].Through > p.from {
						t.Fatalf("part %d: given to %s from %d, though another has it until %d", i, p.owner, p.from, w[last].Through)
					}
					given[i] = append(w, Holding{First: int(p.from), Last: owner(p.owner), From: p.from, Through: p.through})
				case p.owner != "":
					w[last].Through = p.through
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += 10
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				born++
				alive = append(alive, fmt.Sprint("w", born))
			case 1:
				if len(alive) > 0 {
					k := rapid.IntRange(0, len(alive)-1).Draw(t, "who dies")
					ps.free(alive[k])
					delete(pending, alive[k])
					alive = slices.Delete(alive, k, k+1)
					note()
				}
			case 2:
				for _, id := range ps.release(alive, leaving, now+5) {
					pending[id] = now
				}
				note()
			case 3:
				for id, at := range pending {
					delete(pending, id)
					ps.released(id, at+rapid.Int64Range(0, 20).Draw(t, "stopped"))
					ps.deal(alive, now)
					note()
				}
			case 4:
				if len(alive) > 0 {
					k := rapid.IntRange(0, len(alive)-1).Draw(t, "who leaves")
					leaving = append(leaving, alive[k])
					alive = slices.Delete(alive, k, k+1)
				}
			}
			ps.deal(alive, now)
			note()
		}
		settle(ps, alive, leaving, now)
		for _, id := range leaving {
			if c := ps.count(id); c > 0 && len(alive) > 0 {
				t.Fatalf("%s is leaving and still has %d parts: %v", id, c, ps.list)
			}
		}
		for _, id := range alive {
			if c := ps.kept(id); c < n/len(alive) || c > (n+len(alive)-1)/len(alive) || c != ps.count(id) {
				t.Fatalf("%s has %d of %d parts among %d: %v", id, c, n, len(alive), ps.list)
			}
		}
	})
}

func owner(id string) (n int) {
	_, _ = fmt.Sscanf(id, "w%d", &n)
	return n
}

// settle has everything that is to be handed on handed on.
func settle(ps *parts, alive, leaving []string, now int64) {
	for range 3 {
		ps.release(alive, leaving, now)
		for _, id := range slices.Concat(alive, leaving) {
			ps.released(id, now)
		}
		ps.deal(alive, now)
	}
}

func TestHeldIsInStretches(t *testing.T) {
	ps := newParts(6)
	ps.take("a", []Holding{{First: 0, Last: 2, From: 5, Through: arrival.Forever}, {First: 4, Last: 4, From: 5, Through: 9}})
	want := []Holding{{First: 0, Last: 2, From: 5, Through: arrival.Forever}, {First: 4, Last: 4, From: 5, Through: 9}}
	if got := ps.held("a"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if changed := ps.deal([]string{"a", "b"}, 7); !slices.Equal(changed, []string{"b"}) {
		t.Errorf("%v changed: the one with less gets what is free", changed)
	}
}

func TestGapsAreWhatNobodyHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n, end = 8, 40
		var stints []Holding
		var held [n][end + 1]bool // by part and ns: (k-1, k]
		for range rapid.IntRange(0, 10).Draw(t, "stints") {
			first := rapid.IntRange(0, n-1).Draw(t, "first")
			last := rapid.IntRange(first, n-1).Draw(t, "last")
			from := rapid.Int64Range(0, end).Draw(t, "from")
			through := rapid.Int64Range(0, end+20).Draw(t, "through")
			stints = append(stints, Holding{First: first, Last: last, From: from, Through: through})
			for p := first; p <= last; p++ {
				for at := from + 1; at <= min(through, end); at++ {
					held[p][at] = true
				}
			}
		}
		var once [n][end + 1]bool
		for _, h := range union(n, stints, end) {
			for p := h.First; p <= h.Last; p++ {
				for at := h.From + 1; at <= h.Through; at++ {
					if once[p][at] {
						t.Fatalf("part %d at %d is twice in the union", p, at)
					}
					once[p][at] = true
				}
			}
		}
		if once != held {
			t.Fatalf("the union of %v is %v", stints, union(n, stints, end))
		}
		for _, g := range gaps(n, stints, end) {
			for p := g.first; p <= g.last; p++ {
				for at := g.from + 1; at <= g.to; at++ {
					if held[p][at] {
						t.Fatalf("part %d at %d is held and in a gap, or in two", p, at)
					}
					held[p][at] = true
				}
			}
		}
		for p := range held {
			for at := 1; at <= end; at++ {
				if !held[p][at] {
					t.Fatalf("part %d at %d is neither held nor in a gap", p, at)
				}
			}
		}
	})
}

func TestStints(t *testing.T) {
	var s stints
	open := Holding{First: 0, Last: 7, Through: arrival.Forever}
	s.put([]Holding{open})
	kept, going := Holding{First: 0, Last: 3, Through: arrival.Forever}, Holding{First: 4, Last: 7, Through: 50}
	s.put([]Holding{kept, going})
	if got, _ := s.settle([]Holding{kept}, 40); !slices.Equal(got, []Holding{kept, going}) {
		t.Errorf("what is held until 50 goes on at 40, whatever a later share says: %v", got)
	}
	if got, _ := s.settle([]Holding{open}, 40); !slices.Equal(got, []Holding{open}) {
		t.Errorf("what has been given again is not held twice: %v", got)
	}
	s.put([]Holding{kept})
	s.cut(100)
	want := []Holding{going, {First: 0, Last: 3, Through: 100}}
	if got := s.all(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := after([]Holding{kept, going}, 60); !slices.Equal(got, []Holding{{First: 0, Last: 3, From: 60, Through: arrival.Forever}}) {
		t.Errorf("after 60: %v", got)
	}
	if got := before([]Holding{kept, going, {First: 8, Last: 8, From: 40, Through: 60}}, 40); !slices.Equal(got, []Holding{{First: 0, Last: 3, Through: 40}, {First: 4, Last: 7, Through: 40}}) {
		t.Errorf("before 40: %v", got)
	}
}

// TestStintsThatComeBack: what comes back before it has gone is held to its end first, and anew in time.
func TestStintsThatComeBack(t *testing.T) {
	const forever = arrival.Forever
	for _, c := range []struct {
		name       string
		open, held []Holding
		now        int64
		want       []Holding
		next       int64
	}{
		{"not yet", []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, []Holding{{First: 0, Last: 7, From: 70, Through: forever}}, 40, []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, 60},
		{"when the one is over and the other has not begun", []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, []Holding{{First: 0, Last: 7, From: 70, Through: forever}}, 60, []Holding{{First: 0, Last: 7, From: 70, Through: forever}}, forever},
		{"with nothing in between", []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, []Holding{{First: 0, Last: 7, From: 50, Through: forever}}, 49, []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, 50},
		{
			"some of it, with some of another",
			[]Holding{{First: 0, Last: 3, From: 0, Through: 50}, {First: 4, Last: 7, From: 0, Through: forever}},
			[]Holding{{First: 2, Last: 5, From: 70, Through: forever}},
			40,
			[]Holding{{First: 0, Last: 3, From: 0, Through: 50}, {First: 4, Last: 5, From: 70, Through: forever}},
			60,
		},
		{"it goes later, or not at all", []Holding{{First: 0, Last: 3, From: 0, Through: 50}, {First: 4, Last: 7, From: 0, Through: 50}}, []Holding{{First: 0, Last: 3, From: 0, Through: 60}, {First: 4, Last: 7, From: 0, Through: forever}}, 40, []Holding{{First: 0, Last: 3, From: 0, Through: 60}, {First: 4, Last: 7, From: 0, Through: forever}}, forever},
		{"it has just gone", []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, nil, 51, []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, forever},
		{"it has gone", []Holding{{First: 0, Last: 7, From: 0, Through: 50}}, nil, 50 + int64(linger), nil, forever},
	} {
		s := stints{open: c.open}
		if got, next := s.settle(c.held, c.now); !slices.Equal(got, c.want) || next != c.next {
			t.Errorf("%s: %v, then again at %d; expected %v, %d", c.name, got, next, c.want, c.next)
		}
	}
}

// TestStintsAreHeldToTheirEnd: whatever a worker is given, and when, the engine has no part twice, and what is to be held up to a moment is
// held up to it.
func TestStintsAreHeldToTheirEnd(t *testing.T) {
	const n = 6
	process, err := arrival.Parse("uniform", 100, 1)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var s stints
		var until [n]int64 // what the latest holding of each part is to be held to; 0: nothing
		now := int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now += rapid.Int64Range(1, 30).Draw(t, "pass")
			var held []Holding
			for p := range n {
				if !rapid.Bool().Draw(t, "held") {
					continue
				}
				h := Holding{First: p, Last: p, From: max(until[p], now) + rapid.Int64Range(0, 20).Draw(t, "from"), Through: arrival.Forever}
				if rapid.Bool().Draw(t, "bounded") {
					h.Through = h.From + rapid.Int64Range(1, 20).Draw(t, "for")
				}
				held = append(held, h)
			}
			out, next := s.settle(held, now)
			if err := (&arrival.Plan{Profile: process.Profile, Held: out}).Validate(n); err != nil {
				t.Fatal(err)
			}
			if next <= now {
				t.Fatalf("again at %d, and it is %d", next, now)
			}
			s.put(out)
			for p := range n {
				h, ok := covering(out, reach{p, p})
				if until[p] > now && (!ok || h.Through != until[p]) {
					t.Fatalf("part %d is to be held until %d, and at %d it is %v", p, until[p], now, h)
				}
				if until[p] = 0; ok && h.Through != arrival.Forever {
					until[p] = h.Through
				}
			}
		}
	})
}
