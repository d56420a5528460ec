package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// silence is how long a feeder must not have been heard of before another goes on with its part.
const silence = 3 * feedEvery

// sighting is when a key was last seen to have changed.
type sighting struct {
	revision uint64
	at       time.Time
}

// claim takes a part of the source: one that nobody has had yet, if fresh, or one whose owner has not been heard of for long.
// false: there is none at this moment. mine are those that this process has already.
func (f *feeder) claim(ctx context.Context, of int, fresh bool, mine map[int]bool, seen map[string]sighting) (ok bool, err error) {
	defer func() {
		if err != nil { // while the bus does not answer, nobody is heard of
			clear(seen)
		}
	}()
	for n := range of {
		if mine[n] {
			continue
		}
		key := fmt.Sprintf("%s%d", prefixFeed, n)
		e, err := f.job.Get(ctx, key)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			if !fresh {
				continue
			}
			f.feed = Progress{Owner: f.id}
			rev, err := f.job.Create(ctx, key, encode(f.feed))
			if err == nil {
				f.key, f.revision, f.n, f.of = key, rev, n, of
				return true, nil
			}
			if !errors.Is(err, bus.ErrExists) {
				return false, err
			}
		case err != nil:
			return false, err
		case seen[key].revision != e.Revision:
			seen[key] = sighting{e.Revision, time.Now()}
		case time.Since(seen[key].at) >= silence:
			if ok, err := f.takeOver(ctx, key, n, of, e); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// takeOver goes on with a part where its owner has stopped.
func (f *feeder) takeOver(ctx context.Context, key string, n, of int, e bus.Entry) (ok bool, err error) {
	if f.feed, err = decode[Progress](key, e.Value); err != nil || f.feed.Done {
		return false, err
	}
	before := f.feed.Owner
	f.feed.Owner, f.feed.Over = f.id, false
	rev, err := f.job.Update(ctx, key, encode(f.feed), e.Revision)
	if err != nil {
		return false, nil // somebody was faster, or it is there after all
	}
	f.logf("feeder %s has not been heard of: part %d of %d of the records goes on from record %d", before, n+1, of, f.feed.Records)
	f.key, f.revision, f.n, f.of = key, rev, n, of
	return true, nil
}
