package engine

import "github.com/iagoloadgen/iago/transport"

// pool is a shard's connections to one target.
type pool struct {
	idle      connList // by the moment they became idle
	roomy     connList // busy, with room in their pipelines; the next one to use first
	open      int
	most      int   // of them, while others are to have their part; 0: no matter
	line      line  // of requests for this target alone
	addr      int   // rotates over the target's addresses
	resolved  int32 // generation of the target's addresses that is in use
	place     int   // where its target is among those in use; -1: it is gone
	fails     int   // in a row, to connect
	downUntil int64 // no attempts before, if other targets are there
}

const (
	backoffMin = second / 10
	backoffMax = 10 * second
)

// preferred is the place of the next target in rotation.
func (s *shard) preferred() int {
	s.rotate++
	if s.rotate >= len(s.live) {
		s.rotate = 0
	}
	return s.rotate
}

// up returns t, or the next target after it that has not lately failed; t itself when all have.
func (s *shard) up(t int) int {
	if s.pools[t].downUntil <= s.now {
		return t
	}
	for i := 1; i < len(s.live); i++ {
		if u := s.after(t, i); s.pools[u].downUntil <= s.now {
			return u
		}
	}
	return t
}

// after is the target i places behind t, in a round.
func (s *shard) after(t, i int) int { return int(s.live[(s.pools[t].place+i)%len(s.live)]) }

// launch gives a to a kept connection, to a new one, or to the pipeline of a busy one. It reports false when a must wait.
func (s *shard) launch(a arrival) bool {
	if s.sockets != nil {
		return s.sockets.launch(s, a)
	}
	if a.item.pinned {
		return s.tryTarget(int(a.item.target), a)
	}
	t := s.up(int(a.item.target))
	if s.tryTarget(t, a) {
		return true
	}
	// The wanted target has none to give, but a connection is a connection.
	for i := 1; i < len(s.live); i++ {
		if u := s.after(t, i); s.pools[u].downUntil <= s.now && s.tryTarget(u, a) {
			return true
		}
	}
	return false
}

func (s *shard) tryTarget(t int, a arrival) bool {
	p := s.pools[t]
	if p.idle.last == nil && p.roomy.first == nil && !s.mayOpen(p) {
		return false
	}
	a, ok := s.fit(a, t)
	switch {
	case !ok:
		return true
	case p.idle.last != nil:
		c := p.idle.last
		p.idle.remove(c)
		s.begin(c, s.attempt(a))
		return true
	case s.mayOpen(p) && s.dial(t, a):
		return true
	case p.roomy.first != nil:
		s.begin(p.roomy.first, s.attempt(a))
		return true
	}
	return false
}

// room keeps c in the list of connections with room in their pipelines, or out of it.
func (s *shard) room(c *conn) {
	p := s.pools[c.target]
	has := c.state == connBusy && c.depth < s.cfg.Pipeline && c.held == nil && c.addr == p.resolved
	list := &p.roomy
	if c.roomy {
		list.remove(c)
	}
	if c.roomy = has; has {
		list.push(c) // last: the others have their turn first
	}
}

// mayOpen tells whether the limits allow one more connection, and notes which does not.
func (s *shard) mayOpen(p *pool) bool {
	switch {
	case s.share.connections > 0 && s.open >= s.share.connections, s.share.perTarget > 0 && p.open >= s.share.perTarget,
		p.most > 0 && p.open >= p.most:
		s.why = waitConnections
		return false
	case s.share.descriptors > 0 && s.open >= s.share.descriptors, s.retryAt > s.now:
		s.why = waitDescriptors
		return false
	}
	return true
}

// fit makes sure that the request is encoded for target t: it was prepared for the one next in rotation.
func (s *shard) fit(a arrival, t int) (arrival, bool) {
	switch it := a.item; {
	case int(it.target) == t:
	case it.fixed:
		a.item = s.fixed[s.pools[t].place]
	default:
		if s.encodeAgain(it, t) != nil { // it could be encoded for another target, so this is very odd
			s.drop(a, causeEncode)
			return a, false
		}
	}
	return a, true
}

// newConn takes a slot.
func (s *shard) newConn(t int) *conn {
	var c *conn
	if n := len(s.free); n > 0 {
		c, s.free = s.free[n-1], s.free[:n-1]
	} else {
		c = &conn{slot: uint32(len(s.conns))}
		s.conns = append(s.conns, c)
	}
	c.codec = s.cfg.Codec.NewConn()
	c.stamp, _ = c.codec.(transport.Stamper)
	if p, ok := c.codec.(transport.Patient); ok {
		s.silence = int64(p.Silence())
	}
	c.target, c.born, c.fresh = int32(t), s.now, true
	c.hasFD, c.tls, c.want, c.ended, c.roomy, c.dirty = false, nil, false, false, false, false
	c.left, c.rest, c.held, c.out, c.queued, c.oneWays = c.left[:0], nil, nil, c.out[:0], 0, 0
	c.gotAny = false
	c.resp.Keep = s.cfg.Keep
	c.resp.Reset()
	s.open++
	s.pools[t].open++
	s.rec.cur.MaxConnections = max(s.rec.cur.MaxConnections, int64(s.open))
	return c
}

