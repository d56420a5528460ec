package engine

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestNumbersAreGivenAgain: of targets that come and go all the time few are remembered, and every request goes to whom it was encoded for.
func TestNumbersAreGivenAgain(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			f := newFarm(t, 10*time.Millisecond)
			const spare, times = 3, 240
			f.s.before = func(e *Engine) { e.roster.spare = spare }
			c := Config{Codec: &addressed{}, Schedule: evenly(1000, 6000), Targets: simTargets(1, 2), Pool: Pool{Keep: 100}}
			way(&c)
			most := 0
			for i := range times {
				f.change(int64(i+1)*20*ms, 3+i, 4+i, 1) // two at a time, one of which stays for the next
				f.s.at(int64(i+1)*20*ms+ms, func() { most = max(most, len(f.s.engine.roster.known)) })
			}
			m, _ := simRun(t, f.s, c)
			if q := m.Requests; q.Completed != 6000 {
				t.Errorf("%+v, %v", q, m.Errors)
			}
			r := f.s.engine.roster
			if most > 3+spare+4 || len(r.numbers) != len(r.known) || len(f.seen) < times {
				t.Errorf("%d numbers at most, %d names, %d targets seen", most, len(r.numbers), len(f.seen))
			}
			for url, n := range r.numbers {
				if r.names[n] != url || r.e.resolver.targets[n].URL != url.url {
					t.Errorf("number %d is %v, %v and %s", n, url, r.names[n], r.e.resolver.targets[n].URL)
				}
			}
		})
	}
}

// TestABusyNumberIsNotGivenAgain: not while an answer is awaited from its target, and none of those that are kept for their return.
func TestABusyNumberIsNotGivenAgain(t *testing.T) {
	f := newFarm(t, 700*time.Millisecond)
	f.s.before = func(e *Engine) { e.roster.spare = 0 }
	c := Config{Codec: &addressed{}, Schedule: evenly(100, 100), Targets: simTargets(1)}
	at := func(when int64, want ...string) {
		f.s.at(when, func() {
			var urls []string
			for _, t := range f.s.engine.resolver.targets {
				urls = append(urls, t.Host)
			}
			if !slices.Equal(urls, want) {
				t.Errorf("at %v: targets by number %v, want %v", time.Duration(when), urls, want)
			}
		})
	}
	f.change(105*ms, 2)
	f.change(205*ms, 3)
	at(210*ms, "10.0.0.1", "10.0.0.2", "10.0.0.3")
	f.change(705*ms, 4)
	at(710*ms, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
	f.change(1000*ms, 5) // by now the first has given its last answer, but this is where that is found out
	f.change(1100*ms, 6)
	at(1110*ms, "10.0.0.6", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5")
	m, _ := simRun(t, f.s, c)
	if m.Requests.Completed != 100 {
		t.Errorf("%+v", m.Requests)
	}
}

// TestALateLookupIsNotTakenForAnothers: a name's addresses that come when its number is another's are left out.
func TestALateLookupIsNotTakenForAnothers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{known: map[string]string{"a": "10.0.0.1"}}
		e, _ := rosterRun(t, lines{}, 0, n, named("a")...)
		defer e.endRoster()
		if e.resolver.put(0, "lines://b", nil) {
			t.Error("put for another target")
		}
		if !e.resolver.put(0, "lines://a", nil) {
			t.Error("not put for the target itself")
		}
		e.resolver.replace(0, named("b")[0])
		if e.resolver.put(0, "lines://a", nil) || e.resolver.sets[0].Load() != nil {
			t.Error("put for the target before")
		}
	})
}
