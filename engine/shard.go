package engine

import (
	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
)

// shard is one event loop. Nothing of it is touched by another goroutine while it runs, but for what says so.
type shard struct {
	e     *engine
	cfg   *Config
	id    int
	share share
	poll  poller.Poller
	clock func() int64 // ns since the run's start; below 0 before it
	now   int64        // the clock's last reading

	sched    Schedule
	steered  *steered // steered from outside; else nil
	next     int64    // the next due time
	nextDue  bool     // next holds one
	taken    int64    // arrivals so far
	ended    bool     // no more arrivals will be taken
	endedAt  int64
	finished bool

	feed     *feed   // prepared requests; nil: fixed
	fixed    []*item // by the target's place
	closed   closedMode
	line     line // of requests for any target
	waiting  int  // requests in all lines
	draining bool
	aborting bool   // connections are closed so that nothing of them goes out any more
	why      string // what the waiting ones wait for
	retryAt  int64  // when descriptors ran out: the next try; 0: none

	conns   []*conn // by slot
	free    []*conn
	pools   []*pool // by target
	set     *targetSet
	live    []int32 // targets in use
	capped  bool    // pools may not open more than their part for a while
	rotate  int
	open    int
	busy    flightList // all that is under way
	flights []*flight  // spare ones
	dials   deadlines
	holds   deadlines
	quiets  deadlines
	silence int64 // ends answers; 0: does not
	none    load.Response
	dirty   []dirtyConn // connections with something to write at the end of the pass
	sockets *sockets    // where requests are datagrams; else nil
	debt    int64       // arrivals that belong to the request before them

	desk          *desk         // towards a processor that sees outcomes; else nil
	followWaiting int64         // follow-ups in waiting
	pinnedWaiting int           // the part of waiting that are for one target alone
	handed        chan handover // connections made by other goroutines (TLS)
	nextTidy      int64

	buf    []byte // for reading
	events []poller.Event
	waiter waiter

	rec recorder
}

// share is a shard's part of what is shared out.
type share struct {
	connections int // 0: no limit
	perTarget   int
	descriptors int // 0: unknown
	n           int64
}

const (
	second     = int64(1_000_000_000)
	tidyEvery  = second / 10
	holdFor    = second // RFC 9110, 10.1.1: do not wait for a 100 for ever
	takeAtOnce = 64     // arrivals taken up before answers are looked at again
)

// loop runs until the shard has nothing left to do. One pass: what time has brought, then what is due, then what
// the kernel has to tell.
func (s *shard) loop() {
	s.now = s.clock()
	s.rec.begin(s)
	for {
		s.obey()
		if s.steered != nil {
			s.steer()
		}
		s.expire()
		s.takeDue()
		s.flushAll()
		s.rec.tick(s)
		if s.done() {
			break
		}
		s.wait()
	}
	s.finish()
}

func (s *shard) wait() {
	timeout := s.waiter.plan(s.now, s.nextWake(), s.nextMoment())
	n, err := s.poll.Wait(s.events, timeout)
	s.now = s.clock()
	if err != nil {
		s.e.fail(err)
		s.stop(s.now)
		s.breakOff()
		return
	}
	s.waiter.learn(s.now, n)
	for i := range s.events[:n] {
		s.handle(&s.events[i])
	}
}

// nextMoment is the next due time, as far as it should be met sharply.
func (s *shard) nextMoment() int64 {
	if s.nextDue && !s.ended {
		return s.next
	}
	return never
}

// nextWake is the next moment at which something other than an arrival must be seen to.
func (s *shard) nextWake() int64 {
	at := min(s.rec.nextTick, s.nextTidy)
	if s.busy.first != nil {
		at = min(at, s.busy.first.attempt+int64(s.cfg.Timeout))
	}
	if s.dials.q.len() > 0 {
		at = min(at, s.dials.q.front().at)
	}
	if s.holds.q.len() > 0 {
		at = min(at, s.holds.q.front().at)
	}
	if s.quiets.q.len() > 0 {
		at = min(at, s.quiets.q.front().at)
	}
	if s.desk != nil {
		at = min(at, s.desk.nextDue())
	}
	if s.ended {
		at = min(at, s.endedAt+int64(s.cfg.Timeout))
	}
	if s.cfg.Closed {
		at = min(at, s.closed.nextWake(s))
	}
	if s.steered != nil {
		at = min(at, s.steered.nextWake(s.now))
	}
	return at
}

// obey does what the engine has been told from outside.
func (s *shard) obey() {
	if set := s.e.set.Load(); set != s.set {
		s.adopt(set)
	}
	switch s.e.order.Load() {
	case orderStop:
		s.stop(s.now)
		if s.desk != nil {
			s.desk.closing = true
		}
	case orderBreak:
		s.stop(s.now)
		s.breakOff()
	}
	for {
		select {
		case h := <-s.handed:
			s.takeOver(h)
		default:
			if s.desk != nil {
				s.desk.collect(s)
			}
			return
		}
	}
}

// stop ends the schedule; what is on its way goes on.
func (s *shard) stop(at int64) {
	if s.ended {
		return
	}
	s.ended, s.endedAt = true, max(at, 0)
	for s.steered != nil && s.nextDue && s.next <= at { // an account of a share has no holes
		s.missed(1, measure.UnsentStopped)
		s.advance()
	}
}

// done tells whether all arrivals have had their outcome.
func (s *shard) done() bool {
	return s.finished || s.ended && s.busy.n == 0 && s.waiting == 0 && (s.desk == nil || s.desk.idle())
}

// expire sees to time-outs and to the pools.
func (s *shard) expire() {
	for f := s.busy.first; f != nil && f.attempt+int64(s.cfg.Timeout) <= s.now; f = s.busy.first {
		s.failFlight(f, causeTimeout)
	}
	for c, _ := s.dials.due(s.now); c != nil; c, _ = s.dials.due(s.now) {
		if c.state == connDialing {
			s.lose(c, causeConnectTimeout, nil)
		}
	}
	for c, attempt := s.holds.due(s.now); c != nil; c, attempt = s.holds.due(s.now) {
		if c.head != nil && c.head.attempt == attempt {
			s.release(c)
		}
	}
	s.hush()
	if s.desk != nil {
		s.desk.takeDue(s)
	}
	if s.now >= s.nextTidy {
		s.tidy()
		s.nextTidy = s.now + tidyEvery
	}
	if s.ended && s.now >= s.endedAt+int64(s.cfg.Timeout) {
		s.cutOff()
	}
}

// cutOff ends a run that has used up its time after the schedule: what is under way has timed out, what waits was never sent.
func (s *shard) cutOff() {
	s.dropWaiting()
	for f := s.busy.first; f != nil; f = s.busy.first {
		s.failFlight(f, causeCutOff)
	}
	s.finished = true
}

// breakOff ends at once: what is under way has no outcome.
func (s *shard) breakOff() {
	s.dropWaiting()
	for f := s.busy.first; f != nil; f = s.busy.first {
		s.abandon(f)
	}
	s.finished = true
}

// finish hands over the last figures and leaves nothing behind.
func (s *shard) finish() {
	s.e.tookOver(s.id, nil)
	s.rec.last(s)
	for _, c := range s.conns {
		if c.state != connFree {
			s.closeConn(c)
		}
	}
	if s.sockets != nil {
		s.sockets.shut(s)
	}
	s.poll.Shut()
}

const never = int64(1)<<62 - 1
