package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/cluster/bus"
)

// story is what happens in a simulation.
func (r *run) story(ctx context.Context) error {
	for _, chapter := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"workers gather", r.gather},
		{"nothing happens", r.watch},
		{"the rate is changed", r.change},
		{"workers are lost", r.lose},
		{"others join", r.enlarge},
		{"the job is stopped", r.stop},
	} {
		began := time.Now()
		if err := chapter.do(ctx); err != nil {
			return fmt.Errorf("sim: %s: %w", chapter.what, err)
		}
		r.Logf("sim: %s: %v", chapter.what, time.Since(began).Round(time.Millisecond))
	}
	return nil
}

func (r *run) gather(ctx context.Context) error {
	began := r.clock.Now()
	if err := r.crew.join(r.Workers); err != nil {
		return err
	}
	all, err := r.until(ctx, cluster.Preparing)
	if err != nil {
		return err
	}
	ready, err := r.until(ctx, cluster.Running)
	if err != nil {
		return err
	}
	r.fig.Gathered, r.fig.Prepared = all.Sub(began), ready.Sub(all)
	return r.sleep(ctx, time.Second+r.Settle) // a second until the start
}

// watch counts what a job costs to which nothing happens.
func (r *run) watch(ctx context.Context) error {
	before, err := r.measure()
	if err != nil {
		return err
	}
	began := r.clock.Now()
	if err := r.sleep(ctx, r.Steady); err != nil {
		return err
	}
	after, err := r.measure()
	if err != nil {
		return err
	}
	f := r.fig
	f.Window = r.clock.Since(began)
	f.Bus, f.Head, f.Fleet = after.bus.less(before.bus), after.head.less(before.head), after.fleet.less(before.fleet)
	f.Traffic = after.traffic
	f.Traffic.MessagesUp -= before.traffic.MessagesUp
	f.Traffic.MessagesDown -= before.traffic.MessagesDown
	f.Traffic.BytesUp -= before.traffic.BytesUp
	f.Traffic.BytesDown -= before.traffic.BytesDown
	return r.tap(ctx)
}

// tap counts messages by kind, in a while of its own: it costs something itself.
func (r *run) tap(ctx context.Context) error {
	k := &kinds{counts: map[string]*Count{}}
	url, token, err := r.server.where()
	if err != nil {
		return err
	}
	b, err := bus.Connect(ctx, bus.Config{URL: url, Token: token})
	if err != nil {
		return err
	}
	defer b.Close()
	stop, err := b.Tap(k.note)
	if err != nil {
		return err
	}
	began := r.clock.Now()
	err = r.sleep(ctx, r.Steady)
	stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	r.fig.KindsOver, r.fig.Kinds = r.clock.Since(began), map[string]Count{}
	for kind, c := range k.counts {
		r.fig.Kinds[kind] = *c
	}
	if c := r.fig.Kinds[kindResults]; c.Messages > 0 {
		r.fig.Second = c.Bytes / c.Messages
	}
	s, err2 := r.order(ctx, cluster.OrderWorkers)
	if err2 != nil {
		return err2
	}
	r.parts = s.Parts
	for _, w := range s.Workers {
		r.fig.ClockOff = max(r.fig.ClockOff, time.Duration(w.Within))
	}
	return err
}

// change changes the rate, and sees how the word spreads.
func (r *run) change(ctx context.Context) error {
	rate := 1.25 * r.Rate * float64(r.Workers)
	began := r.clock.Now()
	if _, err := r.order(ctx, fmt.Sprintf("rate %g/s", rate)); err != nil {
		return err
	}
	if err := r.sleep(ctx, time.Second+r.Settle); err != nil {
		return err
	}
	k, err := r.crew.knowRate(rate)
	if err != nil {
		return err
	}
	r.mu.Lock()
	instant := time.Unix(0, r.plan.Start+r.plan.Changes[0].At)
	r.mu.Unlock()
	r.fig.Change = Spread{
		Workers: k.Know, First: k.First.Sub(began), Last: k.Last.Sub(began), Instant: instant.Sub(began), Late: k.Workers - k.Know,
	}
	if k.Last.After(instant) {
		r.fig.Change.Late++
	}
	return nil
}

