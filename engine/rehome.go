package engine

import (
	"cmp"
	"slices"

	"github.com/iagoloadgen/iago/load"
)

// rehome has a request that was prepared for other targets than there are now go to whom the router says, or to the next in
// rotation; there is one. cause: why it cannot be sent anywhere.
func (s *shard) rehome(a arrival) (_ arrival, cause string) {
	place := s.preferred()
	it, t := a.item, s.up(int(s.live[place]))
	if it.fixed {
		if a.item = s.fixed[place]; !a.item.pinned {
			a.item = s.fixed[s.pools[t].place]
		}
		return a, ""
	}
	switch {
	case s.e.router != nil:
		p := s.e.router.Route(&it.req, s.set.used)
		if p >= len(s.live) {
			return a, causeGone
		}
		if it.pinned = p >= 0; it.pinned {
			t = int(s.live[p])
		}
	case it.pinned: // by an answer: nobody says where to now
		return a, causeGone
	}
	if (int(it.target) != t || it.set < s.set.since[t]) && s.encodeAgain(it, t) != nil {
		return a, causeEncode
	}
	it.set = s.set.number
	return a, ""
}

// renew is rehome with an outcome: false: it has had one.
func (s *shard) renew(a arrival) (_ arrival, ok bool) {
	a, cause := s.rehome(a)
	if cause != "" {
		s.failed(s.attempt(a), cause)
	}
	return a, cause == ""
}

// dispatchStale is dispatch for a request that was prepared for other targets than there are now.
func (s *shard) dispatchStale(a arrival) {
	if len(s.live) == 0 {
		s.why = waitTargets
		s.enqueue(a)
		return
	}
	if a, ok := s.renew(a); ok {
		s.dispatch(a)
	}
}

// launchWaiting is launch for a request that has waited, perhaps while the targets changed.
func (s *shard) launchWaiting(a arrival) bool {
	if a.item.set != s.set.number {
		var ok bool
		if a, ok = s.renew(a); !ok {
			return true
		}
	}
	return s.launch(a)
}

// encodeAgain makes it's bytes anew, for target t.
func (s *shard) encodeAgain(it *item, t int) error {
	wire, err := s.cfg.Codec.AppendRequest(it.req.Wire[:0], &it.req, &s.set.all[t])
	if err == nil {
		it.req.Wire, it.target = wire, int32(t)
	}
	return err
}

// redirected is the target that an answer sends its request on to; -1: it is not in use.
func (s *shard) redirected(resp *load.Response) int {
	p, among := resp.Redirect-1, resp.RedirectAmong
	if among == nil {
		among = s.set.used
	}
	if p >= len(among) {
		return -1
	}
	if p < len(s.live) && among[p].URL == s.set.used[p].URL {
		return int(s.live[p])
	}
	for i := range s.set.used { // the codec has heard of a change before this shard, or after it
		if s.set.used[i].URL == among[p].URL {
			return int(s.live[i])
		}
	}
	return -1
}

// failed ends f, which is on no connection, for a cause.
func (s *shard) failed(f *flight, cause string) {
	t := max(f.item.target, 0)
	s.rec.failed(f, t, s.now, cause)
	if f.depth == 0 {
		s.freeSlot(false)
	}
	s.land(f, outcome{cause: cause, target: t, end: s.now})
}

// moveDialing takes requests off connections to targets that are gone, where these are not open yet, and sends them elsewhere.
func (s *shard) moveDialing() {
	for i := range len(s.conns) { // those that are begun here are not looked at
		c := s.conns[i]
		if c.state != connDialing && c.state != connGreeting || s.pools[c.target].place >= 0 {
			continue
		}
		f := c.detach() // there is only one before the connection is open
		s.closeConn(c)
		f.prefix = nil
		if !f.item.fixed {
			f.item.req.Wire = nil // it may be shared with a fixed one
		}
		a, cause := s.rehome(f.arrival)
		f.arrival = a
		if cause != "" {
			s.failed(f, cause)
			s.afterOutcome(false, false)
			continue
		}
		s.sendOn(f, int(a.item.target))
	}
}

// moveWaiting asks the router again about all that waits: each request has its place in its target's line. Without a router, all
// wait in one line and are rehomed when they are its first.
func (s *shard) moveWaiting() {
	if s.e.router == nil || s.waiting == 0 {
		return
	}
	var moved []arrival
	take := func(l *line) {
		for l.len() > 0 {
			moved = append(moved, s.unqueue(l))
		}
	}
	take(&s.line)
	for _, p := range s.pools {
		take(&p.line)
	}
	slices.SortStableFunc(moved, func(a, b arrival) int { return cmp.Compare(a.due, b.due) })
	for _, a := range moved {
		if a, ok := s.renew(a); ok {
			l := s.lineOf(a.item)
			s.count(l, &a, 1)
			l.push(a)
		}
	}
}
