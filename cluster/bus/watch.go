package bus

import (
	"context"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
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
	f := follower{b: j.b, stream: j.n.state(), synced: func() error { return fn(Event{Synced: true}) }}
	for _, p := range prefixes {
		s, err := j.filter(p)
		if err != nil {
			return err
		}
		f.filters = append(f.filters, s)
	}
	base := j.n.key("")
	f.each = func(m *nats.Msg, meta *nats.MsgMetadata) error {
		e := Event{Entry: Entry{Key: strings.TrimPrefix(m.Subject, base), Revision: meta.Sequence.Stream, Time: meta.Timestamp}}
		if op := m.Header.Get("KV-Operation"); op == "DEL" || op == "PURGE" {
			e.Deleted = true
		} else {
			e.Value = m.Data
		}
		return fn(e)
	}
	return f.run(ctx)
}
