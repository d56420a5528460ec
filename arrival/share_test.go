package arrival_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/iagoloadgen/iago/arrival"
)

// world is a job whose parts change hands, played out on a clock of its own: workers, each with a share per shard; plans
// that reach them late; callers that are behind.
type world struct {
	t       *rapid.T
	parts   *arrival.Parts
	base    arrival.Profile
	changes []arrival.Change
	now     arrival.Profile // base with changes
	end     int64
	lease   int64 // so long a plan lets a part be held at most, until the next plan
	workers []*player
	owner   [][]tenure // by part, all there have been
}

type player struct {
	shares  []*arrival.Share
	yielded []int64
	missed  int64
}

// tenure is a time that a part is held, and when its owner learns of it.
type tenure struct {
	worker               int
	from, through, known int64

	covered int64 // until when plans have let it be held by now
	missed  []span
}

type span struct{ from, to int64 }

// tell has a worker take what is due by now, as far as it keeps up, and gives it the plan.
func (w *world) tell(worker int, now, behind int64) {
	plan := &arrival.Plan{Profile: w.now, End: w.end}
	for part, all := range w.owner {
		var latest *tenure
		for i, o := range all {
			if o.worker == worker && o.known <= now {
				latest = &all[i]
			}
		}
		if latest != nil && (latest.through > now-2e9 || now%2 == 0) {
			plan.Held = append(plan.Held, held(part, part, latest.from, latest.renew(now, w.lease*int64(1+part%3))))
		}
	}
	p := w.workers[worker]
	for _, s := range p.shares {
		p.yielded = append(p.yielded, drained(w.t, s, now-behind)...)
		if _, ok := s.Next(); ok && now%3 == 0 {
			s.Unread() // one fetched ahead and put back
		} else if ok {
			s.Unread()
			s.Unread()
		}
		p.missed += s.Apply(plan, now)
	}
}

// renew returns the end of a tenure as a plan at the time now has it.
func (o *tenure) renew(now, lease int64) (through int64) {
	through = o.through
	if lease > 0 {
		through = min(through, max(now+lease, o.covered))
	}
	if late := (span{max(o.covered, o.from), min(through, now-int64(arrival.Grace))}); late.from < late.to {
		o.missed = append(o.missed, late)
	}
	o.covered = through
	return through
}

// event is a moment at which some workers are given plans.
type event struct {
	at     int64
	worker int
}

// play makes up a history: parts are taken away, with notice, and given to others, who may hear late of it; the rate changes,
// with notice.
func (w *world) play() {
	draw := func(label string, lo, hi int64) int64 { return rapid.Int64Range(lo, hi).Draw(w.t, label) }
	var pending []event
	now := int64(0)
	for now < w.end {
		now += draw("pause", 1, 2e9)
		slices.SortFunc(pending, func(a, b event) int { return int(a.at - b.at) })
		for len(pending) > 0 && pending[0].at <= now {
			w.tell(pending[0].worker, pending[0].at, draw("behind", 0, 4e8))
			pending = pending[1:]
		}
		if draw("what", 0, 2) == 0 {
			w.change(now + draw("notice", 0, 1e9))
		} else {
			part := draw("part", 0, int64(len(w.owner)-1))
			for range draw("moved", 1, 4) {
				if e, ok := w.move(int(part), now, draw); ok {
					pending = append(pending, e)
				}
				part = (part + 1) % int64(len(w.owner))
			}
		}
		for worker := range w.workers {
			w.tell(worker, now, draw("behind", 0, 4e8))
		}
	}
	for _, e := range pending {
		w.tell(e.worker, e.at, 0)
	}
	for _, p := range w.workers {
		for _, s := range p.shares {
			p.yielded = append(p.yielded, drained(w.t, s, arrival.Forever)...)
		}
	}
}

// change adds a change of the rate.
func (w *world) change(at int64) {
	if n := len(w.changes); n > 0 && w.changes[n-1].At > at {
		return
	}
	text := rapid.SampledFrom([]string{"rate 300/s", "rate +100/s", "rate -150/s", "scale 1.5", "scale 0.5", "pause", "resume"}).Draw(w.t, "change")
	c, err := arrival.ParseChange(text)
	if err != nil {
		w.t.Fatal(err)
	}
	c.At = at
	w.changes = append(w.changes, c)
	if w.now, err = arrival.Splice(w.base, w.changes...); err != nil {
		w.t.Fatal(err)
	}
}

