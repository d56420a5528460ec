package bus

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Item is a record, or a batch of them, as it was pushed. It must be acknowledged (Ack) or given back (Nak).
type Item struct {
	ID          string // as given to Push
	Data        []byte
	Redelivered int // how often it was delivered before, to whomever

	p      *Puller
	reply  string  // what is said about it goes to this subject
	chunks chunked // of a large one
	size   int     // of the payload
	seq    uint64  // in the stream

	// Under the puller's lock, while it is ahead:
	ready bool
	taken bool
	lost  error // it cannot be put together
}

// lostAfter is the delivery at which an item whose chunks are missing is given up: at the first ones they may have been
// removed by an acknowledgment that is still on its way.
const lostAfter = 3

// item makes an item of a message; one with chunks is not ready. An error says that this is no record of ours.
func (p *Puller) item(m *nats.Msg) (*Item, error) {
	meta, err := m.Metadata()
	if err != nil {
		return nil, err
	}
	i := &Item{ID: m.Header.Get(jetstream.MsgIDHeader), Redelivered: int(meta.NumDelivered) - 1, p: p, reply: m.Reply, size: payloadSize(m), seq: meta.Sequence.Stream}
	if i.chunks, err = parseChunked(m.Header.Get(chunksHeader)); err != nil {
		return nil, fmt.Errorf("record %s: %w", i.ID, err)
	}
	if i.chunks.count == 0 {
		i.Data, i.ready = m.Data, true
	}
	return i, nil
}

// Ack says that the item is done. It does not wait: the puller repeats it until the bus has confirmed it (Flush).
func (i *Item) Ack() {
	if !i.release() {
		return
	}
	id := ""
	if i.chunks.count > 0 {
		id = i.ID
	}
	i.p.acks.add(i.reply, id)
}

// Nak gives the item back, to be delivered again at once.
func (i *Item) Nak() error {
	if !i.release() {
		return nil
	}
	return i.say("-NAK")
}

// later gives the item back, to be delivered again a little later.
func (i *Item) later() error {
	if !i.release() {
		return nil
	}
	return i.say(`-NAK {"delay": 1000000000}`)
}

// Extend begins the time anew within which the item must be acknowledged.
func (i *Item) Extend() error { return i.say("+WPI") }

// release ends the holding of an item; false: that was done before.
func (i *Item) release() bool {
	i.p.mu.Lock()
	defer i.p.mu.Unlock()
	_, held := i.p.held[i]
	delete(i.p.held, i)
	return held
}

func (i *Item) say(word string) error {
	if err := i.p.j.b.nc.PublishMsg(&nats.Msg{Subject: i.reply, Data: []byte(word)}); err != nil {
		return fmt.Errorf("bus: record %s: %w", i.ID, i.p.j.b.failure(time.Now(), err))
	}
	return nil
}
