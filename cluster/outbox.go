package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// outbox puts a worker's results into the log, one after the other, however long the bus is away.
type outbox struct {
	job     *bus.Job
	clock   *Clock
	subject string
	mu      sync.Mutex
	more    sync.Cond
	queue   [][]byte
	sent    int64
	closed  bool
	done    chan struct{}
	cancel  context.CancelFunc
}

func newOutbox(j *bus.Job, worker string, clock *Clock) *outbox {
	ctx, cancel := context.WithCancel(context.Background())
	o := &outbox{job: j, clock: clock, subject: worker, done: make(chan struct{}), cancel: cancel}
	o.more.L = &o.mu
	go o.run(ctx)
	return o
}

// put takes an entry; it does not wait.
func (o *outbox) put(entry []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, entry)
	o.more.Signal()
}

func (o *outbox) run(ctx context.Context) {
	defer close(o.done)
	for n := int64(0); ; n++ {
		o.mu.Lock()
		for len(o.queue) == 0 && !o.closed {
			o.more.Wait()
		}
		if len(o.queue) == 0 {
			o.mu.Unlock()
			return
		}
		entry := o.queue[0]
		o.mu.Unlock()
		if _, err := o.job.Append(ctx, o.subject, fmt.Sprintf("%s-%d", o.subject, n), entry); err != nil {
			return // only the end of its time, or of the job, is an error here
		}
		o.mu.Lock()
		o.queue[0] = nil
		o.queue = o.queue[1:]
		o.sent++
		o.mu.Unlock()
	}
}

// waiting is how many entries have not been stored.
func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.queue)
}

// close delivers what is left, and gives up after keep or when ctx ends; the error says how much that is.
func (o *outbox) close(ctx context.Context, keep time.Duration) error {
	o.mu.Lock()
	o.closed = true
	o.more.Signal()
	o.mu.Unlock()
	defer o.cancel()
	late := o.clock.Timer(keep)
	defer late.Stop()
	select {
	case <-o.done:
	case <-late.C:
	case <-ctx.Done():
	}
	o.cancel()
	<-o.done
	if n := o.waiting(); n > 0 {
		return fmt.Errorf("cluster: worker %s: %d of its results could not be delivered: the bus did not take them", o.subject, n)
	}
	return nil
}