// closeConn closes c, which is in no list any more, or idle.
func (s *shard) closeConn(c *conn) {
	p := s.pools[c.target]
	if c.state == connIdle {
		p.idle.remove(c)
	}
	if c.roomy {
		p.roomy.remove(c)
		c.roomy = false
	}
	switch {
	case c.hasFD && s.aborting:
		s.poll.Abort(c.handle)
	case c.hasFD:
		s.poll.Close(c.handle)
	}
	c.state, c.hasFD, c.tls, c.codec = connFree, false, nil, nil
	c.gen++
	p.open--
	s.open--
	s.free = append(s.free, c)
}

// dial opens a connection for a. It reports false when a must wait for a descriptor.
func (s *shard) dial(t int, a arrival) bool {
	c, err := s.beginConn(t, a.item)
	if c == nil {
		return false
	}
	s.dialing(c, s.attempt(a), err)
	return true
}

// beginConn begins to open a connection for it; nil: for want of a descriptor.
func (s *shard) beginConn(t int, it *item) (c *conn, err error) {
	p := s.pools[t]
	set := s.resolved(t)
	addr := set.addrs[p.addr%len(set.addrs)]
	p.addr++
	c = s.newConn(t)
	c.addr, c.server = set.generation, addr
	if s.set.all[t].TLS {
		err = s.dialTLS(c, addr, &it.req)
	} else {
		c.handle, err = s.poll.Open(addr, c.token())
		c.hasFD = err == nil
	}
	if err != nil && outOfDescriptors(err) {
		s.closeConn(c)
		s.why, s.retryAt = waitDescriptors, s.now+second/100
		return nil, err
	}
	c.state = connDialing
	return c, err
}

// dialing lets f wait for its connection, unless that has failed already.
func (s *shard) dialing(c *conn, f *flight, err error) {
	c.attach(f)
	if err != nil {
		s.dialFailed(c, causeOf(err))
	} else if s.cfg.ConnectTimeout > 0 {
		s.dials.set(s.now+int64(s.cfg.ConnectTimeout), c, 0)
	}
}

// resolved looks up the target's addresses. Once they have changed, kept connections are to the old ones: they are closed,
// busy ones as soon as they have their answers.
func (s *shard) resolved(t int) *addrSet {
	set, p := s.set.addrs[t].Load(), s.pools[t]
	if set.generation != p.resolved {
		p.resolved = set.generation
		for p.idle.first != nil {
			s.closeConn(p.idle.first)
		}
	}
	return set
}

// dialFailed ends c's request and lets the target rest, if there are others.
func (s *shard) dialFailed(c *conn, cause string) {
	p := s.pools[c.target]
	if len(s.live) > 1 {
		p.downUntil = s.now + min(backoffMin<<min(p.fails, 10), backoffMax)
		if p.fails == 0 {
			s.e.logf("target %s: %s; the others take its share", s.set.url(c.target), cause)
		}
	}
	p.fails++
	s.lose(c, cause, nil)
}

// keepOrClose decides what becomes of a connection that has given its answer.
func (s *shard) keepOrClose(c *conn) {
	old := s.cfg.Pool.MaxLife > 0 && s.now-c.born >= int64(s.cfg.Pool.MaxLife)
	c.fresh = false
	if c.resp.Close || s.cfg.Pool.NoReuse || old || c.addr != s.pools[c.target].resolved {
		s.closeConn(c)
		return
	}
	if c.roomy {
		s.pools[c.target].roomy.remove(c)
		c.roomy = false
	}
	c.state, c.idleSince = connIdle, s.now
	s.pools[c.target].idle.push(c)
}

// tidy closes connections that have been idle for too long, and tries again what waited for descriptors.
func (s *shard) tidy() {
	if s.capped {
		s.uncap()
	}
	for _, t := range s.live {
		p := s.pools[t]
		s.resolved(int(t))
		for c := p.idle.first; c != nil; c = p.idle.first {
			age := s.now - c.idleSince
			over := s.cfg.Pool.Idle > 0 && p.idle.n > s.cfg.Pool.Keep && age >= int64(s.cfg.Pool.Idle)
			if !over && (s.cfg.Pool.MaxIdle <= 0 || age < int64(s.cfg.Pool.MaxIdle)) {
				break
			}
			s.closeConn(c)
		}
	}
	s.drain()
}
