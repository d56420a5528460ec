package cluster

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/spec"
)

// Sender sends a worker's share of the load: as a rule an engine, whose methods these are (see [engine.Live] and [job.Running]).
// SetPlan and SetLease are called by one goroutine at a time; the others may be called by another.
type Sender interface {
	SetPlan(p *arrival.Plan)
	SetLease(until time.Time) (lapsed bool)
	Wait(ctx context.Context) (job.Part, error)
	Stop()
	Break()
}

// StandIn is what takes the engine's place in a worker of a simulation. The rest of the worker is the real one.
type StandIn struct {
	Process arrival.Process // of the job
	// New makes the sender; what it is to do is in the share, whose Live is nil.
	New func(parts *arrival.Parts, s job.Share) Sender
}

// running is an engine that is steered from outside.
type running struct {
	*engine.Live
	*job.Running
}

// unpack makes the job's spec, with the files that it needs, which clean removes; a stand-in has none.
func (w *worker) unpack() (sp *spec.Spec, clean func(), err error) {
	if w.c.StandIn != nil {
		return nil, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "iago-worker-")
	if err != nil {
		return nil, nil, fmt.Errorf("cluster: %w", err)
	}
	clean = func() { _ = os.RemoveAll(dir) }
	if sp, err = w.spec.Packed.Unpack(dir); err != nil {
		clean()
	}
	return sp, clean, err
}

// equip makes the sender; false: there is nothing to do any more.
func (w *worker) equip(ctx, kill context.Context, sp *spec.Spec) (bool, error) {
	share := job.Share{
		Begin:   func(context.Context) (time.Time, error) { return w.begin(ctx, kill) },
		Workers: w.spec.Workers, OnInterval: w.second, Logf: w.logf, AheadBytes: min(w.ahead(), aheadBytes),
	}
	if s := w.c.StandIn; s != nil {
		w.base, w.parts = s.Process.Profile, s.Process.Parts(w.spec.Parts)
		w.send(s.New(w.parts, share))
		return true, nil
	}
	j, err := w.prepare(ctx, sp)
	if err != nil {
		return false, err
	}
	if ok, err := w.discover(ctx, kill, j); !ok {
		j.Close()
		return false, err
	}
	w.base, w.parts = j.Process().Profile, j.Process().Parts(w.spec.Parts)
	share.Live = engine.NewLive(w.parts)
	if w.src != nil {
		w.src.dry = share.Live.SetDry
	}
	r, err := j.Start(share)
	if err != nil {
		j.Close()
		return false, err
	}
	w.send(running{share.Live, r})
	return true, nil
}

// send has the share sent by s from now on.
func (w *worker) send(s Sender) {
	w.steerMu.Lock()
	defer w.steerMu.Unlock()
	s.SetLease(w.until)
	w.sender = s
}

// prepare makes the job's run, with records from where they come.
func (w *worker) prepare(ctx context.Context, sp *spec.Spec) (*job.Job, error) {
	o := job.Options{Version: w.c.Version, Poller: w.c.Poller, Log: func(line string) { w.logf("%s", line) }}
	sp.Seed = &w.spec.Seed
	if w.spec.Feeders > 0 {
		p, err := w.job.Pull(context.WithoutCancel(ctx), bus.PullConfig{Messages: fetchAhead, Bytes: min(w.ahead(), fetchBytes), KeepAlive: true})
		if err != nil {
			return nil, err
		}
		w.src = newQueued(p, func(bool) {}, w.logf)
		o.Source = w.src
	}
	if w.spec.Direct {
		i, err := w.claimPart(ctx)
		if err != nil {
			return nil, err
		}
		o.Part = func(s source.Source) source.Source {
			return &strided{Source: s, i: i, n: int64(max(w.spec.Workers, 1))}
		}
	}
	j, err := job.Prepare(sp, o)
	if err != nil && w.src != nil {
		_ = w.src.Close()
	}
	return j, err
}

const (
	fetchAhead = 4        // batches
	fetchBytes = 8 << 20  // and so many bytes
	aheadBytes = 16 << 20 // of requests that are prepared
)

// ahead is how many bytes of records a worker may fetch ahead, and have made requests of: all workers together leave half of the
// queue's depth to those that have none just now.
func (w *worker) ahead() int {
	if w.spec.Depth == 0 {
		return aheadBytes
	}
	return int(max(w.spec.Depth/int64(4*max(w.spec.Workers, 1)), 1))
}

// second hands a second's figures over.
func (w *worker) second(iv *measure.Interval, label func(int) string, steal float64) {
	w.steerMu.Lock()
	h := head{Worker: w.id, Index: iv.Index, Arrivals: iv.Arrivals, Stints: w.stints.all(), Through: iv.End, Steal: steal}
	w.arrivals += h.Arrivals
	h.Arrivals = w.arrivals
	w.steerMu.Unlock()
	w.out.put(appendEntry(h, appendSecond(iv, label)))
}

// last says the last word.
func (w *worker) last(p job.Part, err error) {
	w.steerMu.Lock()
	defer w.steerMu.Unlock()
	w.stints.cut(min(int64(p.Duration), int64(w.until.Sub(w.start)))) // its lease may have ended before
	l := lastWord{End: p.End, Duration: p.Duration, Source: p.Source, Unused: p.Unused, Generator: p.Generator, Members: p.Members}
	if plan, _, _ := w.known(); w.leaves(plan) {
		l.End = engine.EndInterrupted
	}
	lines := w.tail.lines()
	l.Log = lines[max(len(lines)-linesLast(w.spec.Workers), 0):]
	if err != nil {
		l.Err = err.Error()
	}
	w.out.put(appendEntry(head{Worker: w.id, Arrivals: w.arrivals, Stints: w.stints.all(), Through: int64(p.Elapsed), Last: &l}, encode(p.Sample)))
}
