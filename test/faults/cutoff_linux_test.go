package faults

import (
	"testing"
	"time"

	"github.com/iagoloadgen/iago/test/netns/delay"
)

// cut is a way to cut a worker off.
type cut struct {
	begin, end func(r *rig, w *worker, bus *delay.Proxy)
	stops      bool // it cannot keep its lease
	aborts     bool // it cannot reach the target either
	relay      bool // its way to the bus, and only that, leads over a proxy
}

var cuts = map[string]cut{
	"link down": {
		begin: func(_ *rig, w *worker, _ *delay.Proxy) { w.host.LinkDown() },
		end:   func(_ *rig, w *worker, _ *delay.Proxy) { w.host.LinkUp() },
		stops: true, aborts: true,
	},
	"from the bus": {
		begin: func(r *rig, w *worker, _ *delay.Proxy) { w.host.CutOut(r.bus); w.host.CutIn(r.bus) },
		end:   func(_ *rig, w *worker, _ *delay.Proxy) { w.host.Heal() },
		stops: true,
	},
	"it cannot speak to the bus": {
		begin: func(r *rig, w *worker, _ *delay.Proxy) { w.host.CutOut(r.bus) },
		end:   func(_ *rig, w *worker, _ *delay.Proxy) { w.host.Heal() },
		stops: true,
	},
	"it cannot hear the bus": {
		begin: func(r *rig, w *worker, _ *delay.Proxy) { w.host.CutIn(r.bus) },
		end:   func(_ *rig, w *worker, _ *delay.Proxy) { w.host.Heal() },
		stops: true,
	},
	"one packet in three is lost": {
		begin: func(r *rig, w *worker, _ *delay.Proxy) { w.host.LoseWith(r.bus, 0.3) },
		end:   func(_ *rig, w *worker, _ *delay.Proxy) { w.host.Heal() },
	},
	"the bus is 300 ms away": {
		begin: func(_ *rig, _ *worker, p *delay.Proxy) { p.SetDelay(300 * time.Millisecond) },
		end:   func(_ *rig, _ *worker, p *delay.Proxy) { p.SetDelay(0) },
		relay: true,
	},
	"paused": {
		begin: func(_ *rig, w *worker, _ *delay.Proxy) { w.Pause() },
		end:   func(_ *rig, w *worker, _ *delay.Proxy) { w.Continue() },
		stops: true,
	},
}

// TestWorkerIsCutOff cuts one of four workers off and lets it come back: it stops before its share is given away, the others have that soon,
// and at no time is more sent than was asked for.
func TestWorkerIsCutOff(t *testing.T) {
	const rate, duration, from, lasts = 600, 20 * time.Second, 3 * time.Second, 5500 * time.Millisecond
	long(t, duration)
	for name, c := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, work{rate: rate, duration: duration, workers: 4, arrival: "uniform"})
			workers := r.join(3)
			victim, proxy := r.victim(c.relay)
			workers = append(workers, victim)
			r.begun()
			r.pass(from)
			began := time.Now()
			c.begin(r, victim, proxy)
			r.pass(lasts)
			ended := time.Now()
			c.end(r, victim, proxy)
			o := r.finish(workers)
			givenUp := o.givenUp(victim)
			o.silent(victim, givenUp)
			if !o.calm(stalled, victim) {
				return
			}
			for _, w := range workers[:3] {
				if list := o.givenUp(w); len(list) > 0 {
					t.Errorf("%s had no lease: %v", w.name, list)
				}
			}
			if !c.stops {
				t.Logf("given up %v", givenUp)
				return
			}
			if len(givenUp) != 1 {
				t.Fatalf("%s was given up %v: %v", victim.name, givenUp, o.Summary.Events)
			}
			o.within(o.at(began), o.at(began)+lease+time.Second, "^worker "+victim.name+" has not been heard of")
			// TCP waits longer and longer before it tries again, and the bus's client gives a silent connection up after twelve seconds.
			back := o.within(o.at(ended), duration-3*time.Second, "^worker "+victim.name+" is back")
			o.whole(o.at(began)+lease+time.Second, duration)
			o.has(victim, 0, o.at(began)+lease+time.Second, back)
			if o.calm(behind, victim) {
				o.has(victim, rate/4, back+2*time.Second, duration)
			}
			const underWay = 3 // requests whose answers come at once, when the lease ends
			if n := o.of(victim).Errors["lease ended"]; (n > underWay) != c.aborts {
				t.Errorf("%d requests were aborted", n)
			}
		})
	}
}

// victim starts a worker that will be cut off, with a proxy on its way to the bus if it is to be so.
func (r *rig) victim(relay bool) (*worker, *delay.Proxy) {
	r.t.Helper()
	if relay {
		return r.joinOver("victim")
	}
	return r.joinAs("victim"), nil
}

// has fails the test if a worker's rate at the target between two moments is not about that.
func (o *outcome) has(w *worker, rate float64, from, to time.Duration) {
	o.t.Helper()
	if got := o.rate(from, to, w); !about(got, rate, 0.2) {
		o.t.Errorf("%s sends %.0f/s from %v to %v, expected about %.0f", w.name, got, from, to, rate)
	}
}

// TestWorkerStaysCutOff cuts one of four workers off from the bus, and not from the target, until the job has ended. If it comes back then,
// its results are still counted; if it does not, all that it may have sent is lost.
func TestWorkerStaysCutOff(t *testing.T) {
	const rate, duration, from = 600, 9 * time.Second, 3 * time.Second
	long(t, duration+2*lease)
	for name, returns := range map[string]bool{"to the end": true, "for good": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, work{rate: rate, duration: duration, workers: 4, arrival: "uniform"})
			workers := r.join(4)
			victim := workers[3]
			r.begun()
			r.pass(from)
			began := time.Now()
			victim.host.CutOut(r.bus)
			victim.host.CutIn(r.bus)
			var gone []*worker
			if returns {
				r.pass(duration - from)
				victim.host.Heal()
			} else {
				gone = append(gone, victim)
			}
			o := r.finish(workers, gone...)
			o.silent(victim, o.givenUp(victim))
			if o.calm(stalled, victim) {
				o.whole(o.at(began)+lease+time.Second, duration)
			}
			x := o.of(victim)
			q, seen := x.Requests, r.target.Total(victim.addr())
			if returns {
				if x.State != "done" || q.Lost > 0 || q.Completed != seen {
					t.Errorf("%s is %q, with %+v, and %d of its requests reached the target", victim.name, x.State, q, seen)
				}
				return
			}
			if most := int64((lease + time.Second + 500*time.Millisecond).Seconds() * rate / 4); x.State != "lost" || q.Lost == 0 || q.Lost > most || q.Sent < seen {
				t.Errorf("%s is %q, with %+v, and %d of its requests reached the target; at most %d can be lost", victim.name, x.State, q, seen, most)
			}
		})
	}
}
