package engine

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/transport"
)

// sim is a network and a clock in memory, for one shard: time goes on only in Wait, by a microsecond at least, so that
// every run is the same to the nanosecond.
type sim struct {
	now     int64
	seq     int
	events  simEvents
	ready   []poller.Event
	conns   map[poller.Handle]*simConn
	last    poller.Handle
	serve   func(c *simConn, request string) // a whole line has arrived
	open    func(a poller.Addr) error        // nil: connects
	limit   int                              // descriptors; 0: no limit
	pauses  []simPause                       // of the generator's process
	opened  int
	aborted int
	engine  *Engine       // of simRun
	before  func(*Engine) // the run; nil: nothing
	settle  func() bool   // waits for the processor, which lives in true time; true: it has given something back. nil: there is none
}

type simPause struct{ at, length int64 }

type simEvent struct {
	at  int64
	seq int
	do  func()
}

type simEvents []simEvent

func (q simEvents) Len() int { return len(q) }
func (q simEvents) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q simEvents) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *simEvents) Push(x any)   { *q = append(*q, x.(simEvent)) }
func (q *simEvents) Pop() any {
	e := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return e
}

type simConn struct {
	s       *sim
	token   uint64
	addr    poller.Addr
	in, out []byte
	grams   []string // datagrams to be read
	err     error    // after out
	closed  bool
}

func newSim() *sim { return &sim{conns: map[poller.Handle]*simConn{}} }

func (s *sim) at(t int64, do func()) {
	s.seq++
	heap.Push(&s.events, simEvent{max(t, s.now), s.seq, do})
}

func (s *sim) after(d time.Duration, do func()) { s.at(s.now+int64(d), do) }

// answer gives line to the generator.
func (c *simConn) answer(line string) { c.give(line+"\n", nil) }

func (c *simConn) give(b string, err error) {
	if c.closed {
		return
	}
	c.out = append(c.out, b...)
	if c.err == nil {
		c.err = err
	}
	c.s.ready = append(c.s.ready, poller.Event{Token: c.token, Flags: poller.Readable})
}

func (s *sim) Open(a poller.Addr, token uint64) (poller.Handle, error) {
	if s.limit > 0 && len(s.conns) >= s.limit {
		return -1, syscall.EMFILE
	}
	s.last++
	s.opened++
	c := &simConn{s: s, token: token, addr: a}
	s.conns[s.last] = c
	if s.open != nil {
		c.err = s.open(a)
	}
	s.after(50*time.Microsecond, func() {
		if !c.closed && !errors.Is(c.err, errSilent) {
			s.ready = append(s.ready, poller.Event{Token: token, Flags: poller.Writable})
		}
	})
	return s.last, nil
}

var errSilent = errors.New("no answer to SYN")

func (s *sim) Connected(h poller.Handle) error { return s.conns[h].err }

func (s *sim) Adopt(net.Conn, uint64) (poller.Handle, error) { return -1, errors.ErrUnsupported }

func (s *sim) Read(h poller.Handle, b []byte) (int, error) {
	c := s.conns[h]
	n := copy(b, c.out)
	c.out = c.out[n:]
	if n == 0 && c.err != nil {
		return 0, c.err
	}
	if n == 0 {
		return 0, poller.ErrAgain
	}
	if c.err != nil {
		s.ready = append(s.ready, poller.Event{Token: c.token, Flags: poller.Readable})
	}
	return n, nil
}

func (s *sim) Write(h poller.Handle, b []byte) (int, error) {
	c := s.conns[h]
	c.in = append(c.in, b...)
	for {
		i := bytes.IndexByte(c.in, '\n')
		if i < 0 {
			return len(b), nil
		}
		line := string(c.in[:i])
		c.in = c.in[i+1:]
		s.serve(c, line)
	}
}

func (s *sim) WriteNow(h poller.Handle, b []byte) (int, error) { return s.Write(h, b) }

func (s *sim) OpenDatagram(a poller.Addr, token uint64) (poller.Handle, error) {
	if s.limit > 0 && len(s.conns) >= s.limit {
		return -1, syscall.EMFILE
	}
	s.last++
	s.opened++
	s.conns[s.last] = &simConn{s: s, token: token, addr: a}
	return s.last, nil
}