// lose takes workers away.
func (r *run) lose(ctx context.Context) error {
	l, err := r.crew.lose(int(r.Lose * float64(r.Workers)))
	if err != nil {
		return err
	}
	r.fig.Losing = l
	r.incidents.lost = r.since(l.At)
	if err := r.sleep(ctx, r.Lease); err != nil {
		return err
	}
	for end := r.clock.Now().Add(30 * time.Second); ; {
		s, err := r.order(ctx, cluster.OrderStatus)
		if err != nil {
			return err
		}
		if s.Unheld == 0 && r.clock.Since(l.At) > r.Lease*5/4 {
			break
		}
		if r.clock.Now().After(end) {
			return fmt.Errorf("%d of %d parts are still in nobody's hands", s.Unheld, s.Parts)
		}
		if err := r.sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return r.sleep(ctx, r.Settle)
}

// enlarge has more workers join.
func (r *run) enlarge(ctx context.Context) error {
	began := r.clock.Now()
	r.joined = r.since(began)
	if err := r.crew.join(r.Join); err != nil {
		return err
	}
	for end := began.Add(60 * time.Second); ; {
		h, err := r.crew.holding(r.Workers)
		if err != nil {
			return err
		}
		if h.Know == r.Join {
			r.fig.Joined = Spread{Workers: h.Know, First: h.First.Sub(began), Last: h.Last.Sub(began)}
			if h, err = r.crew.holding(0); err != nil {
				return err
			} else if h.Most-h.Least <= 1 {
				break
			}
		}
		if r.clock.Now().After(end) {
			return fmt.Errorf("%d of %d hold something, %d to %d parts each", h.Know, r.Join, h.Least, h.Most)
		}
		if err := r.sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return r.sleep(ctx, r.Settle)
}

// stop ends the job, and holds what was sent against the schedule.
func (r *run) stop(ctx context.Context) error {
	began := r.clock.Now()
	if _, err := r.order(ctx, cluster.OrderStop); err != nil {
		return err
	}
	dues, err := r.crew.dues()
	if err != nil {
		return err
	}
	r.fig.Stop = r.clock.Since(began)
	done, err := r.until(ctx, cluster.Done)
	if err != nil {
		return err
	}
	var e ended
	select {
	case e = <-r.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.err != nil {
		return e.err
	}
	r.fig.Sum = time.Duration(float64(r.clock.Since(done)) * r.Slow)
	r.fig.Peak = usage()
	q := e.out.Summary.Requests
	r.fig.Complete, r.fig.Unsent, r.fig.Lost = q.Completed, q.Unsent, q.Lost
	if err := r.judge(dues); err != nil {
		return err
	}
	l := &r.fig.Law
	n, last := l.Between(r.incidents.lost, r.joined)
	r.fig.Recovery = Outage{n, time.Duration(last - r.incidents.lost)}
	n, last = l.Between(r.joined, r.plan.End)
	r.fig.Joining = Outage{n, time.Duration(last - r.joined)}
	return e.out.Err
}

// reading is what all processes have used at a moment.
type reading struct {
	bus, head, fleet Usage
	traffic          bus.Traffic
}

func (r *run) measure() (m reading, err error) {
	m.head = usage()
	if m.bus, err = r.server.usage(); err != nil {
		return m, err
	}
	if m.fleet, err = r.crew.usage(); err != nil {
		return m, err
	}
	m.traffic, err = r.server.traffic()
	return m, err
}

// less is u with the time since before.
func (u Usage) less(before Usage) Usage {
	u.CPU -= before.CPU
	return u
}
