package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// strided is one of several parts of a source that every worker reads for itself: records i, i+n, i+2·n, …
type strided struct {
	source.Source
	i, n int64
	k    int64
}

// Read implements source.Source.
func (s *strided) Read(r *load.Record) error {
	for {
		if err := s.Source.Read(r); err != nil {
			return err
		}
		s.k++
		if (s.k-1)%s.n == s.i {
			return nil
		}
		r.Reset()
	}
}

// Stats implements source.Source: of the records read, those of this part.
func (s *strided) Stats() source.Stats {
	st := s.Source.Stats()
	st.Read = (st.Read + s.n - 1 - s.i) / s.n
	return st
}

// claimPart takes a part of the source that nobody has, or whose owner has gone. Workers beyond the wanted number read a part
// that another reads too.
func (w *worker) claimPart(ctx context.Context) (int64, error) {
	of := max(w.spec.Workers, 1)
	mine := encode(Progress{Owner: w.id})
	for i := range of {
		key := fmt.Sprintf("%s%d", prefixFeed, i)
		_, err := w.job.Create(ctx, key, mine)
		switch {
		case err == nil:
			return int64(i), nil
		case !errors.Is(err, bus.ErrExists):
			return 0, fmt.Errorf("cluster: records: part %d: %w", i+1, err)
		}
		e, err := w.job.Get(ctx, key)
		if err != nil {
			continue
		}
		p, err := decode[Progress](key, e.Value)
		if err != nil || !w.hasGone(ctx, p.Owner) {
			continue
		}
		if _, err := w.job.Update(ctx, key, mine, e.Revision); err == nil {
			w.logf("records: part %d of %d was %s's, which has gone: read again from its beginning", i+1, of, p.Owner)
			return int64(i), nil
		}
	}
	w.logf("records: all %d parts are being read: this worker reads one that another reads too", of)
	return int64(w.spec.Seed) & 0x7fffffff % int64(of), nil
}

func (w *worker) hasGone(ctx context.Context, id string) bool {
	e, err := w.job.Get(ctx, prefixLease+id)
	if err != nil {
		return errors.Is(err, bus.ErrNotFound)
	}
	l, err := decode[Lease](prefixLease+id, e.Value)
	return err == nil && (l.State == Expired || l.State == Left)
}
