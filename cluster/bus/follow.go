package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// follower reads a stream in order, and goes on where it was after any interruption.
type follower struct {
	b       *Bus
	stream  string
	filters []string
	last    uint64 // sequence of the latest message that was handed over
	each    func(*nats.Msg, *nats.MsgMetadata) error
	synced  func() error // called once, when all that was there at the beginning has been handed over; may be nil

	s       jetstream.Stream
	initial uint64    // messages that the present consumer had to deliver at its beginning
	got     uint64    // messages that it has delivered
	created time.Time // of the stream
	end     uint64    // the stream's last sequence when reading began
	behind  time.Time // since when the stream is known to end before last
}

// Limits of the follower.
const (
	followMessages = 256                    // of one request
	followRetry    = 200 * time.Millisecond // at first; longer and longer as long as nothing comes of it
	followRare     = 5 * time.Second
	followPatience = 10 * time.Second // for a stream that ends too early: a new leader may still be catching up
)

// run returns nil after ErrStop, and otherwise why it ended: the context's end, an error of each, or that the stream is
// gone or is not the one that it was.
func (f *follower) run(ctx context.Context) error {
	b := f.b
	quiet := false // told already
	for wait := followRetry; ; wait = min(2*wait, followRare) {
		began, last := time.Now(), f.last
		err, own := f.once(ctx)
		switch {
		case errors.Is(err, ErrStop):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case own || errors.Is(err, ErrLost):
			return err
		}
		err = b.failure(began, err)
		if f.last != last {
			quiet, wait = false, followRetry
		}
		if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, ErrDenied) || errors.Is(err, ErrClosed) {
			return err
		}
		if !errors.Is(err, errBehind) && !quiet {
			b.logf("bus: %s: reading is interrupted: %v", f.stream, err)
			quiet = true
		}
		// By chance longer or shorter: thousands may have lost what they read from at the same time.
		if err := b.pause(ctx, wait/2+rand.N(wait)); err != nil {
			return err
		}
	}
}

// once reads by one consumer, for as long as that works; own says that the error is of the functions called.
func (f *follower) once(ctx context.Context) (err error, own bool) {
	b := f.b
	cons, err := f.consumer(ctx)
	if err != nil {
		return err, false
	}
	a, err := b.newAsker(f.stream, cons.CachedInfo().Name, followMessages)
	if err != nil {
		return err, false
	}
	defer func() {
		_ = a.sub.Unsubscribe()
		if b.nc.IsConnected() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = b.js.DeleteConsumer(ctx, f.stream, cons.CachedInfo().Name) // else the server drops it later
		}
	}()
	f.initial, f.got = cons.CachedInfo().NumPending, 0
	if f.initial == 0 {
		if err, own := f.tellSynced(ctx); err != nil {
			return err, own
		}
	}
	var mine error
	each := func(m *nats.Msg) error {
		err, own := f.take(ctx, m)
		if own {
			mine = err
		}
		return err
	}
	for {
		_, err := a.request(ctx, followMessages, max(16<<20, 2*int(b.nc.MaxPayload())), each, f.alive)
		if mine != nil {
			return mine, true
		}
		if err != nil {
			return err, false
		}
	}
}

// take hands over a message.
func (f *follower) take(ctx context.Context, m *nats.Msg) (err error, own bool) {
	meta, err := m.Metadata()
	if err != nil {
		return err, false
	}
	if meta.Sequence.Consumer != f.got+1 {
		return fmt.Errorf("%w: message %d of the consumer came where %d was due", ErrUnavailable, meta.Sequence.Consumer, f.got+1), false
	}
	f.got++
	if err := f.each(m, meta); err != nil {
		return err, true
	}
	f.last = meta.Sequence.Stream
	if f.got >= f.initial || meta.NumPending == 0 {
		return f.tellSynced(ctx)
	}
	return nil, false
}

// alive hears how many messages the consumer has delivered.
func (f *follower) alive(delivered uint64) error {
	if delivered > f.got {
		return fmt.Errorf("%w: %d messages of the consumer were delivered, %d came", ErrUnavailable, delivered, f.got)
	}
	return nil
}

// errBehind: the stream's leader has not yet what a replica has delivered.
var errBehind = errors.New("the stream's leader is behind")

// tellSynced calls synced if that has not been done and all of the beginning has been handed over. A consumer may read a
// replica that is behind, so the leader is asked whether there was more; if so it will come.
func (f *follower) tellSynced(ctx context.Context) (err error, own bool) {
	if f.synced == nil {
		return nil, false
	}
	for _, filter := range f.filters {
		var m *jetstream.RawStreamMsg
		err := f.b.ask(ctx, func(ctx context.Context) (err error) {
			m, err = f.s.GetMsg(ctx, f.last+1, jetstream.WithGetMsgSubject(filter))
			return err
		})
		if err == nil && m.Sequence <= f.end {
			return nil, false
		}
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return err, false
		}
	}
	tell := f.synced
	f.synced = nil
	return tell(), true
}

// consumer makes a consumer from the message after the last one on.
func (f *follower) consumer(ctx context.Context) (c jetstream.Consumer, err error) {
	err = f.b.ask(ctx, func(ctx context.Context) (err error) {
		if f.s, err = f.b.js.Stream(ctx, f.stream); err != nil {
			return err
		}
		if err := f.same(f.s.CachedInfo()); err != nil {
			return err
		}
		cfg := jetstream.ConsumerConfig{
			AckPolicy: jetstream.AckNonePolicy, FilterSubjects: f.filters, InactiveThreshold: time.Minute,
			MemoryStorage: true, Replicas: 1, DeliverPolicy: jetstream.DeliverAllPolicy, MaxDeliver: 1,
		}
		if f.last > 0 {
			cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, f.last+1
		}
		c, err = f.s.CreateConsumer(ctx, cfg)
		return err
	})
	return c, err
}

// same makes sure that the stream is still the one that was read.
func (f *follower) same(info *jetstream.StreamInfo) error {
	if f.created.IsZero() {
		f.created, f.end = info.Created, info.State.LastSeq
	}
	if !info.Created.Equal(f.created) {
		return fmt.Errorf("%w: stream %s was made anew", ErrLost, f.stream)
	}
	if info.State.LastSeq >= f.last {
		f.behind = time.Time{}
		return nil
	}
	if f.behind.IsZero() {
		f.behind = time.Now()
	}
	if time.Since(f.behind) > followPatience {
		return fmt.Errorf("%w: stream %s ends at %d, before %d", ErrLost, f.stream, info.State.LastSeq, f.last)
	}
	return errBehind
}
