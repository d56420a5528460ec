package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// findJob opens the job of that name, or the first that has not ended, and waits for it.
func findJob(ctx context.Context, clock *Clock, b *bus.Bus, name string) (*bus.Job, error) {
	for wait := lookEvery; ; wait = min(2*wait, lookLeast) {
		names := []string{name}
		if name == "" {
			names, _ = b.Jobs(ctx)
		}
		for _, n := range names {
			if j, err := b.OpenJob(ctx, n); err == nil && open(ctx, j) {
				return j, nil
			} else if errors.Is(err, bus.ErrDenied) {
				return nil, fmt.Errorf("cluster: job %s: %w", n, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("cluster: no job was found on the bus: %w", ctx.Err())
		case <-clock.After(wait/2 + rand.N(wait)): // thousands may be waiting
		}
	}
}

// open tells whether a job can be joined.
func open(ctx context.Context, j *bus.Job) bool {
	entry, err := j.Get(ctx, keyPlan)
	if err != nil {
		return false
	}
	p, err := decode[Plan](keyPlan, entry.Value)
	return err == nil && p.Phase != Ending && p.Phase != Done
}

var oddRE = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// join takes a name and a lease.
func (w *worker) join(ctx context.Context) error {
	host, _ := os.Hostname()
	name := w.c.Name
	if name == "" {
		name = host
	}
	name = strings.Trim(oddRE.ReplaceAllString(name, "-"), "-")
	if name == "" {
		name = "worker"
	}
	w.stagger(ctx)
	lease := Lease{Host: host, PID: os.Getpid(), Version: w.c.Version, State: Joining, Life: 1}
	for n := 1; ; n++ {
		lease.ID = name
		if n > 1 {
			lease.ID = fmt.Sprintf("%s-%d", name, n)
		}
		sent := w.c.Clock.Now()
		revision, err := w.job.Create(ctx, prefixLease+lease.ID, encode(lease))
		switch {
		case err == nil:
			w.id = lease.ID
			w.out = newOutbox(w.job, w.id, w.c.Clock)
			w.held = &holder{
				job: w.job, clock: w.c.Clock, key: prefixLease + w.id, term: w.spec.Lease, logf: w.logf, lease: lease, revision: revision,
				poke: make(chan struct{}, 1), renewed: w.renewed, gone: w.gone,
			}
			w.held.until = sent.Add(w.spec.Lease - margin(w.spec.Lease))
			w.until = w.held.until
			return nil
		case errors.Is(err, bus.ErrExists):
		case errors.Is(err, bus.ErrUnavailable) && ctx.Err() == nil:
			w.c.Clock.Sleep(lookEvery)
		default:
			return fmt.Errorf("cluster: job %s: join: %w", w.job.Name(), err)
		}
	}
}

// staggerBy is how much time the bus and the coordinator are given for each worker.
const staggerBy = 200 * time.Microsecond

// stagger waits, by chance, so that a job's workers do not all join at the same moment, though they may have been started so. Servers drop
// what more than ten thousand ask for at once.
func (w *worker) stagger(ctx context.Context) {
	select {
	case <-w.c.Clock.After(rand.N(time.Duration(max(w.spec.Workers, 1)) * staggerBy)):
	case <-ctx.Done():
	}
}
