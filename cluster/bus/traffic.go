package bus

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Traffic is what has passed a server since it was started.
type Traffic struct {
	Connections                   int
	MessagesUp, MessagesDown      int64 // from clients, to clients
	BytesUp, BytesDown            int64 // the same, without the protocol's own
	Subscriptions, SlowConnection int64
}

// Traffic tells what has passed the server.
func (s *Server) Traffic() (Traffic, error) {
	v, err := s.s.Varz(nil)
	if err != nil {
		return Traffic{}, fmt.Errorf("bus: traffic: %w", err)
	}
	return Traffic{
		v.Connections, v.InMsgs, v.OutMsgs, v.InBytes, v.OutBytes, int64(v.Subscriptions), v.SlowConsumers,
	}, nil
}

// Passing is one message that was seen on its way.
type Passing struct {
	Subject, Reply string // as NATS knows them
	Status         string // of a message that is only about messages; else ""
	Size           int    // bytes, with headers
}

// Tap calls fn with every message that passes, one at a time, until stop is called; each comes once, however many it is for. It costs the
// server as much as another receiver of everything, and needs credentials without limits. It is for measuring.
func (b *Bus) Tap(fn func(Passing)) (stop func(), err error) {
	began := time.Now()
	s, err := b.nc.Subscribe(">", func(m *nats.Msg) { fn(Passing{m.Subject, m.Reply, m.Header.Get("Status"), m.Size()}) })
	if err == nil {
		if err = s.SetPendingLimits(-1, -1); err == nil {
			err = b.nc.FlushTimeout(opTimeout)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("bus: tap: %w", b.failure(began, err))
	}
	return func() { _ = s.Unsubscribe() }, nil
}
