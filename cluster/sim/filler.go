package sim

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// filler makes the figures of seconds. A simulated worker sends little, since each arrival is gone through one by one; its figures shall
// be as large all the same as those of a worker that sends as much as a real one. So its own requests are in them as they should be,
// and besides, among the figures of follow-ups, all that more requests would put into five histograms (latency and its three parts,
// and one label's latency), side by side in one.
type filler struct {
	mu      sync.Mutex
	spare   []*measure.Interval
	stuffed []measure.Histogram // to choose from
	rng     *rand.Rand
}

// variants is how many different seconds there are.
const variants = 16

// newFiller makes figures as large as those of so many requests a second.
func newFiller(requests int) *filler {
	f := &filler{rng: rand.New(rand.NewPCG(7, uint64(requests))), stuffed: make([]measure.Histogram, variants)}
	for i := range f.stuffed {
		h := &f.stuffed[i]
		for range requests {
			lateness, wait, service := times(f.rng)
			h.Record(lateness)
			h.Record(wait << 6) // beside the others, as it has a histogram of its own
			h.Record(service << 8)
			h.Record((lateness + wait + service) << 13)
			h.Record((lateness + wait + service) << 18)
		}
	}
	return f
}

// times draws the parts of a request's latency: a schedule kept to some 20 µs, connections that are there, answers after some
// milliseconds with a tail (log-normal).
func times(rng *rand.Rand) (lateness, wait, service int64) {
	lateness = int64(20e3 * rng.ExpFloat64())
	wait = int64(5e3 + 10e3*rng.ExpFloat64())
	service = int64(float64(2*time.Millisecond) * math.Exp(0.5*rng.NormFloat64()))
	return lateness, wait, service
}

// fill calls fn with an interval that has the follow-ups in it.
func (f *filler) fill(fn func(*measure.Interval)) {
	f.mu.Lock()
	var iv *measure.Interval
	if n := len(f.spare); n > 0 {
		iv, f.spare = f.spare[n-1], f.spare[:n-1]
	} else {
		iv = measure.NewInterval()
	}
	h := &f.stuffed[f.rng.IntN(variants)]
	f.mu.Unlock()
	iv.Reset()
	if n := int64(h.Count()); n > 0 {
		u := &iv.Followups
		u.Latency.Add(h)
		u.Requests = measure.Requests{Scheduled: n, Sent: n, Completed: n}
		u.Status["200"] = n
	}
	fn(iv)
	f.mu.Lock()
	f.spare = append(f.spare, iv)
	f.mu.Unlock()
}

// complete puts requests into an interval that were sent and answered, and what was not sent.
func complete(iv *measure.Interval, sent int64, missed map[string]int64) {
	l := iv.Label(0)
	for range sent {
		lateness, wait, service := times(random)
		iv.Times.Lateness.Record(lateness)
		iv.Times.Wait.Record(wait)
		iv.Times.Service.Record(service)
		iv.Times.Latency.Record(lateness + wait + service)
		l.Latency.Record(lateness + wait + service)
		iv.InFlightTime += uint64(wait + service)
	}
	iv.AttemptTime = iv.InFlightTime
	q := measure.Requests{Scheduled: sent, Sent: sent, Completed: sent}
	for why, n := range missed {
		q.Scheduled += n
		q.Unsent += n
		iv.UnsentBy[why] += n
	}
	iv.Arrivals, iv.Requests, l.Requests = q.Scheduled, q, q
	iv.Status[200] = sent
	iv.BytesSent, iv.BytesReceived = 90*sent, 300*sent
	iv.MaxInFlight, iv.MaxConnections = min(sent, 3), 3
}

// random is for figures that need not be the same again.
var random = rand.New(lockedSource{})

type lockedSource struct{}

func (lockedSource) Uint64() uint64 { return rand.Uint64() }
