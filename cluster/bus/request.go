package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Times of a request for messages.
const (
	requestTime      = 30 * time.Second
	requestHeartbeat = 2 * time.Second
)

// request asks for up to n messages of size bytes together, puts what comes ahead, and returns when all have come or no
// more will. It is written by hand since the client library, when a request is broken off, drops what is under way: such
// records would lie idle until their time is over. The protocol: NATS' ADR-13.
func (p *Puller) request(n, size int) (got int, err error) {
	nc, back := p.j.b.nc, p.j.b.reconnected()
	body, err := json.Marshal(map[string]any{"batch": n, "max_bytes": size, "expires": requestTime, "idle_heartbeat": requestHeartbeat})
	if err != nil {
		return 0, err
	}
	inbox, ch := nc.NewInbox(), make(chan *nats.Msg, n+16)
	sub, err := nc.ChanSubscribe(inbox, ch)
	if err != nil {
		return 0, err
	}
	defer func() { p.drain(sub, ch) }()
	if err := nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+p.j.n.records()+"."+workers, inbox, body); err != nil {
		return 0, err
	}
	silence := time.NewTimer(2 * requestHeartbeat)
	defer silence.Stop()
	for got < n {
		select {
		case m := <-ch:
			silence.Reset(2 * requestHeartbeat)
			if m.Header.Get("Status") == "" {
				got++
				p.put(m)
				continue
			}
			if over, err := verdict(m.Header); over {
				return got, err
			}
		case <-silence.C:
			return got, fmt.Errorf("%w: no sign of life", ErrUnavailable)
		case <-back: // the server that is connected now knows of no request
			return got, nil
		case <-p.ctx.Done():
			return got, p.ctx.Err()
		}
	}
	return got, nil
}

// drain ends a request's subscription and takes in what the server had sent before it heard of that.
func (p *Puller) drain(sub *nats.Subscription, ch chan *nats.Msg) {
	if p.ctx.Err() == nil || sub.Drain() != nil || p.j.b.nc.FlushTimeout(opTimeout) != nil {
		_ = sub.Unsubscribe()
	}
	for {
		select {
		case m := <-ch:
			if m.Header.Get("Status") == "" {
				p.put(m)
			}
		default:
			return
		}
	}
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