// move ends the tenure of a part soon, and gives it to somebody.
func (w *world) move(part int, now int64, draw func(string, int64, int64) int64) (event, bool) {
	all := w.owner[part]
	last := &all[len(all)-1]
	if last.known > now || last.from > now || last.through <= now && last.through != arrival.Forever {
		return event{}, false
	}
	last.through = now + draw("left", 1, 1e9)
	if len(w.changes) > 0 && draw("together", 0, 3) == 0 {
		last.through = max(now+1, w.changes[len(w.changes)-1].At) // the moment of a change of the rate
	}
	next := tenure{
		worker: int(draw("to", 0, int64(len(w.workers)-1))), from: last.through + draw("gap", 0, 1)*draw("gap", 0, 1e9),
		through: arrival.Forever, known: now + draw("late", 0, 1)*draw("delay", 0, 3e9),
	}
	for _, o := range all { // whoever has it again has done with the first time when it hears of the second
		if o.worker == next.worker {
			next.known = max(next.known, o.through+5e8)
		}
	}
	w.owner[part] = append(all, next)
	return event{next.known, next.worker}, true
}

// check compares what has been yielded and missed with the due times of all parts.
func (w *world) check(law func() arrival.Law) {
	p := w.now
	due := dueByPart(law, len(w.owner), p, w.end)
	want := make([][]int64, len(w.workers))
	missed := make([]int64, len(w.workers))
	unowned, whole := int64(0), int64(0)
	for part, all := range w.owner {
		whole += int64(len(due[part]))
		last := int64(0)
		for _, o := range all {
			unowned += w.parts.Count(p, part, part, last, min(o.from, w.end))
			last = min(o.through, w.end)
			covered := min(o.covered, last)
			unowned += w.parts.Count(p, part, part, max(o.from, covered), last)
			took := slices.Clone(within(due[part], o.from, covered))
			for _, m := range o.missed {
				late := within(took, m.from, min(m.to, w.end))
				missed[o.worker] += int64(len(late))
				took = slices.DeleteFunc(took, func(d int64) bool { return len(within([]int64{d}, m.from, m.to)) > 0 })
			}
			want[o.worker] = append(want[o.worker], took...)
		}
		unowned += w.parts.Count(p, part, part, last, w.end)
	}
	accounted := unowned
	for i, player := range w.workers {
		slices.Sort(want[i])
		slices.Sort(player.yielded)
		if !slices.Equal(want[i], player.yielded) {
			w.t.Errorf("worker %d yielded %d arrivals; expected %d, all of its own", i, len(player.yielded), len(want[i]))
		}
		if player.missed != missed[i] {
			w.t.Errorf("worker %d missed %d arrivals; expected %d", i, player.missed, missed[i])
		}
		accounted += int64(len(player.yielded)) + player.missed
	}
	if got := w.parts.Count(p, 0, len(w.owner)-1, 0, w.end); got != whole || accounted != whole {
		w.t.Errorf("Count of the whole is %d, unowned + missed + yielded %d; expected %d", got, accounted, whole)
	}
}

// TestShares: whatever happens to the parts, each arrival is yielded once, or missed once, or due while nobody held its part.
func TestShares(t *testing.T) {
	bases := []arrival.Profile{
		profile(t, "constant:rate=200"), profile(t, "sine:min=0,max=400,period=3s"),
		profile(t, "ramp:from=0,to=300,for=5s", "constant:rate=0,for=2s", "ramp:from=500,to=100,for=9s"),
	}
	laws := partsLaws(t)
	if testing.Short() {
		laws = map[string]func() arrival.Law{"poisson": laws["poisson"], "gamma": laws["gamma"]}
	}
	for name, law := range laws {
		t.Run(name, rapid.MakeCheck(func(rt *rapid.T) {
			w := &world{
				t: rt, base: rapid.SampledFrom(bases).Draw(rt, "base"), end: seconds(12),
				lease: rapid.SampledFrom([]int64{0, 2e8, 1e9}).Draw(rt, "lease"),
			}
			w.now = w.base
			n := rapid.IntRange(1, 9).Draw(rt, "parts")
			w.parts = arrival.Process{NewLaw: law, Profile: w.base}.Parts(n)
			for range rapid.IntRange(1, 3).Draw(rt, "workers") {
				shards := rapid.IntRange(1, 4).Draw(rt, "shards")
				p := &player{}
				for shard := range shards {
					p.shares = append(p.shares, w.parts.Share(shard, shards))
				}
				w.workers = append(w.workers, p)
			}
			for part := range n {
				w.owner = append(w.owner, []tenure{{worker: part % len(w.workers), through: arrival.Forever}})
			}
			for i := range w.workers {
				w.tell(i, 0, 0)
			}
			w.play()
			w.check(law)
		}))
	}
}

