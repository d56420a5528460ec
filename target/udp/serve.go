package udp

import (
	"math/rand/v2"
	"time"

	"github.com/iagoloadgen/iago/target/figures"
	"github.com/iagoloadgen/iago/target/model"
)

const (
	largest  = 65507                // bytes of a datagram over IPv4
	heldBack = 2 * time.Millisecond // that is how long one is held back to be overtaken
)

var garbage = []byte("\x00\xff\x00\xff")

// message is a datagram and whose it is.
type message struct {
	data []byte
	peer peer
}

// luck draws what happens to answers, and counts it.
type luck struct {
	random                      *rand.Rand
	loss, duplicate, reorder    float64
	lost, duplicated, reordered int64
}

func newLuck(o *Options) luck {
	return luck{
		random: rand.New(rand.NewPCG(o.Model.Seed, 1<<63)), loss: o.Loss, duplicate: o.Duplicate, reorder: o.Reorder,
	}
}

// hit draws an event of the given probability and counts it.
func (l *luck) hit(share float64, count *int64) bool {
	if share == 0 || l.random.Float64() >= share {
		return false
	}
	*count++
	return true
}

// serve answers datagrams until the socket is closed. Those that are answered at once leave together.
func (s *Server) serve(in *receiver, out *sender) {
	var batch figures.Batch
	var now []message
	for s.Thaw() {
		got, err := in.receive()
		if err != nil {
			return // closed
		}
		arrival := s.Now()
		now = now[:0]
		s.mu.Lock()
		for _, m := range got {
			batch.Received += int64(len(m.data))
			batch.Kinds = append(batch.Kinds, "datagram")
			now = s.answer(m, arrival, &batch, now)
		}
		s.mu.Unlock()
		s.tally.Add(&batch, arrival)
		out.send(now)
	}
}

// answer appends to now what is to be sent at once for m, and hands over what is to be sent later.
func (s *Server) answer(m message, arrival int64, batch *figures.Batch, now []message) []message {
	fate := s.model.Arrive(arrival)
	if fate.Kind == model.Hang {
		return now
	}
	batch.Sojourns = append(batch.Sojourns, fate.Depart-arrival)
	counted := fate.Kind == 0
	switch {
	case fate.Kind == model.Garbage:
		m.data = garbage
	case s.luck.hit(s.luck.loss, &s.luck.lost):
		return now
	case s.options.Reply != nil:
		m.data = s.options.Reply
	}
	depart, times := fate.Depart, 1
	if counted && s.luck.hit(s.luck.duplicate, &s.luck.duplicated) {
		times = 2
	}
	if counted && s.luck.hit(s.luck.reorder, &s.luck.reordered) {
		depart += int64(heldBack)
	}
	if depart > arrival {
		s.later.put(m, depart, times, counted)
		return now
	}
	for range times {
		now = append(now, m)
		batch.Sent += int64(len(m.data))
	}
	if counted {
		batch.Answers++
	}
	return now
}
