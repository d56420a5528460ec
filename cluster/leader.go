package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// leadTerm is how long a coordinator's lease runs, and how long a standby waits before it takes over.
const leadTerm = 3 * time.Second

// leadership makes one of the feeders the coordinator.
type leadership struct {
	job   *bus.Job
	clock *Clock
	id    string
	logf  func(string, ...any)

	term     int64
	turn     int64
	revision uint64
	until    time.Time // of our own lease; monotonic
}

// win waits until this process leads, or ctx ends, which is the error.
func (l *leadership) win(ctx context.Context) error {
	var last uint64
	since := l.clock.Now()
	for {
		sent := l.clock.Now()
		entry, err := l.job.Get(ctx, keyLeader)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			next := Leader{ID: l.id, Term: 1}
			if rev, err := l.job.Create(ctx, keyLeader, encode(next)); err == nil {
				return l.won(next, rev, sent)
			}
		case err == nil && entry.Revision != last:
			last, since = entry.Revision, l.clock.Now()
		case err == nil && l.clock.Since(since) > leadTerm+margin(leadTerm):
			old, err := decode[Leader](keyLeader, entry.Value)
			if err != nil {
				return err
			}
			next := Leader{ID: l.id, Term: old.Term + 1}
			if rev, err := l.job.Update(ctx, keyLeader, encode(next), entry.Revision); err == nil {
				l.logf("coordinator %s has not been heard of for %v: %s takes over", old.ID, leadTerm, l.id)
				return l.won(next, rev, sent)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.clock.After(leadTerm / 10):
		}
	}
}

func (l *leadership) won(as Leader, revision uint64, sent time.Time) error {
	l.term, l.turn, l.revision = as.Term, as.Turn, revision
	l.until = sent.Add(leadTerm - margin(leadTerm))
	return nil
}

// leads tells whether the lease runs at this moment.
func (l *leadership) leads() bool { return l.clock.Now().Before(l.until) }

// renew renews the lease. false: somebody else leads now. While the bus does not answer, it is still ours, and leads says until when.
func (l *leadership) renew(ctx context.Context) bool {
	one, cancel := l.clock.Timeout(ctx, leadTerm/3)
	defer cancel()
	sent := l.clock.Now()
	l.turn++
	rev, err := l.job.Update(one, keyLeader, encode(Leader{ID: l.id, Term: l.term, Turn: l.turn}), l.revision)
	if err == nil {
		l.revision, l.until = rev, sent.Add(leadTerm-margin(leadTerm))
		return true
	}
	entry, err := l.job.Get(one, keyLeader)
	if err != nil {
		return !errors.Is(err, bus.ErrNotFound)
	}
	now, err := decode[Leader](keyLeader, entry.Value)
	if err != nil || now.ID != l.id || now.Term != l.term {
		return false
	}
	l.revision = entry.Revision // a renewal of ours that was not answered
	return true
}