// TestLatePlan: of what was due before a plan came, only the grace is yielded.
func TestLatePlan(t *testing.T) {
	for name, law := range partsLaws(t) {
		p := profile(t, "constant:rate=1000")
		ps := arrival.Process{NewLaw: law, Profile: p}.Parts(8)
		s := ps.Share(0, 1)
		first := &arrival.Plan{Profile: p, Held: []arrival.Holding{held(0, 7, 0, seconds(1))}}
		s.Apply(first, 0)
		drained(t, s, arrival.Forever)
		renewed := &arrival.Plan{Profile: p, Held: []arrival.Holding{held(0, 7, 0, seconds(20))}}
		missed := s.Apply(renewed, seconds(10))
		grace := int64(arrival.Grace)
		if want := ps.Count(p, 0, 7, seconds(1), seconds(10)-grace); missed != want {
			t.Errorf("%s: %d missed; expected %d", name, missed, want)
		}
		burst := drained(t, s, seconds(10))
		if want := ps.Count(p, 0, 7, seconds(10)-grace, seconds(10)); int64(len(burst)) != want || burst[0] <= seconds(10)-grace {
			t.Errorf("%s: %d arrivals at once, the first due at %d ns; expected %d, of the grace", name, len(burst), burst[0], want)
		}
	}
}

// TestBacklog: what the caller is late for itself is not missed, unless its part has gone.
func TestBacklog(t *testing.T) {
	for name, law := range partsLaws(t) {
		p := profile(t, "constant:rate=1000")
		ps := arrival.Process{NewLaw: law, Profile: p}.Parts(8)
		s := ps.Share(0, 1)
		plan := func(last int, p arrival.Profile) *arrival.Plan {
			return &arrival.Plan{Profile: p, Held: []arrival.Holding{held(0, last, 0, arrival.Forever)}}
		}
		s.Apply(plan(7, p), 0)
		got := drained(t, s, seconds(1))
		faster := checked(t)(arrival.Splice(p, arrival.Change{At: seconds(2), Kind: arrival.ChangeScale, Value: 3}))
		missed := s.Apply(plan(6, faster), seconds(3))
		got = append(got, drained(t, s, seconds(1.5))...)
		missed += s.Apply(plan(5, faster), seconds(3.5))
		got = append(got, drained(t, s, seconds(4))...)

		due := dueByPart(law, 8, faster, seconds(4))
		old := dueByPart(law, 8, p, seconds(3)-int64(arrival.Grace)) // owed by the first plan: the same arrivals, due later
		var want []int64
		skipped := 0
		for part, d := range due {
			owed := len(old[part])
			onTime := len(within(d, 0, seconds(3)-int64(arrival.Grace)))
			skipped += max(0, onTime-owed) * min(1, max(0, 7-part))
			mine := slices.Concat(d[:owed], d[max(owed, onTime):])
			switch part {
			case 7:
				mine = within(mine, 0, seconds(1))
			case 6:
				mine = within(mine, 0, seconds(1.5))
			}
			want = append(want, mine...)
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d arrivals; expected %d", name, len(got), len(want))
		}
		if missed != int64(skipped) {
			t.Errorf("%s: %d missed; expected the %d that only the faster rate has brought up", name, missed, skipped)
		}
	}
}

// TestUnread: what is put back comes again, and once.
func TestUnread(t *testing.T) {
	p := process(t, "uniform", 1000, 1)
	s := p.Parts(4).Share(0, 1)
	if _, ok := s.Next(); ok {
		t.Error("an arrival before the first plan")
	}
	s.Unread()
	plan := &arrival.Plan{Profile: p.Profile, End: 1e9, Held: []arrival.Holding{held(0, 3, 0, arrival.Forever)}}
	s.Apply(plan, 0)
	var got []int64
	for range 3 {
		due, _ := s.Next()
		s.Unread()
		s.Unread()
		again, _ := s.Next()
		s.Unread()
		s.Apply(plan, due)
		third, _ := s.Next()
		if due != again || due != third {
			t.Fatalf("due at %d, %d and %d ns; expected the same", due, again, third)
		}
		got = append(got, due)
	}
	if want := []int64{1e6, 2e6, 3e6}; !slices.Equal(got, want) {
		t.Errorf("due at %v; expected %v", got, want)
	}
}

