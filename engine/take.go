package engine

// prime fetches the first due time.
func (s *shard) prime() {
	if s.sched != nil && s.steered == nil {
		s.advance()
	}
}

func (s *shard) advance() {
	var ok bool
	if s.next, ok = s.sched.Next(); !ok {
		s.nextDue = false
		if s.steered == nil { // there another plan may bring more
			s.scheduleEnds()
		}
		return
	}
	s.nextDue = true
}

// scheduleEnds notes when the schedule was over: at its duration, or with its last arrival.
func (s *shard) scheduleEnds() {
	at := s.now
	if d := int64(s.cfg.Duration); d > 0 && (s.cfg.N == 0 || s.taken < s.share.n) {
		at = d
	}
	s.stop(at)
}

// takeDue takes up every arrival that is due, a bounded number at a time so that answers are not kept waiting.
func (s *shard) takeDue() {
	if s.cfg.Closed {
		s.closed.take(s)
		return
	}
	for range takeAtOnce {
		if s.ended || !s.nextDue || s.next > s.now || s.steered != nil && s.next > s.steered.until {
			return
		}
		if s.debt > 0 { // it belongs to a request of more than one arrival
			s.debt--
			s.taken++
			s.rec.arrivals++
			s.rec.cur.Arrivals++
		} else {
			s.takeOne(s.next)
		}
		if !s.ended {
			s.advance()
		}
		s.now = s.clock()
	}
}

func (s *shard) takeOne(due int64) {
	it, state := s.prepared()
	switch state {
	case feedEnded:
		s.e.sourceEnded()
		s.nextDue = false // what has no record at the source's end is not called for
		s.stop(s.now)
		return
	case feedEmpty:
		if s.steered != nil && s.steered.dry.Load() {
			return
		}
		s.taken++
		s.rec.starved()
		return
	}
	s.taken++
	s.debt = int64(max(it.req.Weight, 1)) - 1
	a := arrival{item: it, due: due, taken: s.now}
	s.rec.taken(&a)
	if skip := int64(s.cfg.SkipLate); skip > 0 && s.now-due > skip {
		s.drop(a, dropLate)
		return
	}
	s.dispatch(a)
}

// drop gives a up by a rule.
func (s *shard) drop(a arrival, rule string) {
	s.rec.dropped(&a, rule)
	s.over(a, outcome{cause: "dropped: " + rule, end: s.now}, 0)
}

// prepared gets the next request.
func (s *shard) prepared() (*item, feedState) {
	if s.feed == nil {
		return s.fixed[s.preferred()], feedReady
	}
	return s.feed.pop()
}

// dispatch sends a at once if there is a connection for it, opens one if it may, or lets it wait.
func (s *shard) dispatch(a arrival) {
	if a.item.set != s.set.number {
		s.dispatchStale(a)
		return
	}
	switch {
	case s.lineOf(a.item).len() > 0: // those before it go first
		s.enqueue(a)
	case len(s.pools) == 1 && s.pools[0].idle.last != nil: // the common case, without the general one's looks around
		c := s.pools[0].idle.last
		s.pools[0].idle.remove(c)
		s.begin(c, s.attempt(a))
	case !s.launch(a):
		s.enqueue(a)
	}
}

// giveBack returns a request's memory to where it came from.
func (s *shard) giveBack(it *item) {
	switch {
	case it.follow:
		s.desk.giveBack(it)
	case s.feed != nil && !it.fixed:
		s.feed.giveBack(it)
	}
}
