package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/engine"
)

// TestStintEndsWithTheLease: a worker that comes back hears that it has no share any more before it has its lease again, or after; what
// it had is accounted for up to the lease's end.
func TestStintEndsWithTheLease(t *testing.T) {
	process, err := arrival.Parse("uniform", 100, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, told := range map[string]func(w *worker){
		"told before": func(w *worker) { w.update(func() { w.share = Share{Seq: 2, Life: 1} }) },
		"told after":  func(*worker) {},
	} {
		t.Run(name, func(t *testing.T) {
			held := []Holding{{First: 0, Last: 7, Through: arrival.Forever}}
			w := &worker{
				logf: t.Logf, parts: process.Parts(8), base: process.Profile, changed: make(chan struct{}), start: time.Now().Add(-3 * time.Second),
				share: Share{Seq: 1, Life: 1, Held: held}, held: &holder{lease: Lease{Life: 1}, poke: make(chan struct{}, 1)},
			}
			w.sender = running{engine.NewLive(w.parts), nil}
			w.until = w.start.Add(time.Second)
			w.stints.put(held)
			told(w)
			w.steerMu.Lock()
			w.steer(false)
			w.steerMu.Unlock()
			w.held.change(func(l *Lease) { l.Life++ })
			w.steerMu.Lock()
			w.steer(false)
			w.steerMu.Unlock()
			w.renewed(time.Now().Add(time.Minute), true)
			if got := w.stints.all(); !slices.Equal(got, []Holding{{First: 0, Last: 7, Through: int64(time.Second)}}) {
				t.Errorf("%v", got)
			}
		})
	}
}
