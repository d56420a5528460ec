package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// follower reads a stream in order, and goes on where it was after any interruption.
type follower struct {
	stream  string
	filters []string
	last    uint64 // sequence of the latest message that was handed over
	each    func(jetstream.Msg, *jetstream.MsgMetadata) error
	synced  func() error // called once, when all that was there at the beginning has been handed over; may be nil

	s       jetstream.Stream
	created time.Time // of the stream
	end     uint64    // the stream's last sequence when reading began
	behind  time.Time // since when the stream is known to end before last
}

// Intervals of the follower: the longest silence is two heartbeats.
const (
	followHeartbeat = 2 * time.Second
	followRetry     = 200 * time.Millisecond
	followPatience  = 10 * time.Second // for a stream that ends too early: a new leader may still be catching up
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
		if !errors.Is(err, errBehind) {
			b.logf("bus: %s: reading is interrupted: %v", f.stream, err)
		}
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
	it, err := cons.Messages(jetstream.PullMaxMessagesWithBytesLimit(256, max(16<<20, 2*int(b.nc.MaxPayload()))),
		jetstream.PullExpiry(30*time.Second), jetstream.PullHeartbeat(followHeartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err, false
	}
	defer it.Stop()
	initial := cons.CachedInfo().NumPending
	if initial == 0 {
		if err, own := f.tellSynced(ctx); err != nil {
			return err, own
		}
	}
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
			if err, own := f.tellSynced(ctx); err != nil {
				return err, own
			}
		}
	}
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
		ctx, cancel := context.WithTimeout(ctx, opTimeout)
		m, err := f.s.GetMsg(ctx, f.last+1, jetstream.WithGetMsgSubject(filter))
		cancel()
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

// consumer makes a consumer from the message after the last one on. It makes sure that the stream is still the same.
func (f *follower) consumer(ctx context.Context, b *Bus) (jetstream.Consumer, error) {
	s, err := b.js.Stream(ctx, f.stream)
	if err != nil {
		return nil, err
	}
	f.s = s
	info := s.CachedInfo()
	if f.created.IsZero() {
		f.created, f.end = info.Created, info.State.LastSeq
	}
	if !info.Created.Equal(f.created) {
		return nil, fmt.Errorf("%w: stream %s was made anew", ErrLost, f.stream)
	}
	if info.State.LastSeq >= f.last {
		f.behind = time.Time{}
	} else {
		if f.behind.IsZero() {
			f.behind = time.Now()
		}
		if time.Since(f.behind) > followPatience {
			return nil, fmt.Errorf("%w: stream %s ends at %d, before %d", ErrLost, f.stream, info.State.LastSeq, f.last)
		}
		return nil, errBehind
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
