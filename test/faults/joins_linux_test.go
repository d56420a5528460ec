package faults

import (
	"testing"
	"time"
)

// TestWorkerJoins: a worker that comes in the middle has its share a few seconds later, and the whole schedule is sent, as if it had
// not come.
func TestWorkerJoins(t *testing.T) {
	const rate, duration, few = 600, 12 * time.Second, 4 * time.Second
	long(t, duration)
	t.Parallel()
	r := newRig(t, work{rate: rate, duration: duration, workers: 3, arrival: "uniform", lease: patience, late: true})
	workers := r.join(3)
	r.begun()
	r.pass(duration / 3)
	joined := time.Now()
	late := r.joinAs("late")
	workers = append(workers, late)
	o := r.finish(workers)
	o.follows()
	for _, w := range workers {
		if got := o.rate(o.at(joined)+few, duration, w); !about(got, rate/4, 0.2) {
			t.Errorf("%s sends %.0f/s of %v/s %v after a fourth worker came", w.name, got, rate, few)
		}
	}
	if x := o.of(late); x.State != "done" || x.ClockErrorNS == 0 {
		t.Errorf("late: %+v", x)
	}
}