func (s *sim) SendBatch(h poller.Handle, out [][]byte) (int, error) {
	c := s.conns[h]
	for _, b := range out {
		s.serve(c, string(b))
	}
	return len(out), nil
}

func (s *sim) RecvBatch(h poller.Handle, in [][]byte, sizes []int) (int, error) {
	c := s.conns[h]
	if c.err != nil {
		err := c.err
		c.err = nil
		return 0, err
	}
	n := min(len(c.grams), len(in))
	for i := range n {
		sizes[i] = copy(in[i], c.grams[i])
	}
	c.grams = c.grams[n:]
	if n == 0 {
		return 0, poller.ErrAgain
	}
	return n, nil
}

// datagram gives b to the generator.
func (c *simConn) datagram(b string) {
	if !c.closed {
		c.grams = append(c.grams, b)
		c.s.ready = append(c.s.ready, poller.Event{Token: c.token, Flags: poller.Readable})
	}
}

func (s *sim) WantWrite(poller.Handle, uint64, bool) error { return nil }

func (s *sim) Close(h poller.Handle) {
	s.conns[h].closed = true
	delete(s.conns, h)
}

func (s *sim) Abort(h poller.Handle) {
	s.aborted++
	s.Close(h)
}

func (s *sim) Wait(events []poller.Event, timeout int64) (int, error) {
	if s.settle != nil && s.settle() {
		return 0, nil
	}
	until := s.now + max(timeout, 1000)
	if timeout < 0 {
		until = never
	}
	for {
		if len(s.pauses) > 0 && s.now >= s.pauses[0].at {
			s.now += s.pauses[0].length
			s.pauses = s.pauses[1:]
			until = s.now
		}
		for len(s.events) > 0 && s.events[0].at <= s.now {
			heap.Pop(&s.events).(simEvent).do()
		}
		if len(s.ready) > 0 || s.now >= until {
			n := copy(events, s.ready)
			s.ready = append(s.ready[:0], s.ready[n:]...)
			return n, nil
		}
		s.now = until
		if len(s.events) > 0 {
			s.now = min(s.now, s.events[0].at)
		}
	}
}

func (s *sim) Wake()     {}
func (s *sim) Raw() bool { return true }
func (s *sim) Shut()     {}

// lines is a codec of lines: the request's URI, answered by "STATUS …" or "close …".
type lines struct{}

func (lines) AppendRequest(dst []byte, r *load.Request, _ *load.Target) ([]byte, error) {
	if len(r.URI) == 0 {
		return dst, errors.New("lines: empty request")
	}
	return append(append(dst, r.URI...), '\n'), nil
}
func (lines) NewConn() transport.Conn { return lineConn{} }
func (lines) StatusName(s int) string { return strconv.Itoa(s) }
func (lines) ServerError(s int) bool  { return s >= 500 }

type lineConn struct{}

var errLine = &transport.Malformed{Cause: "no status"}

func (lineConn) Start(*load.Request) {}
func (lineConn) Parse(src []byte, eof bool, r *load.Response) (int, bool, error) {
	i := bytes.IndexByte(src, '\n')
	switch {
	case i < 0 && eof:
		return 0, false, transport.ErrEarlyClose
	case i < 0:
		return 0, false, nil
	}
	word, rest, _ := bytes.Cut(src[:i], []byte(" "))
	st, err := strconv.Atoi(string(word))
	if err != nil {
		return 0, false, errLine
	}
	r.Status, r.Close = st, string(rest) == "close"
	return i + 1, true, nil
}

// even is a uniform schedule of n arrivals, gap ns apart.
type even struct{ gap, n, k int64 }

func (e *even) Next() (int64, bool) {
	if e.k == e.n {
		return 0, false
	}
	e.k++
	return e.k * e.gap, true
}

func evenly(rate, n int64) func(int, int) Schedule {
	return func(int, int) Schedule { return &even{gap: second / rate, n: n} }
}

var simTarget = load.Target{URL: "lines://10.0.0.1:7", Scheme: "lines", Host: "10.0.0.1", Port: 7}