// TestSequenceSplice: a profile cut off and continued by another works as Splice does.
func TestSequenceSplice(t *testing.T) {
	for name, law := range partsLaws(t) {
		old := profile(t, "sine:min=100,max=900,period=3s")
		next := profile(t, "constant:rate=2000")
		spliced := checked(t)(arrival.Sequence(checked(t)(arrival.Cut(old, 5e9)), next))
		ps := arrival.Process{NewLaw: law, Profile: old}.Parts(16)
		var got []int64
		for shard := range 3 {
			s := ps.Share(shard, 3)
			all := []arrival.Holding{held(0, 15, 0, arrival.Forever)}
			s.Apply(&arrival.Plan{Profile: old, End: 8e9, Held: all}, 0)
			got = append(got, drained(t, s, 4.9e9)...)
			if missed := s.Apply(&arrival.Plan{Profile: spliced, End: 8e9, Held: all}, 4.9e9); missed != 0 {
				t.Errorf("%s: %d missed", name, missed)
			}
			got = append(got, drained(t, s, arrival.Forever)...)
		}
		slices.Sort(got)
		if want := flat(dueByPart(law, 16, spliced, 8e9)); !slices.Equal(got, want) {
			t.Errorf("%s: %d arrivals; expected %d, the same", name, len(got), len(want))
		}
	}
}

func TestShareDoesNotAllocate(t *testing.T) {
	spliced := checked(t)(arrival.Splice(profile(t, "sine:min=0,max=1000,period=2s"),
		arrival.Change{At: 1, Kind: arrival.ChangeAdd, Value: 500}, arrival.Change{At: 2, Kind: arrival.ChangeScale, Value: 2}))
	for _, text := range []string{"poisson", "uniform", "gamma:shape=2"} {
		for _, p := range []arrival.Profile{profile(t, "constant:rate=1000"), spliced} {
			s := arrival.Process{NewLaw: process(t, text, 1, 1).NewLaw, Profile: p}.Parts(64).Share(0, 2)
			s.Apply(&arrival.Plan{Profile: p, Held: []arrival.Holding{held(0, 63, 0, arrival.Forever)}}, 0)
			if n := testing.AllocsPerRun(1000, func() { s.Next() }); n != 0 {
				t.Errorf("%s: Next allocates %v times; expected 0", text, n)
			}
		}
	}
}

// BenchmarkShare is Next with all parts held.
func BenchmarkShare(b *testing.B) {
	constant := profile(b, "constant:rate=1M")
	spliced, err := arrival.Splice(constant, arrival.Change{At: 1, Kind: arrival.ChangeScale, Value: 2})
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{"poisson", "uniform", "gamma:shape=2"} {
		for _, parts := range []int{1, 64, 1024, 65536} {
			for name, p := range map[string]arrival.Profile{"constant": constant, "spliced": spliced} {
				b.Run(fmt.Sprintf("%s/%d/%s", text, parts, name), func(b *testing.B) {
					s := arrival.Process{NewLaw: process(b, text, 1, 1).NewLaw, Profile: p}.Parts(parts).Share(0, 1)
					s.Apply(&arrival.Plan{Profile: p, Held: []arrival.Holding{held(0, parts-1, 0, arrival.Forever)}}, 0)
					b.ReportAllocs()
					for b.Loop() {
						s.Next()
					}
				})
			}
		}
	}
}

// BenchmarkTakeOver is Apply with 64 of 4096 parts that were others', after an hour at 1,000,000/s.
func BenchmarkTakeOver(b *testing.B) {
	p := profile(b, "constant:rate=1M")
	const hour = int64(3600e9)
	for _, text := range []string{"poisson", "uniform"} {
		b.Run(text, func(b *testing.B) {
			ps := arrival.Process{NewLaw: process(b, text, 1, 1).NewLaw, Profile: p}.Parts(4096)
			plan := &arrival.Plan{Profile: p, Held: []arrival.Holding{held(0, 63, hour, arrival.Forever)}}
			for b.Loop() {
				s := ps.Share(0, 1)
				s.Apply(plan, hour)
			}
		})
	}
}
