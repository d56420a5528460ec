package sim

import (
	"sync"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster"
)

// notes are what is noted of one worker.
type notes struct {
	clock *cluster.Clock // that of all, not the worker's own
	dues  []int64        // of what it has sent; the sender's

	mu    sync.Mutex
	rates map[float64]time.Time // when it first had a plan with that rate in the end
	parts int                   // that it has been given for good
	held  time.Time             // when it first had any
}

// late is when a profile of a simulation has done with changing.
const late = 1e7

// planned notes what a plan says.
func (n *notes) planned(p *arrival.Plan) {
	now, rate := n.clock.Now(), p.Profile.Rate(late)
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.rates[rate]; !ok {
		n.rates[rate] = now
	}
	n.parts = 0
	for _, h := range p.Held {
		if h.Through == arrival.Forever {
			n.parts += h.Last - h.First + 1
		}
	}
	if n.parts > 0 && n.held.IsZero() {
		n.held = now
	}
}

func (n *notes) sent(due int64) { n.dues = append(n.dues, due) }