// simRun runs c on s and returns all intervals merged; it checks what must hold in every run.
func simRun(t *testing.T, s *sim, c Config) (*measure.Interval, Result) {
	t.Helper()
	total := measure.NewInterval()
	if c.Codec == nil {
		c.Codec = lines{}
	}
	if c.Targets == nil {
		c.Targets = []load.Target{simTarget}
	}
	if c.Fixed == nil && c.Source == nil {
		c.Fixed = &load.Request{URI: []byte("x")}
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	last := -1
	c.OnInterval = func(i *measure.Interval) {
		if i.Index <= last {
			t.Errorf("interval %d after %d", i.Index, last)
		}
		last = i.Index
		total.Merge(i, false)
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.engine = e
	if s.before != nil {
		s.before(e)
	}
	e.newPoller = func() (poller.Poller, error) { return s, nil }
	e.newClock = func() func() int64 { return func() int64 { return s.now } }
	if c.Responder != nil {
		s.settle = func() bool { return e.settled() }
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := e.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	checkIdentities(t, total, &r)
	if len(s.conns) > 0 {
		t.Errorf("%d connections left open", len(s.conns))
	}
	return total, r
}

// settled waits, on the one shard's goroutine, until the processor has dealt with all that it was shown, so that simulated time
// stands still meanwhile. It tells whether there is something to collect.
func (e *Engine) settled() bool {
	d := e.shards[0].desk
	for end := time.Now().Add(30 * time.Second); d.out-d.unheard.len() > d.back.Len() && time.Now().Before(end); {
		time.Sleep(10 * time.Microsecond)
	}
	return d.back.Len() > 0
}

func checkIdentities(t *testing.T, i *measure.Interval, r *Result) {
	t.Helper()
	q := i.Requests
	if q.Scheduled != q.Sent+q.Dropped+q.Starved+q.Unsent {
		t.Errorf("scheduled ≠ sent + dropped + starved + unsent: %+v", q)
	}
	if q.Sent != q.Completed+q.Failed+q.InFlight {
		t.Errorf("sent ≠ completed + failed + in flight: %+v", q)
	}
	if f := i.Followups.Requests; f.Scheduled != f.Sent+f.Dropped+f.Unsent || f.Sent != f.Completed+f.Failed+f.InFlight {
		t.Errorf("follow-ups: %+v", f)
	}
	if r.End != EndAborted && q.InFlight == 0 && i.InFlightTime != i.AttemptTime {
		t.Errorf("Little's law: time integral %d, sum of attempts %d", i.InFlightTime, i.AttemptTime)
	}
	sum := func(m map[string]int64) (n int64) {
		for _, v := range m {
			n += v
		}
		return n
	}
	var statuses int64
	for _, n := range i.Status {
		statuses += n
	}
	untaken := int64(0) // of what a lease's end left unsent, what was not even taken up
	if n := q.Scheduled - q.Starved - i.UnsentBy[measure.UnsentLate] - int64(i.Times.Lateness.Count()+i.Warmup.Lateness.Count()); n > 0 {
		untaken = min(n, i.UnsentBy[measure.UnsentLease])
	}
	for name, pair := range map[string][2]int64{
		"errors":    {sum(i.Errors), q.Failed},
		"drops":     {sum(i.DroppedBy), q.Dropped},
		"unsent":    {sum(i.UnsentBy), q.Unsent},
		"statuses":  {statuses, q.Completed},
		"latencies": {int64(i.Times.Latency.Count() + i.Warmup.Latency.Count()), q.Completed + q.TimedOut},
		"lateness":  {int64(i.Times.Lateness.Count() + i.Warmup.Lateness.Count()), q.Scheduled - q.Starved - i.UnsentBy[measure.UnsentLate] - untaken},
		"service":   {int64(i.Times.Service.Count() + i.Warmup.Service.Count()), q.Completed},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %d, requests say %d", name, pair[0], pair[1])
		}
	}
}

// serveAfter answers every request after d.
func (s *sim) serveAfter(d time.Duration) {
	s.serve = func(c *simConn, _ string) { s.after(d, func() { c.answer("200") }) }
}
