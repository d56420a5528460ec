package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// orphanWait is how long a worker without records waits for somebody to coordinate the job, who may feed it again.
const orphanWait = 15 * time.Second

// errOrphan ends the part of a worker that nobody feeds.
var errOrphan = fmt.Errorf("cluster: nobody has coordinated the job for %v, its records have run out, and its feeder had not come to their end", orphanWait)

// alone looks, until ctx ends, whether the job is still coordinated, and ends this worker's part by itself if it is not and no records
// are left.
func (w *worker) alone(ctx context.Context) {
	var last uint64
	var since time.Time // zero: not known, the bus being away
	tick := w.c.Clock.Ticker(leadTerm / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		one, cancel := w.c.Clock.Timeout(ctx, time.Second)
		e, err := w.job.Get(one, keyLeader)
		cancel()
		switch {
		case err != nil:
			since = time.Time{}
			continue
		case since.IsZero(), e.Revision != last:
			last, since = e.Revision, w.c.Clock.Now()
			continue
		}
		if silent := w.c.Clock.Since(since); silent > 2*leadTerm && w.empty(ctx) && w.fend(ctx, silent > orphanWait) {
			return
		}
	}
}

// fend ends this worker's part if the records had come to their end, or at the latest when it has waited. Whether it has done so.
func (w *worker) fend(ctx context.Context, waited bool) bool {
	fed, err := w.isFed(ctx)
	switch {
	case err != nil:
	case fed:
		w.src.fed.Store(true)
		w.logf("the records have come to their end, and nobody coordinates the job: ending without")
		w.src.end(nil)
	case waited:
		w.src.end(errOrphan)
	}
	return err == nil && (fed || waited)
}

// empty tells whether no record is left in the queue, nor in another worker's hands.
func (w *worker) empty(ctx context.Context) bool {
	if !w.src.dried.Load() {
		return false
	}
	one, cancel := w.c.Clock.Timeout(ctx, time.Second)
	defer cancel()
	d, err := w.job.Depth(one)
	return err == nil && d.Undelivered+d.Unacked == 0
}

// isFed tells whether all feeders have come to their parts' end.
func (w *worker) isFed(ctx context.Context) (bool, error) {
	one, cancel := w.c.Clock.Timeout(ctx, time.Second)
	defer cancel()
	keys, err := w.job.Keys(one, prefixFeed)
	if err != nil || len(keys) < w.spec.Feeders {
		return false, err
	}
	for _, k := range keys {
		e, err := w.job.Get(one, k)
		if err != nil {
			return false, err
		}
		p, err := decode[Progress](k, e.Value)
		if err != nil {
			return false, err
		}
		if p.Err != "" {
			return false, errors.New(p.Err)
		}
		if !p.Done {
			return false, nil
		}
	}
	return true, nil
}
