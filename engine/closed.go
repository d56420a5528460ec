package engine

// closedMode keeps a number of requests under way: each slot sends again as soon as it has its outcome. Due and taken
// are the same moment, so that latency in it hides queueing; it exists to find out what a target can do at most.
type closedMode struct {
	idle    int   // slots that may take a request now
	hungry  bool  // the producer was behind at the last try
	backoff int64 // after a failure, slots rest this long, so that a dead target does not cost a core
	resting queue[int64]
	taking  bool // take is at work: requests that end at once come back to it
}

const (
	restMin = second / 1000
	restMax = second / 10
	retryIn = 100_000 // ns until the producer is asked again
)

// take starts a request on every idle slot.
func (m *closedMode) take(s *shard) {
	if m.taking {
		return
	}
	m.taking = true
	defer func() { m.taking = false }()
	for m.resting.len() > 0 && *m.resting.front() <= s.now {
		m.resting.pop()
		m.idle++
	}
	m.hungry = false
	for n := 0; m.idle > 0 && !s.ended && s.now >= 0; n++ {
		if n >= max(takeAtOnce, s.share.connections*s.cfg.Pipeline) { // they end at once: look at the rest of the world
			return
		}
		if d := int64(s.cfg.Duration); d > 0 && s.now >= d {
			s.stop(d)
			return
		}
		if s.cfg.N > 0 && s.taken >= s.share.n {
			s.stop(s.now)
			return
		}
		it, state := s.prepared()
		switch state {
		case feedEnded:
			s.e.sourceEnded()
			s.stop(s.now)
			return
		case feedEmpty:
			m.hungry = true
			return
		}
		s.taken++
		m.idle--
		a := arrival{item: it, due: s.now, taken: s.now}
		s.rec.taken(&a)
		s.dispatch(a)
	}
}

// outcome frees the slot of a request that has ended.
func (m *closedMode) outcome(s *shard, ok bool) {
	if ok {
		m.backoff = 0
		m.idle++
		return
	}
	m.backoff = min(max(2*m.backoff, restMin), restMax)
	m.resting.push(s.now + m.backoff)
}

func (m *closedMode) nextWake(s *shard) int64 {
	switch {
	case s.ended:
		return never
	case m.hungry:
		return s.now + retryIn
	case m.idle > 0:
		return max(s.now, 0)
	}
	at := never
	if m.resting.len() > 0 {
		at = *m.resting.front()
	}
	if s.cfg.Duration > 0 {
		at = min(at, int64(s.cfg.Duration))
	}
	return at
}
