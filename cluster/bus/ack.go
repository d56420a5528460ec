package bus

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// acker sends acknowledgments and repeats them until the bus has confirmed them, so that none is lost with a connection.
type acker struct {
	j     *Job
	inbox string
	sub   *nats.Subscription
	ctx   context.Context
	end   context.CancelFunc

	mu     sync.Mutex
	next   uint64
	open   map[uint64]*ack
	change chan struct{} // closed and replaced when an acknowledgment is confirmed
	drop   chan string   // ids of payloads whose chunks can go
}

type ack struct {
	subject string
	id      string // of a payload with chunks; ""
	sent    time.Time
}

// ackRepeat is the time after which an acknowledgment without confirmation is repeated.
const ackRepeat = 2 * time.Second

func (a *acker) start(j *Job, tasks *sync.WaitGroup) (err error) {
	a.j, a.inbox = j, j.b.nc.NewRespInbox()
	a.ctx, a.end = context.WithCancel(context.Background())
	a.open, a.change, a.drop = map[uint64]*ack{}, make(chan struct{}), make(chan string, 1024)
	if a.sub, err = j.b.nc.Subscribe(a.inbox+".*", a.confirmed); err != nil {
		return err
	}
	tasks.Go(func() { a.repeat(a.ctx) })
	tasks.Go(func() { a.clear(a.ctx) })
	return nil
}

func (a *acker) stop() {
	_ = a.sub.Unsubscribe()
	a.end()
}

// add acknowledges what came with this reply subject.
func (a *acker) add(subject, id string) {
	a.mu.Lock()
	a.next++
	n, k := a.next, &ack{subject: subject, id: id, sent: time.Now()}
	a.open[n] = k
	a.mu.Unlock()
	a.send(n, k)
}

func (a *acker) send(n uint64, k *ack) {
	_ = a.j.b.nc.PublishMsg(&nats.Msg{Subject: k.subject, Reply: a.inbox + "." + strconv.FormatUint(n, 10), Data: []byte("+ACK")})
}

// confirmed handles the bus' word on an acknowledgment.
func (a *acker) confirmed(m *nats.Msg) {
	if m.Header.Get("Status") != "" { // no one there to hear it
		return
	}
	n, err := strconv.ParseUint(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], 10, 64)
	if err != nil {
		return
	}
	a.mu.Lock()
	k := a.open[n]
	delete(a.open, n)
	close(a.change)
	a.change = make(chan struct{})
	a.mu.Unlock()
	if k != nil && k.id != "" {
		select {
		case a.drop <- k.id:
		case <-a.ctx.Done():
		}
	}
}

// repeat sends again what has not been confirmed, now and then and after a reconnect.
func (a *acker) repeat(ctx context.Context) {
	t := time.NewTicker(ackRepeat / 2)
	defer t.Stop()
	for {
		all := false
		select {
		case <-t.C:
		case <-a.j.b.reconnected():
			all = true
		case <-ctx.Done():
			return
		}
		a.mu.Lock()
		late := map[uint64]*ack{}
		for n, k := range a.open {
			if all || time.Since(k.sent) > ackRepeat {
				late[n], k.sent = k, time.Now()
			}
		}
		a.mu.Unlock()
		for n, k := range late {
			a.send(n, k)
		}
	}
}

// clear removes chunks that are no longer needed.
func (a *acker) clear(ctx context.Context) {
	var left []string
	for ctx.Err() == nil {
		select {
		case id := <-a.drop:
			if !a.clearOne(ctx, id) {
				left = append(left, id)
			}
		case <-ctx.Done():
		}
	}
	for { // what is left at the end, in one attempt each
		select {
		case id := <-a.drop:
			left = append(left, id)
			continue
		default:
		}
		break
	}
	last, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	for n, id := range left {
		if err := a.j.dropChunks(last, "records", id); err != nil && !errors.Is(err, ErrNotFound) {
			a.j.b.logf("bus: job %s: the chunks of %d records stay until the job is deleted: %v", a.j.n.job, len(left)-n, err)
			return
		}
	}
}

// clearOne tries until it is done; false: the context has ended.
func (a *acker) clearOne(ctx context.Context, id string) bool {
	for wait := retryFirst; ; wait = min(2*wait, retryLast) {
		err := a.j.dropChunks(ctx, "records", id)
		if err == nil || errors.Is(err, ErrNotFound) {
			return true
		}
		if ctx.Err() != nil || a.j.b.pause(ctx, wait) != nil {
			return false
		}
	}
}

// flush waits until all that was added so far is confirmed; n is how many are not.
func (a *acker) flush(ctx context.Context) (n int, err error) {
	a.mu.Lock()
	upto := a.next
	a.mu.Unlock()
	for {
		a.mu.Lock()
		n = 0
		for k := range a.open {
			if k <= upto {
				n++
			}
		}
		change := a.change
		a.mu.Unlock()
		if n == 0 {
			return 0, nil
		}
		select {
		case <-change:
		case <-a.j.b.closed:
			return n, ErrClosed
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
}
