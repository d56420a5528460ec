// Package model says how a target behaves, whatever protocol it speaks: how long each request takes, how many are
// worked on at once, and what goes wrong when. It computes every departure from the arrivals alone, on a virtual clock,
// so that the truth about a target's latency is known and does not hang on the timers that try to follow it.
//
// It has no clock of its own, no goroutine and no socket: a target tells it of each arrival, learns the request's
// [Fate], and carries it out.
package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Options describe a target's behavior. The zero value answers everything at once.
type Options struct {
	Service Service // nil: [None]
	Servers int     // how many requests are worked on at once, first come first served; 0: any number
	Faults  []Fault // where several would befall a request, the first in the list does
	Seed    uint64  // of service times and of shares
}

// Model is a target's behavior in operation. It is safe for concurrent use.
type Model struct {
	options Options
	plain   bool  // nothing is ever drawn or delayed
	death   int64 // ns since the first request; -1: never
	first   atomic.Int64
	begun   chan struct{}

	mu     sync.Mutex
	queue  *Queue
	times  *rand.Rand   // draws service times
	chance []*rand.Rand // draws the shares, one for each fault, so that one fault does not shift another
	fired  []int64
}

// Fate is what becomes of one request.
type Fate struct {
	// Depart is when its answer leaves, ns on the clock of its arrival; for [Hang] it means nothing.
	Depart int64
	Kind   Kind // [Error] to [Hang]; 0: it is answered
	Status int  // of Error
}

const notYet = math.MinInt64

// New returns a fresh model; the error joins all that is wrong with o.
func New(o Options) (*Model, error) {
	var errs []error
	if o.Servers < 0 {
		errs = append(errs, fmt.Errorf("target/model: servers: %d is negative; 0 means any number", o.Servers))
	}
	for _, f := range o.Faults {
		if err := f.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("target/model: fault %q: %w", f, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.Service == nil {
		o.Service = None{}
	}
	m := &Model{
		options: o, death: -1, begun: make(chan struct{}),
		queue: NewQueue(o.Servers), times: rand.New(rand.NewPCG(o.Seed, 0)), fired: make([]int64, len(o.Faults)),
	}
	m.first.Store(notYet)
	_, m.plain = o.Service.(None)
	m.schedule()
	return m, nil
}

// schedule sorts the faults into those of requests and those of the whole target.
func (m *Model) schedule() {
	var stalls []stretch
	for i, f := range m.options.Faults {
		m.chance = append(m.chance, rand.New(rand.NewPCG(m.options.Seed, uint64(i)+1)))
		switch {
		case f.Kind == Stall:
			stalls = append(stalls, stretch{int64(f.At), int64(f.At + f.For)})
			m.plain = false
		case f.Kind == Die && (m.death < 0 || int64(f.At) < m.death):
			m.death = int64(f.At)
		case f.single():
			m.plain = false
		}
	}
	m.queue.stalls = newCalendar(stalls)
}

// Timed tells whether any departure may differ from its arrival, so that exact times of arrival are worth having.
func (m *Model) Timed() bool {
	_, none := m.options.Service.(None)
	return !none || len(m.queue.stalls) > 0
}

// Arrive tells of a request that arrived at the given moment, ns on the target's clock, and returns its fate.
// Calls must come in the order of arrival, as nearly as the target can tell; one that is out of order is served in the
// order of calls.
func (m *Model) Arrive(at int64) Fate {
	first := m.first.Load()
	if first == notYet {
		if m.first.CompareAndSwap(notYet, at) {
			close(m.begun)
		}
		first = m.first.Load()
	}
	if m.plain {
		return Fate{Depart: at}
	}
	since := max(at-first, 0)
	m.mu.Lock()
	defer m.mu.Unlock()
	fate := m.befall(time.Duration(since))
	if fate.Kind != Hang {
		service := min(max(m.options.Service.Draw(m.times), 0), longest)
		fate.Depart = first + m.queue.Admit(since, service)
	}
	return fate
}

// befall draws which fault befalls a request that arrives at t.
func (m *Model) befall(t time.Duration) Fate {
	for i, f := range m.options.Faults {
		if !f.single() || !f.active(t) {
			continue
		}
		if f.Share == 0 || f.Share == 1 || m.chance[i].Float64() < f.Share {
			m.fired[i]++
			return Fate{Kind: f.Kind, Status: f.Status}
		}
	}
	return Fate{}
}

// Begun is closed when the first request has arrived.
func (m *Model) Begun() <-chan struct{} { return m.begun }

// Stalled returns the end of the stall that the given moment lies in.
func (m *Model) Stalled(now int64) (until int64, stalled bool) {
	if len(m.queue.stalls) == 0 {
		return 0, false
	}
	first := m.first.Load()
	if first == notYet {
		return 0, false
	}
	until, stalled = m.queue.stalls.until(now - first)
	return first + until, stalled
}

// Death returns when the target ends, on its own clock; known once a request has arrived.
func (m *Model) Death() (at int64, known bool) {
	first := m.first.Load()
	if m.death < 0 || first == notYet {
		return 0, false
	}
	return first + m.death, true
}

// Fired is how often a fault has happened: to how many requests; for [Stall] and [Die], whether it has begun (0 or 1).
type Fired struct {
	Fault string `json:"fault"`
	Count int64  `json:"fired"`
}

// Fired lists all faults as they stand at the given moment, in the order of the options.
func (m *Model) Fired(now int64) []Fired {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Fired, 0, len(m.fired))
	first := m.first.Load()
	for i, f := range m.options.Faults {
		n := m.fired[i]
		if !f.single() && first != notYet && now-first >= int64(f.At) {
			n = 1
		}
		out = append(out, Fired{f.String(), n})
	}
	return out
}
