package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Event is what a Watcher tells: a key's value, its deletion, or that all values of the beginning have been told.
type Event struct {
	Entry
	Deleted bool // the key is gone; there is no value
	Synced  bool // no key: what follows are changes. Comes once
}

// Watcher follows keys of a job.
type Watcher struct {
	events chan Event
	stop   context.CancelFunc
	done   chan struct{}
	mu     sync.Mutex
	err    error
}

// Watch tells the present values of keys, then Synced, then their changes, in order, until the context ends, Stop is
// called, or the job is gone. A prefix is a key, or words that end with a dot and stand for all keys below them; "" is
// all keys. After the connection was lost it goes on with what has changed meanwhile: of several changes to one key the
// last one.
func (j *Job) Watch(ctx context.Context, prefixes ...string) (*Watcher, error) {
	for _, p := range prefixes {
		if _, err := j.filter(p); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &Watcher{events: make(chan Event), stop: cancel, done: make(chan struct{})}
	go func() {
		defer cancel()
		err := j.watch(ctx, prefixes, func(e Event) error {
			select {
			case w.events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if ctx.Err() == nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
		}
		close(w.events)
		close(w.done)
	}()
	return w, nil
}

// Events is closed when the watching has ended; Err then says why.
func (w *Watcher) Events() <-chan Event { return w.events }

// Err is why the watching ended: nil after Stop or the end of its context; ErrNotFound when the job was deleted.
func (w *Watcher) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Stop ends the watching and waits for it.
func (w *Watcher) Stop() {
	w.stop()
	<-w.done
}

// filter is the subject that a prefix of keys stands for.
func (j *Job) filter(prefix string) (string, error) {
	if prefix == "" {
		return j.n.key(">"), nil
	}
	key := strings.TrimSuffix(prefix, ".")
	if err := validKey(key); err != nil {
		return "", err
	}
	if key != prefix {
		key += ".>"
	}
	return j.n.key(key), nil
}

func (j *Job) watch(ctx context.Context, prefixes []string, fn func(Event) error) error {
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	f := follower{stream: j.n.state(), synced: func() error { return fn(Event{Synced: true}) }}
	for _, p := range prefixes {
		s, err := j.filter(p)
		if err != nil {
			return err
		}
		f.filters = append(f.filters, s)
	}
	base := j.n.key("")
	f.each = func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		e := Event{Entry: Entry{Key: strings.TrimPrefix(m.Subject(), base), Revision: meta.Sequence.Stream, Time: meta.Timestamp}}
		if op := m.Headers().Get("KV-Operation"); op == "DEL" || op == "PURGE" {
			e.Deleted = true
		} else {
			e.Value = m.Data()
		}
		return fn(e)
	}
	return f.run(ctx, j.b)
}

// follower reads a stream in order, and goes on where it was after any interruption.
type follower struct {
	stream  string
	filters []string
	last    uint64 // sequence of the latest message that was handed over
	each    func(jetstream.Msg, *jetstream.MsgMetadata) error
	synced  func() error // called once, when all that was there at the beginning has been handed over; may be nil

	created time.Time
}

// Intervals of the follower: the longest silence is two heartbeats.
const (
	followHeartbeat = 2 * time.Second
	followRetry     = 200 * time.Millisecond
)

// run returns nil after ErrStop, and otherwise why it ended: the context's end, an error of each, or that the stream is
// gone or is not the one that it was.
func (f *follower) run(ctx context.Context, b *Bus) error {
	for {
		began := time.Now()
		err, own := f.once(ctx, b)
		switch {
		case errors.Is(err, ErrStop):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case own || errors.Is(err, ErrLost):
			return err
		}
		err = b.failure(began, err)
		if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, ErrDenied) || errors.Is(err, ErrClosed) {
			return err
		}
		b.logf("bus: %s: reading is interrupted: %v", f.stream, err)
		if err := b.pause(ctx, followRetry); err != nil {
			return err
		}
	}
}

// once reads by one consumer, for as long as that works; own says that the error is of the functions called.
func (f *follower) once(ctx context.Context, b *Bus) (err error, own bool) {
	cons, err := f.consumer(ctx, b)
	if err != nil {
		return err, false
	}
	defer func() {
		if !b.nc.IsConnected() {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = b.js.DeleteConsumer(ctx, f.stream, cons.CachedInfo().Name) // else the server drops it later
	}()
	initial := cons.CachedInfo().NumPending
	if initial == 0 {
		if err := f.tellSynced(); err != nil {
			return err, true
		}
	}
	it, err := cons.Messages(jetstream.PullMaxMessagesWithBytesLimit(256, max(16<<20, 2*int(b.nc.MaxPayload()))),
		jetstream.PullExpiry(30*time.Second), jetstream.PullHeartbeat(followHeartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err, false
	}
	defer it.Stop()
	for next := uint64(1); ; next++ {
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err, false
		}
		meta, err := m.Metadata()
		if err != nil {
			return err, false
		}
		if meta.Sequence.Consumer != next {
			return fmt.Errorf("message %d of the consumer came where %d was due", meta.Sequence.Consumer, next), false
		}
		if err := f.each(m, meta); err != nil {
			return err, true
		}
		f.last = meta.Sequence.Stream
		if next >= initial || meta.NumPending == 0 {
			if err := f.tellSynced(); err != nil {
				return err, true
			}
		}
	}
}

func (f *follower) tellSynced() error {
	if f.synced == nil {
		return nil
	}
	tell := f.synced
	f.synced = nil
	return tell()
}

// consumer makes a consumer from the message after the last one on. It makes sure that the stream is still the same.
func (f *follower) consumer(ctx context.Context, b *Bus) (jetstream.Consumer, error) {
	s, err := b.js.Stream(ctx, f.stream)
	if err != nil {
		return nil, err
	}
	info := s.CachedInfo()
	if f.created.IsZero() {
		f.created = info.Created
	}
	if !info.Created.Equal(f.created) || info.State.LastSeq < f.last {
		return nil, fmt.Errorf("%w: stream %s was made anew or ends at %d, before %d", ErrLost, f.stream, info.State.LastSeq, f.last)
	}
	cfg := jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckNonePolicy, FilterSubjects: f.filters, InactiveThreshold: time.Minute,
		MemoryStorage: true, Replicas: 1, DeliverPolicy: jetstream.DeliverAllPolicy, MaxDeliver: 1,
	}
	if f.last > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, f.last+1
	}
	return s.CreateConsumer(ctx, cfg)
}
