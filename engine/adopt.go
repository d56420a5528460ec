package engine

import (
	"slices"

	"github.com/iagoloadgen/iago/transport"
)

// What becomes of a shard's connections and requests when the targets change (see targets.go).

// Generations of addresses that no name has: a connection whose generation is not its pool's is closed after its answer.
const (
	generationGone    = -1 // of a pool whose target is gone
	generationRetired = -2 // of a connection that makes room for another target's
)

// adopt takes over a set of targets.
func (s *shard) adopt(set *targetSet) {
	s.set, s.live, s.fixed, s.rec.targets = set, set.live, set.fixed, set.all
	came, went := s.placePools()
	s.e.tookOver(s.id, set)
	defer s.report()
	for _, t := range went {
		s.letGo(t)
	}
	if len(s.live) == 0 {
		s.why = waitTargets
		return
	}
	s.makeRoom(came)
	s.moveWaiting()
	s.moveDialing()
	s.drain()
}

// placePools gives every pool its target's place. It returns how many targets have come, and which have gone.
func (s *shard) placePools() (came int, went []int) {
	for len(s.pools) < len(s.set.all) {
		s.pools = append(s.pools, &pool{addr: s.id, place: -1, resolved: generationGone})
		if s.sockets != nil {
			s.sockets.byTarget, s.sockets.turn = append(s.sockets.byTarget, nil), append(s.sockets.turn, 0)
		}
	}
	for t, p := range s.pools {
		was := p.place
		p.place = s.set.place[t]
		switch {
		case was < 0 && p.place >= 0:
			came++
			p.fails, p.downUntil, p.resolved = 0, 0, s.set.addrs[t].Load().generation
		case was >= 0 && p.place < 0:
			went = append(went, t)
			p.resolved = generationGone
		}
	}
	return came, went
}

// letGo closes what is kept of connections to target t; the others follow once they have given their answers.
func (s *shard) letGo(t int) {
	p := s.pools[t]
	for p.idle.first != nil {
		s.closeConn(p.idle.first)
	}
	if s.sockets != nil {
		s.sockets.retire(s, t, p.open)
	}
}

// makeRoom has targets that hold more than their part of the connections give them up, and not take them again at once, where the
// limit would else leave none for those that have come.
func (s *shard) makeRoom(came int) {
	limit := s.share.connections
	if d := s.share.descriptors; d > 0 && (limit == 0 || d < limit) {
		limit = d
	}
	part := max(limit/len(s.live), 1)
	if limit == 0 || came == 0 || s.open+came*part <= limit {
		return
	}
	s.capped = true
	for _, t := range s.live {
		p := s.pools[t]
		p.most = part
		if over := p.open - part; over > 0 {
			s.retire(int(t), over)
		}
	}
}

// uncap lets pools open as many connections as the limits allow again, once those that made room are gone.
func (s *shard) uncap() {
	for _, c := range s.conns {
		if c.state != connFree && c.addr == generationRetired {
			return
		}
	}
	if s.sockets != nil {
		for _, c := range s.sockets.all {
			if c.open && c.old {
				return
			}
		}
	}
	s.capped = false
	for _, p := range s.pools {
		p.most = 0
	}
}

// retire gives up n connections to target t: kept ones at once, the others after their answers.
func (s *shard) retire(t, n int) {
	if s.sockets != nil {
		s.sockets.retire(s, t, n)
		return
	}
	p := s.pools[t]
	for ; n > 0 && p.idle.first != nil; n-- {
		s.closeConn(p.idle.first)
	}
	for _, c := range s.conns {
		if n == 0 {
			return
		}
		if c.state != connFree && int(c.target) == t && c.addr == p.resolved {
			n--
			c.addr = generationRetired
			s.room(c)
		}
	}
}

// retire gives up n sockets to target t: those on which nothing is under way at once, the others after their answers.
func (k *sockets) retire(s *shard, t, n int) {
	if k.match != transport.MatchOrder && s.pools[t].place >= 0 {
		return // these are few, and no limit is on them
	}
	for _, list := range [][]*socket{slices.Clone(k.byTarget[t]), k.all} {
		for _, c := range list {
			if n > 0 && c.open && int(c.target) == t && !c.old {
				n--
				c.old = true
				k.closeOld(s, c)
			}
		}
	}
	k.byTarget[t] = slices.DeleteFunc(k.byTarget[t], func(c *socket) bool { return c.old })
}
