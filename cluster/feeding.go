package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// feed feeds a part of the records, once there is one to be had, and those of feeders that have gone.
func (f *feeding) feed(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	f.fed.Go(func() {
		defer stop()
		f.untilOver(ctx)
	})
	seen, mine := map[string]sighting{}, map[int]bool{}
	began := time.Now()
	for ctx.Err() == nil {
		part := &feeder{job: f.job, id: f.ID, rate: f.prepared.Peak(), workers: f.spec.Workers, depth: f.Depth, logf: f.Logf}
		first := len(mine) == 0
		ok, err := part.claim(ctx, f.spec.Feeders, first || time.Since(began) > othersWait, mine, seen)
		if err != nil && ctx.Err() == nil {
			f.Logf("records: %v", err)
		}
		if ok {
			mine[part.n] = true
			f.fed.Go(func() { f.feedPart(ctx, part, first) })
			if f.Spec.Records.File == "-" { // it can be read once
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-f.Clock.After(feedEvery / 2):
		}
	}
}

// untilOver returns when the schedule is over: what is pushed after that is not sent.
func (f *feeding) untilOver(ctx context.Context) {
	for ctx.Err() == nil {
		w, err := f.job.Watch(ctx, keyPlan)
		if err == nil {
			for e := range w.Events() {
				if p, err := decode[Plan](keyPlan, e.Value); !e.Synced && err == nil && (p.Phase == Ending || p.Phase == Done) {
					return
				}
			}
		}
		if errors.Is(err, bus.ErrNotFound) || err == nil && errors.Is(w.Err(), bus.ErrNotFound) {
			return
		}
		select {
		case <-ctx.Done():
		case <-f.Clock.After(lookEvery):
		}
	}
}

// othersWait is how long the parts of feeders that have not come are kept for them.
const othersWait = 10 * time.Second

// feedPart feeds a part to its end; the first that this process has comes out of the source that it has opened already.
func (f *feeding) feedPart(ctx context.Context, part *feeder, first bool) {
	part.source = f.prepared.Source()
	if !first {
		again, err := f.prepared.Reopen()
		if err != nil {
			f.Logf("records: part %d: %v", part.n+1, err)
			return
		}
		defer func() { _ = again.Close() }()
		part.source = again
	}
	if err := part.run(ctx); err != nil {
		f.Logf("records: %v", err)
	}
}

// sourceGrace is how long the end of a read of the source is waited for: nobody can end that of a pipe which stays silent.
const sourceGrace = 2 * time.Second

// await waits until the records are fed no more.
func (f *feeding) await() {
	done := make(chan struct{})
	go func() {
		f.fed.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(sourceGrace):
	}
}
