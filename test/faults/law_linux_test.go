package faults

import (
	"slices"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/test/netns/counting"
)

// significance is how rarely a right job fails by chance; the seed is fixed, so it does so always or never.
const significance = 1e-4

// TestPoissonOfTheWhole: what four workers send together is the Poisson process that was asked for, whoever comes and goes.
func TestPoissonOfTheWhole(t *testing.T) {
	const rate, duration = 60, 24 * time.Second
	long(t, duration)
	for name, change := range map[string]func(r *rig, workers []*worker) []*worker{
		"four workers": func(_ *rig, workers []*worker) []*worker { return workers },
		"one comes and one leaves": func(r *rig, workers []*worker) []*worker {
			r.pass(duration / 3)
			workers = append(workers, r.joinAs("late"))
			r.pass(duration / 3)
			workers[0].Stop()
			return workers
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, work{rate: rate, duration: duration, workers: 4, lease: patience, late: true})
			workers := r.join(4)
			r.begun()
			workers = change(r, workers)
			o := r.finish(workers)
			o.follows()
			if o.sharp() {
				counting.Poisson(t, r.target.Times().Rescale(o.start, counting.Constant(rate)), rate*duration.Seconds(), significance)
			}
			for _, w := range workers {
				if r.target.Total(w.addr()) == 0 {
					t.Errorf("%s has sent nothing", w.name)
				}
			}
		})
	}
}

// TestUniformOfTheWhole: what four workers send together is as far apart as was asked for, each being due when it was its turn.
func TestUniformOfTheWhole(t *testing.T) {
	const rate, duration = 50, 10 * time.Second
	long(t, duration)
	t.Parallel()
	r := newRig(t, work{rate: rate, duration: duration, workers: 4, arrival: "uniform", lease: patience, late: true})
	workers := r.join(4)
	r.begun()
	r.pass(duration / 3)
	workers = append(workers, r.joinAs("late"))
	r.pass(duration / 3)
	workers[0].Stop()
	o := r.finish(workers)
	o.follows()
	if !o.sharp() {
		return
	}
	times := r.target.Times()
	gaps := make([]time.Duration, len(times)-1)
	for i := range gaps {
		gaps[i] = (time.Duration(times[i+1]-times[i]) - time.Second/rate).Abs()
	}
	slices.Sort(gaps)
	if most := gaps[len(gaps)*3/4]; most > time.Second/rate/2 {
		t.Errorf("one gap in four is by more than %v another than %v", most, time.Second/rate)
	}
}
