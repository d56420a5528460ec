package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Message is a plain message of a job.
type Message struct {
	Subject string // below the job
	Data    []byte
	b       *Bus
	reply   string
}

// Reply answers a message that was sent by Request; for others it does nothing.
func (m *Message) Reply(data []byte) error {
	if m.reply == "" {
		return nil
	}
	if err := m.b.nc.Publish(m.reply, data); err != nil {
		return fmt.Errorf("bus: reply to %s: %w", m.Subject, m.b.failure(time.Now(), err))
	}
	return nil
}

// Publish sends a plain message to whoever listens at this moment. While the connection is lost it fails at once
// (ErrUnavailable): nothing is kept to be sent late. Returning nil does not mean that anyone has received it.
func (j *Job) Publish(suffix string, data []byte) error {
	if err := plain(suffix, false); err != nil {
		return err
	}
	if err := j.b.nc.Publish(j.n.subject(suffix), data); err != nil {
		return fmt.Errorf("bus: publish to %s: %w", suffix, j.b.failure(time.Now(), err))
	}
	return nil
}

// Subscribe calls fn with every plain message to a subject below the job, one at a time and in order, until stop is
// called. Words may be * (any word) and the last one > (all that follows). It holds across reconnects; what is sent
// meanwhile is missed. When it returns, the server knows of the subscription; when stop returns, of
// its end. The other servers of a cluster hear of both a little later.
func (j *Job) Subscribe(suffix string, fn func(*Message)) (stop func(), err error) {
	if err := plain(suffix, true); err != nil {
		return nil, err
	}
	began, base := time.Now(), j.n.subject("")
	s, err := j.b.nc.Subscribe(j.n.subject(suffix), func(m *nats.Msg) {
		fn(&Message{Subject: strings.TrimPrefix(m.Subject, base), Data: m.Data, b: j.b, reply: m.Reply})
	})
	if err == nil {
		err = j.b.nc.FlushTimeout(opTimeout)
	}
	if err != nil {
		return nil, fmt.Errorf("bus: subscribe to %s: %w", suffix, j.b.failure(began, err))
	}
	return func() {
		if s.Unsubscribe() == nil && j.b.Connected() {
			_ = j.b.nc.FlushTimeout(opTimeout)
		}
	}, nil
}

// Request sends a plain message and waits for the first answer: ErrNobody when no one listens, ErrUnavailable when the
// connection is lost or the context's deadline (5 s when it has none) passes.
func (j *Job) Request(ctx context.Context, suffix string, data []byte) ([]byte, error) {
	if err := plain(suffix, false); err != nil {
		return nil, err
	}
	var m *nats.Msg
	err := j.b.ask(ctx, func(ctx context.Context) (err error) {
		m, err = j.request(ctx, j.n.subject(suffix), data)
		return err
	})
	if errors.Is(err, nats.ErrNoResponders) {
		return nil, fmt.Errorf("bus: request to %s: %w", suffix, ErrNobody)
	}
	if err != nil {
		return nil, fmt.Errorf("bus: request to %s: %w", suffix, err)
	}
	return m.Data, nil
}

// request has its answer come below the job: whoever answers may have credentials for no other subject.
func (j *Job) request(ctx context.Context, subject string, data []byte) (*nats.Msg, error) {
	if j.b.job != "" { // so has the connection all its answers
		return j.b.nc.RequestWithContext(ctx, subject, data)
	}
	inbox := j.n.inbox() + "." + rand.Text()
	s, err := j.b.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Unsubscribe() }()
	if err := j.b.nc.PublishRequest(subject, inbox, data); err != nil {
		return nil, err
	}
	m, err := s.NextMsgWithContext(ctx)
	if err == nil && len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return nil, nats.ErrNoResponders
	}
	return m, err
}
