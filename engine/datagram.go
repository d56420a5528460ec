package engine

import (
	"errors"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// sockets are a shard's UDP sockets. Where answers are matched by key, or none come, a few sockets carry everything; where
// they come in order, a socket carries one request at a time, because with more a lost answer would shift all that follow.
type sockets struct {
	codec    transport.Datagrams
	match    transport.Match
	mask     uint64      // of keys
	most     int         // sockets for each target; 0: as many as the limits allow (in order)
	all      []*socket   // by slot
	free     []*socket   // closed ones
	byTarget [][]*socket // open ones; in order: idle ones
	turn     []int       // by target: the next socket to use
	dirty    []*socket   // with datagrams to send
	in       [][]byte    // for receiving
	sizes    []int
	resp     load.Response
}

// socket is one UDP socket.
type socket struct {
	slot   uint32
	gen    uint32
	open   bool
	handle poller.Handle
	target int32
	addr   int32 // generation of the target's addresses it was opened with

	flights map[uint64]*flight // under way, by key; in order: under 0
	past    map[uint64]bool    // keys that must not be used again yet: true once the answer has come
	pasts   queue[pastKey]     // the same, by the moment they are free again
	nextKey uint64

	out     []*flight // to be sent
	wires   [][]byte  // what of them
	arena   []byte    // memory of wires
	blocked bool      // the kernel had no room
	dirty   bool
	old     bool // not used for further requests
}

const (
	datagramMost  = 64 << 10 // bytes of an answer
	datagramBatch = 64
)

func newSockets(codec transport.Datagrams, shards int, keep int64) *sockets {
	m := codec.Matching()
	k := &sockets{codec: codec, match: m.Match, mask: 1<<m.Bits - 1}
	if m.Match != transport.MatchOrder {
		k.most = max((m.Sockets+shards-1)/shards, 1)
	}
	for range datagramBatch {
		k.in = append(k.in, make([]byte, datagramMost))
	}
	k.sizes = make([]int, datagramBatch)
	k.resp.Keep = keep
	return k
}

// launch sends a, or has it sent at the end of the pass. It reports false when a must wait.
func (k *sockets) launch(s *shard, a arrival) bool {
	t := int(a.item.target)
	if !a.item.pinned {
		t = s.up(t)
	}
	sock, err := k.pick(s, t)
	switch {
	case err != nil && outOfDescriptors(err):
		s.why, s.retryAt = waitDescriptors, s.now+second/100
		return false
	case err != nil:
		if a, ok := s.fit(a, t); ok {
			f := s.attempt(a)
			s.rec.failed(f, int32(t), s.now, causeOf(err))
			k.end(s, f, outcome{cause: causeOf(err), target: int32(t), end: s.now})
		}
		return true
	case sock == nil:
		return false
	}
	a, ok := s.fit(a, t)
	if !ok {
		k.idle(sock)
		return true
	}
	k.queue(s, sock, s.attempt(a))
	return true
}

// pick finds the socket for the next request to target t; nil: all are taken.
func (k *sockets) pick(s *shard, t int) (*socket, error) {
	set, list := s.resolved(t), k.byTarget[t]
	if k.match == transport.MatchOrder {
		for n := len(list); n > 0; n-- {
			sock := list[n-1]
			k.byTarget[t] = list[:n-1]
			if sock.addr == set.generation {
				return sock, nil
			}
			k.close(s, sock)
		}
		if !s.mayOpen(s.pools[t]) {
			return nil, nil
		}
		return k.open(s, t, set)
	}
	if len(list) > 0 && list[0].addr != set.generation {
		for _, c := range list {
			c.old = true
			k.closeOld(s, c)
		}
		list = list[:0]
		k.byTarget[t] = list
	}
	if len(list) < k.most {
		sock, err := k.open(s, t, set)
		if err == nil {
			k.byTarget[t] = append(list, sock)
		}
		return sock, err
	}
	for range list {
		k.turn[t] = (k.turn[t] + 1) % len(list)
		if sock := list[k.turn[t]]; k.match == transport.MatchNone || sock.hasKey(k.mask, s.now) {
			return sock, nil
		}
	}
	s.why = waitConnections
	return nil, nil
}

func (k *sockets) open(s *shard, t int, set *addrSet) (*socket, error) {
	var sock *socket
	if n := len(k.free); n > 0 {
		sock, k.free = k.free[n-1], k.free[:n-1]
	} else {
		sock = &socket{slot: uint32(len(k.all)), flights: map[uint64]*flight{}, past: map[uint64]bool{}}
		k.all = append(k.all, sock)
	}
	p := s.pools[t]
	handle, err := s.poll.OpenDatagram(set.addrs[p.addr%len(set.addrs)], uint64(sock.gen)<<32|uint64(sock.slot))
	p.addr++
	if err != nil {
		k.free = append(k.free, sock)
		return nil, err
	}
	sock.old, sock.blocked = false, false
	sock.open, sock.handle, sock.target, sock.addr = true, handle, int32(t), set.generation
	p.open++
	s.open++
	s.rec.cur.MaxConnections = max(s.rec.cur.MaxConnections, int64(s.open))
	return sock, nil
}

// closeOld lets go of a socket to addresses that the target's name does not stand for any more, once all on it have had their outcome.
func (k *sockets) closeOld(s *shard, c *socket) {
	if c.old && c.open && len(c.flights) == 0 && len(c.out) == 0 {
		k.close(s, c)
	}
}

// close lets go of a socket on which nothing is under way.
func (k *sockets) close(s *shard, sock *socket) {
	s.poll.Close(sock.handle)
	sock.open = false
	sock.gen++
	clear(sock.past)
	for sock.pasts.len() > 0 {
		sock.pasts.pop()
	}
	s.pools[sock.target].open--
	s.open--
	k.free = append(k.free, sock)
}

// queue puts f among what is sent at the end of the pass.
func (k *sockets) queue(s *shard, c *socket, f *flight) {
	f.sock = c
	from := len(c.arena)
	c.arena = append(c.arena, f.item.req.Wire...)
	wire := c.arena[from:len(c.arena):len(c.arena)]
	if k.match == transport.MatchKey {
		f.key = c.nextKey
		k.codec.Stamp(wire, f.key)
	}
	if k.match != transport.MatchNone {
		c.flights[f.key] = f
	}
	c.out, c.wires = append(c.out, f), append(c.wires, wire)
	if !c.dirty {
		c.dirty = true
		k.dirty = append(k.dirty, c)
	}
	f.first = s.now
	s.rec.firstByte(f)
}

// flush sends what has come together.
func (k *sockets) flush(s *shard) {
	for i := 0; i < len(k.dirty); i++ {
		c := k.dirty[i]
		if c.dirty = false; c.open && !c.blocked {
			k.send(s, c)
		}
	}
	k.dirty = k.dirty[:0]
}

func (k *sockets) send(s *shard, c *socket) {
	for tries := 0; len(c.out) > 0; tries++ {
		n, err := s.poll.SendBatch(c.handle, c.wires)
		k.sent(s, c, n)
		switch {
		case errors.Is(err, poller.ErrAgain):
			c.blocked = true
			if err := s.poll.WantWrite(c.handle, c.token(), true); err == nil {
				return
			}
		case err != nil && n == 0 && tries > 1: // told twice: it is this datagram's
			f := c.out[0]
			c.out, c.wires = c.out[1:], c.wires[1:]
			k.fail(s, f, causeOf(err))
		case err != nil:
			k.refused(s, c, err)
		}
		if !c.open {
			return
		}
	}
	c.out, c.wires, c.arena = c.out[:0], c.wires[:0], c.arena[:0]
	k.closeOld(s, c)
}

func (c *socket) token() uint64 { return uint64(c.gen)<<32 | uint64(c.slot) }

// sent takes the first n off what is to be sent.
func (k *sockets) sent(s *shard, c *socket, n int) {
	for i, f := range c.out[:n] {
		s.rec.cur.BytesSent += int64(len(c.wires[i]))
		if k.match == transport.MatchNone && f != nil {
			s.rec.completed(f, c.target, 0, s.now, s.now)
			k.end(s, f, outcome{resp: s.noAnswer(), target: c.target, end: s.now})
		}
	}
	c.out = append(c.out[:0], c.out[n:]...)
	c.wires = append(c.wires[:0], c.wires[n:]...)
}

// handle sees to one event.
func (k *sockets) handle(s *shard, ev *poller.Event) {
	slot := uint32(ev.Token)
	if int(slot) >= len(k.all) {
		return
	}
	c := k.all[slot]
	if !c.open || c.gen != uint32(ev.Token>>32) {
		return
	}
	if ev.Flags&poller.Writable != 0 && c.blocked {
		c.blocked = false
		k.send(s, c)
	}
	gen := c.gen
	for c.open && c.gen == gen {
		n, err := s.poll.RecvBatch(c.handle, k.in, k.sizes)
		s.now = s.clock()
		switch {
		case errors.Is(err, poller.ErrAgain):
			return
		case err != nil:
			k.refused(s, c, err)
			continue
		}
		for i := range n {
			s.rec.cur.BytesReceived += int64(k.sizes[i])
			if c.gen == gen {
				k.answer(s, c, k.in[i][:k.sizes[i]])
			}
		}
		if n < len(k.in) {
			return
		}
	}
}

// answer finds the request that b answers.
func (k *sockets) answer(s *shard, c *socket, b []byte) {
	k.resp.Reset()
	key, found, err := k.codec.ParseDatagram(b, &k.resp)
	if k.match != transport.MatchKey {
		key, found = 0, k.match == transport.MatchOrder
	}
	f := c.flights[key]
	switch {
	case !found || f == nil:
		k.stray(&s.rec.cur.Datagrams, c, key, found)
		return
	case err != nil:
		k.fail(s, f, causeOf(err))
		return
	}
	s.rec.completed(f, c.target, k.resp.Status, s.now, s.now)
	k.passed(s, c, key, true)
	k.end(s, f, outcome{resp: &k.resp, target: c.target, end: s.now})
	k.idle(c)
	k.closeOld(s, c)
	s.afterOutcome(true, false)
}

// idle lets a socket on which answers come in order be used again.
func (k *sockets) idle(c *socket) {
	if k.match == transport.MatchOrder && c.open && !c.old {
		k.byTarget[c.target] = append(k.byTarget[c.target], c)
	}
}

// fail ends f without an answer. Where answers come in order, a late one could be taken for the next request's, so
// the socket is not used again.
func (k *sockets) fail(s *shard, f *flight, cause string) {
	c := f.sock
	for i := range c.out {
		if c.out[i] == f { // it has not even been sent
			c.out = append(c.out[:i], c.out[i+1:]...)
			c.wires = append(c.wires[:i], c.wires[i+1:]...)
			break
		}
	}
	s.rec.failed(f, c.target, s.now, cause)
	if k.match != transport.MatchNone {
		k.passed(s, c, f.key, false)
	}
	k.end(s, f, outcome{cause: cause, target: c.target, end: s.now})
	if k.match == transport.MatchOrder {
		k.close(s, c)
	} else {
		k.closeOld(s, c)
	}
	s.afterOutcome(false, false)
}

// end frees what f held.
func (k *sockets) end(s *shard, f *flight, o outcome) {
	if f.depth == 0 {
		s.freeSlot(o.cause == "")
	}
	s.land(f, o)
}

// refused sees to an error that the network has told of, most likely that nobody listens: it is that of one of the datagrams
// under way, taken to be the oldest.
func (k *sockets) refused(s *shard, c *socket, err error) {
	if len(c.flights) <= len(c.out) { // what was sent has had its outcome
		return
	}
	for f := s.busy.first; f != nil; f = f.newer {
		if f.sock == c {
			k.fail(s, f, causeOf(err))
			return
		}
	}
}

// shut closes everything.
func (k *sockets) shut(s *shard) {
	for _, c := range k.all {
		if c.open {
			k.close(s, c)
		}
	}
}
