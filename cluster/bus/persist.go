package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// attemptTime is how long one attempt to store a message waits for the server's word.
const attemptTime = 5 * time.Second

// retryWait grows from the first to the last of these between attempts.
const retryFirst, retryLast = 50 * time.Millisecond, 2 * time.Second

// attempt stores a message once.
func (j *Job) attempt(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (ack *jetstream.PubAck, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	err = j.b.ask(ctx, func(ctx context.Context) (err error) {
		ack, err = j.b.js.PublishMsg(ctx, m, append(opts, jetstream.WithRetryAttempts(0))...)
		return err
	})
	return ack, err
}

// persist stores a message and does not give up before the context ends or it is certain that it cannot be stored. All
// attempts have the same id, if the message has one, so that it is stored once.
func (j *Job) persist(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	for wait := retryFirst; ; wait = min(2*wait, retryLast) {
		ack, err := j.attempt(ctx, m, opts...)
		if err == nil {
			return ack, nil
		}
		if err := j.again(ctx, m.Subject, err, wait); err != nil {
			return nil, err
		}
	}
}

// again waits before another attempt after err; it returns an error when there must be none.
func (j *Job) again(ctx context.Context, subject string, err error, wait time.Duration) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w; the latest attempt: %w", ctx.Err(), err)
	}
	if !passing(err) {
		return err
	}
	if wait >= retryLast/4 && j.gone(ctx) {
		return fmt.Errorf("%w: job %s was deleted", ErrNotFound, j.n.job)
	}
	if wait == retryFirst && !errors.Is(err, ErrFull) { // a full queue is an ordinary thing
		j.b.logf("bus: %s: not stored, trying again: %v", subject, err)
	}
	if errors.Is(err, ErrFull) {
		wait = retryFirst
	}
	return j.b.pause(ctx, wait)
}

// gone says whether the server is certain that the job's streams are not there: a missing stream looks like one without
// a leader to those who write to it.
func (j *Job) gone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	err := j.b.ask(ctx, func(ctx context.Context) error {
		_, err := j.b.js.Stream(ctx, j.n.state())
		return err
	})
	return errors.Is(err, jetstream.ErrStreamNotFound)
}
