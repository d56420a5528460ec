package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// outlet stores messages without waiting for each. The client library's own way (PublishAsync) leaves a goroutine behind
// where it is ended soon after its beginning, and hears late that a connection is lost.
type outlet struct {
	b     *Bus
	inbox string
	sub   *nats.Subscription

	mu   sync.Mutex
	next uint64
	open map[uint64]*push
}

// push is a message under way.
type push struct {
	msg    *nats.Msg
	number uint64
	began  time.Time
	stands context.Context // ends when the connection is lost that it was sent over
	done   chan error      // the server's word, or why there will be none
}

func (o *outlet) start(b *Bus) (err error) {
	o.b, o.inbox, o.open = b, b.nc.NewInbox(), map[uint64]*push{}
	o.sub, err = b.nc.Subscribe(o.inbox+".*", o.confirmed)
	return err
}

// send sends a message on its way; wait tells what became of it.
func (o *outlet) send(m *nats.Msg) *push {
	p := &push{msg: m, began: time.Now(), stands: o.b.connection(), done: make(chan error, 1)}
	o.mu.Lock()
	o.next++
	p.number = o.next
	o.open[p.number] = p
	o.mu.Unlock()
	m.Reply = o.inbox + "." + strconv.FormatUint(p.number, 10)
	if err := o.b.nc.PublishMsg(m); err != nil {
		o.settle(p.number, err)
	}
	return p
}

// wait returns nil when the message is stored. After another error than the context's it may be stored all the same.
func (o *outlet) wait(ctx context.Context, p *push) error {
	t := time.NewTimer(time.Until(p.began.Add(attemptTime)))
	defer t.Stop()
	select {
	case err := <-p.done:
		return err
	case <-p.stands.Done():
		o.settle(p.number, fmt.Errorf("%w: %w", ErrUnavailable, o.b.lostCause()))
	case <-t.C:
		o.settle(p.number, nats.ErrTimeout)
	case <-ctx.Done():
		o.settle(p.number, ctx.Err())
	}
	return <-p.done // the server's word may just have come
}

// settle ends the waiting for a message, once.
func (o *outlet) settle(number uint64, err error) {
	o.mu.Lock()
	p := o.open[number]
	delete(o.open, number)
	o.mu.Unlock()
	if p != nil {
		p.done <- err
	}
}

// confirmed handles the server's word on a message.
func (o *outlet) confirmed(m *nats.Msg) {
	n, err := strconv.ParseUint(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], 10, 64)
	if err == nil {
		o.settle(n, stored(m))
	}
}

func (o *outlet) close() { _ = o.sub.Unsubscribe() }

// stored reads the server's word on a message: nil when it is stored.
func stored(m *nats.Msg) error {
	if m.Header.Get("Status") != "" {
		return nats.ErrNoResponders
	}
	var word struct {
		Stream string              `json:"stream"`
		Error  *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &word); err != nil {
		return fmt.Errorf("the server's word on a message: %w", err)
	}
	if word.Error != nil {
		return word.Error
	}
	if word.Stream == "" {
		return jetstream.ErrInvalidJSAck
	}
	return nil
}
