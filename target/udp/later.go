package udp

import (
	"container/heap"
	"slices"
	"sync"
	"time"
)

// later sends datagrams at their departures, by a goroutine of its own.
type later struct {
	s    *Server
	out  *sender
	wake chan struct{} // holds one when something has become the first to send

	mu    sync.Mutex
	queue departures
}

type departure struct {
	message
	at      int64
	times   int
	counted bool // as an answer
}

func newLater(s *Server) (*later, error) {
	_, out, err := newSockets(s.conn)
	return &later{s: s, out: out, wake: make(chan struct{}, 1)}, err
}

// put takes m, of which it copies the data, to be sent so many times at that moment.
func (l *later) put(m message, at int64, times int, counted bool) {
	m.data = slices.Clone(m.data)
	l.mu.Lock()
	defer l.mu.Unlock()
	first := len(l.queue) == 0 || at < l.queue[0].at
	heap.Push(&l.queue, departure{m, at, times, counted})
	if first {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// run sends until the target's end; what is left then is counted as given up.
func (l *later) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		l.mu.Lock()
		if len(l.queue) > 0 {
			wait = time.Duration(l.queue[0].at - l.s.Now())
		}
		l.mu.Unlock()
		if wait <= 0 {
			if !l.s.Thaw() {
				break
			}
			l.send()
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-l.wake:
		case <-l.s.Ending():
		}
		select {
		case <-l.s.Ending():
			l.giveUp()
			return
		default:
		}
	}
	l.giveUp()
}

// send sends all that is due.
func (l *later) send() {
	now := l.s.Now()
	var due []departure
	l.mu.Lock()
	for len(l.queue) > 0 && l.queue[0].at <= now {
		due = append(due, heap.Pop(&l.queue).(departure))
	}
	l.mu.Unlock()
	var batch []message
	for _, d := range due {
		for range d.times {
			batch = append(batch, d.message)
		}
		if d.counted {
			l.s.tally.Answered(d.times*len(d.data), now-d.at)
		}
	}
	l.out.send(batch)
}

func (l *later) giveUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.queue {
		if d.counted {
			l.s.tally.Abandon(1)
		}
	}
	l.queue = nil
}

// departures is a heap with the earliest first.
type departures []departure

func (d departures) Len() int           { return len(d) }
func (d departures) Less(i, j int) bool { return d[i].at < d[j].at }
func (d departures) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// Push implements heap.Interface.
func (d *departures) Push(x any) { *d = append(*d, x.(departure)) }

// Pop implements heap.Interface.
func (d *departures) Pop() any {
	last := len(*d) - 1
	x := (*d)[last]
	(*d)[last] = departure{}
	*d = (*d)[:last]
	return x
}
