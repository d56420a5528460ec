package engine

// line is a queue of requests that wait for a connection: one for all that any target may get, and one for each target
// that requests are meant for alone, so that these do not hold up the others.
type line struct {
	queue[arrival]
	blocked bool // its first cannot be sent now
}

// lineOf is where it waits.
func (s *shard) lineOf(it *item) *line {
	if it.pinned {
		return &s.pools[it.target].line
	}
	return &s.line
}

// enqueue lets a wait, unless as many wait already as may.
func (s *shard) enqueue(a arrival) {
	if limit := s.cfg.DropBeyond; limit > 0 && s.waiting >= limit {
		s.drop(a, dropOverload)
		return
	}
	s.lineOf(a.item).push(a)
	s.count(s.lineOf(a.item), &a, 1)
	if s.why == waitDescriptors {
		s.rec.cur.DescriptorWaits++
	}
}

// unqueue takes the first out of a line. Its item may have been given back by then.
func (s *shard) unqueue(l *line) arrival {
	a := l.pop()
	s.count(l, &a, -1)
	return a
}

// count notes that a has come to l, or has left it.
func (s *shard) count(l *line, a *arrival, d int) {
	s.waiting += d
	if l != &s.line {
		s.pinnedWaiting += d
	}
	if a.depth > 0 {
		s.followWaiting += int64(d)
	}
}

// drain sends waiting requests, oldest first, while there are connections for them. A request that fails at once
// comes back here; the outer call goes on with the next.
func (s *shard) drain() {
	if s.draining || len(s.live) == 0 {
		return
	}
	s.draining = true
	s.line.blocked = false
	if s.pinnedWaiting > 0 {
		for _, p := range s.pools {
			p.line.blocked = false
		}
	}
	for l := s.oldest(); l != nil && !s.finished; l = s.oldest() {
		if !s.launchWaiting(*l.front()) {
			l.blocked = true
			continue
		}
		s.unqueue(l)
		s.now = s.clock()
	}
	s.draining = false
}

// oldest is the line whose first was due first, among those whose first may be sent; nil: there is none.
func (s *shard) oldest() (best *line) {
	if !s.line.blocked && s.line.len() > 0 {
		best = &s.line
	}
	if s.pinnedWaiting == 0 {
		return best
	}
	for _, p := range s.pools {
		if l := &p.line; !l.blocked && l.len() > 0 && (best == nil || l.front().due < best.front().due) {
			best = l
		}
	}
	return best
}

// dropWaiting gives up all that waits.
func (s *shard) dropWaiting() {
	give := func(l *line) {
		for l.len() > 0 {
			a := s.unqueue(l)
			s.rec.unsent(&a, s.why)
			s.giveBack(a.item)
		}
	}
	give(&s.line)
	for _, p := range s.pools {
		give(&p.line)
	}
	if s.desk != nil {
		s.desk.dropThinking(s)
	}
}
