package faults

import (
	"strings"
	"testing"
	"time"
)

// TestTogether: all workers begin at the agreed instant, whatever each of them took to get ready.
func TestTogether(t *testing.T) {
	t.Parallel()
	const rate, duration, apart = 1000, 3 * time.Second, 5 * time.Millisecond
	r := newRig(t, work{rate: rate, duration: duration, workers: 4, arrival: "uniform", lease: patience, late: true})
	workers := r.join(4)
	o := r.finish(workers)
	for i, w := range workers {
		x := o.of(w)
		if x.ClockErrorNS <= 0 || x.ClockErrorNS > int64(apart) {
			t.Errorf("%s: its clock is said to be known within %v", w.name, time.Duration(x.ClockErrorNS))
		}
		// All have the machine's clock, so the offset that was found is its own error.
		if off := time.Duration(x.ClockOffsetNS).Abs(); off > time.Duration(x.ClockErrorNS)+time.Microsecond || off > apart {
			t.Errorf("%s: its clock is said to be %v off, within %v", w.name, time.Duration(x.ClockOffsetNS), time.Duration(x.ClockErrorNS))
		}
		if !strings.Contains(r.feeder.Stdout(), w.name) {
			t.Errorf("%s is not shown", w.name)
		}
		// Of 64 requests in a row, 1 ms apart, the first 16 are w1's, the next w2's, and so on. The least late of its requests tells how far
		// off a worker's start was.
		least := time.Hour
		for n, at := range r.target.Times(w.addr()) {
			turn := n/16*64 + 16*i + n%16
			least = min(least, o.at(time.Unix(0, at))-time.Duration(turn+1)*time.Second/rate)
		}
		t.Logf("%s: offset %v ± %v, began %v after the agreed instant", w.name, time.Duration(x.ClockOffsetNS), time.Duration(x.ClockErrorNS), least)
		if least.Abs() > apart {
			t.Errorf("%s began %v after the agreed instant", w.name, least)
		}
	}
}
