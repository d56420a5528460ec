package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// asker asks a consumer for messages. It is written by hand: when a request is broken off, the client library drops what
// is under way; it makes a new inbox for each request, of which the servers of a cluster may not know yet when they
// answer, so that the messages go nowhere; and it does not show what signs of life say. The protocol: NATS' ADR-13.
//
// It is used by one goroutine.
type asker struct {
	b       *Bus
	subject string
	inbox   string
	sub     *nats.Subscription // all answers come here
	msgs    chan *nats.Msg
	number  int
	known   bool // the consumer's server knows of the subscription
}

// Times of a request.
const (
	requestTime      = 30 * time.Second
	requestHeartbeat = 2 * time.Second
	requestProbe     = 100 * time.Millisecond
)

// pace is how long something takes between a reader and its stream.
func (b *Bus) pace(d time.Duration) time.Duration { return time.Duration(float64(d) * b.slow) }

// newAsker makes an asker; no request may ask for more than most messages.
func (b *Bus) newAsker(stream, consumer string, most int) (*asker, error) {
	a := &asker{b: b, subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer, inbox: b.nc.NewInbox()}
	a.msgs = make(chan *nats.Msg, 4*most+64)
	var err error
	if a.sub, err = b.nc.ChanSubscribe(a.inbox+".*", a.msgs); err != nil {
		return nil, err
	}
	return a, nil
}

// asked is a request's content.
type asked struct {
	Batch     int           `json:"batch"`
	MaxBytes  int           `json:"max_bytes"`
	Expires   time.Duration `json:"expires,omitempty"`
	Heartbeat time.Duration `json:"idle_heartbeat,omitempty"`
	NoWait    bool          `json:"no_wait,omitempty"`
}

func (a *asker) send(r asked) (reply string, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	a.number++
	reply = fmt.Sprintf("%s.%d", a.inbox, a.number)
	return reply, a.b.nc.PublishRequest(a.subject, reply, body)
}

// request asks for up to n messages of size bytes together, calls each with them, and returns when all have come or no
// more will. Where each belongs to one reader only, a sign of life tells alive the consumer's latest delivery.
func (a *asker) request(ctx context.Context, n, size int, each func(*nats.Msg) error, alive func(delivered uint64) error) (got int, err error) {
	lost := a.b.connection()
	if !a.known {
		if err := a.probe(ctx, each); err != nil {
			return 0, err
		}
	}
	reply, err := a.send(asked{Batch: n, MaxBytes: size, Expires: a.b.pace(requestTime), Heartbeat: a.b.pace(requestHeartbeat)})
	if err != nil {
		return 0, err
	}
	silence := time.NewTimer(a.b.pace(2 * requestHeartbeat))
	defer silence.Stop()
	for got < n {
		select {
		case m := <-a.msgs:
			switch {
			case m.Header.Get("Status") == "": // perhaps of an earlier request that was given up: welcome all the same
				got++
				err = each(m)
			case m.Subject == reply:
				var over bool
				if over, err = verdict(m.Header); over {
					n -= missing(m.Header, n) // replicated messages come after the word that they are all
				} else if alive != nil {
					err = alive(delivered(m.Header))
				}
			default:
				continue
			}
			if err != nil {
				return got, err
			}
			silence.Reset(a.b.pace(2 * requestHeartbeat))
		case <-silence.C:
			a.known = false
			return got, fmt.Errorf("%w: no sign of life", ErrUnavailable)
		case <-lost.Done():
			a.known = false
			return got, fmt.Errorf("%w: %w", ErrUnavailable, a.b.lostCause())
		case <-ctx.Done():
			return got, ctx.Err()
		}
	}
	return got, nil
}

// probe makes sure that the consumer's server knows of the subscription, by requests that bring no message since they
// have no room for one.
func (a *asker) probe(ctx context.Context, each func(*nats.Msg) error) error {
	lost := a.b.connection()
	for end := time.Now().Add(opTimeout); time.Now().Before(end); {
		if _, err := a.send(asked{Batch: 1, MaxBytes: 1, NoWait: true}); err != nil {
			return err
		}
		wait := time.NewTimer(requestProbe)
		for waiting := true; waiting; {
			select {
			case m := <-a.msgs:
				if m.Header.Get("Status") == "" {
					if err := each(m); err != nil {
						return err
					}
					continue
				}
				_, err := verdict(m.Header)
				a.known = err == nil
				return err
			case <-wait.C:
				waiting = false
			case <-lost.Done():
				return fmt.Errorf("%w: %w", ErrUnavailable, a.b.lostCause())
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return fmt.Errorf("%w: no sign of life", ErrUnavailable)
}

// stop ends the subscription and calls each with what the server had sent before it heard of that.
func (a *asker) stop(each func(*nats.Msg)) {
	if !a.b.nc.IsConnected() || a.sub.Drain() != nil || a.b.nc.FlushTimeout(opTimeout) != nil {
		_ = a.sub.Unsubscribe()
	}
	for {
		select {
		case m := <-a.msgs:
			if m.Header.Get("Status") == "" {
				each(m)
			}
		default:
			return
		}
	}
}

// delivered reads from a sign of life how many messages the consumer has delivered.
func delivered(h nats.Header) uint64 {
	n, _ := strconv.ParseUint(h.Get("Nats-Last-Consumer"), 10, 64)
	return n
}

// missing reads from the word that a request for n messages is over how many of them will not come.
func missing(h nats.Header, n int) int {
	m, err := strconv.ParseUint(h.Get("Nats-Pending-Messages"), 10, 31)
	if err != nil {
		return n
	}
	return min(int(m), n)
}

// verdict reads a message about a request: whether the request is over, and whether that is a failure.
func verdict(h nats.Header) (over bool, err error) {
	status, text := h.Get("Status"), h.Get("Description")
	switch low := strings.ToLower(text); status {
	case "100": // sign of life
		return false, nil
	case "404", "408":
		return true, nil
	case "409":
		switch {
		case strings.Contains(low, "message size exceeds maxbytes"), strings.Contains(low, "batch completed"):
			return true, nil
		case strings.Contains(low, "consumer deleted"):
			return true, jetstream.ErrConsumerDeleted
		}
	case "503":
		return true, nats.ErrNoResponders
	}
	return true, fmt.Errorf("%w: %w", ErrUnavailable, errors.New(strings.TrimSpace(status+" "+text)))
}
