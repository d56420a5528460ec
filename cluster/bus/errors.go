package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors that callers tell apart by errors.Is.
var (
	// ErrExists: the key or job that was to be made is there already.
	ErrExists = errors.New("exists already")
	// ErrConflict: the key has another revision than the one given. Nothing was written.
	ErrConflict = errors.New("changed meanwhile")
	// ErrNotFound: there is no such key or job, or the job was deleted.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: no answer, because the connection is lost, the stream has no leader, or time ran out. A write that
	// ends so may have been done or not, or may still be done: only reading later tells. Never a conflict.
	ErrUnavailable = errors.New("the bus does not answer")
	// ErrDenied: the credentials do not allow it.
	ErrDenied = errors.New("not allowed with these credentials")
	// ErrNobody: no one listens to the subject of a request.
	ErrNobody = errors.New("no one answers to this subject")
	// ErrLost: the bus has lost what it had confirmed (a wiped disk, a stream made anew).
	ErrLost = errors.New("the bus has lost data")
	// ErrFull: the stream has no room for the message; nothing was written.
	ErrFull = errors.New("full")
	// ErrClosed: the Bus, Queue, or Puller has been closed.
	ErrClosed = errors.New("closed")
	// ErrStop is returned by a function given to Read to end the reading without an error.
	ErrStop = errors.New("stop reading")
)

// JetStream's codes for a stream that is full, for a repeated message whose first attempt is still under way, and for more readers
// than the account may have.
const (
	codeFull      = 10077
	codeInProcess = 10158
	codeConsumers = 10026
)

// failure says what became of a question to the bus that was asked at began.
func (b *Bus) failure(began time.Time, err error) error {
	if err == nil {
		return nil
	}
	b.mu.Lock()
	denied, at := b.denied, b.deniedAt
	b.mu.Unlock()
	var api *jetstream.APIError
	switch {
	case told(err):
		return err
	case errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("%w: %w", ErrDenied, err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		if denied != nil && !at.Before(began) { // the server drops what it refuses, and tells so beside
			return fmt.Errorf("%w: %w", ErrDenied, denied)
		}
		return fmt.Errorf("%w in time: %w", ErrUnavailable, err)
	case errors.Is(err, jetstream.ErrBucketNotFound), errors.Is(err, jetstream.ErrStreamNotFound),
		errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrMsgNotFound), errors.Is(err, jetstream.ErrConsumerNotFound):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting):
		return fmt.Errorf("%w: %w", ErrUnavailable, b.lostCause())
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, jetstream.ErrConnectionClosed):
		return fmt.Errorf("%w: %w", ErrClosed, err)
	case wrongSequence(err):
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case errors.As(err, &api) && api.ErrorCode == codeFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse),
		errors.Is(err, nats.ErrDisconnected), errors.Is(err, nats.ErrStaleConnection),
		errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.As(err, new(*net.OpError)),
		errors.As(err, &api) && (api.Code >= 500 || api.ErrorCode == codeInProcess):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// told says whether failure has been here before.
func told(err error) bool {
	for _, e := range []error{ErrConflict, ErrNotFound, ErrUnavailable, ErrDenied, ErrLost, ErrFull, ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// lostCause is why the connection is gone.
func (b *Bus) lostCause() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil {
		return fmt.Errorf("connection lost: %w", b.lost)
	}
	return errors.New("connection lost")
}

// wrongSequence says whether a write was refused for what it expected; replicated streams use a code of their own.
func wrongSequence(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// passing says whether another attempt may go better; err is by failure.
func passing(err error) bool { return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrFull) }
