package engine

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/internal/ring"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

const (
	ringSize   = 8192     // requests prepared ahead per shard
	ringBytes  = 16 << 20 // and at most so many bytes
	keepUpTo   = 1 << 20  // larger requests' memory is not kept
	parkedPoll = 50 * time.Millisecond
)

type feedState uint8

const (
	feedReady feedState = iota
	feedEmpty           // the producer is behind
	feedEnded           // the producer is done and everything was taken
)

// feed brings prepared requests from the producer to one shard, and their memory back.
type feed struct {
	ready *ring.Ring[*item]
	spare *ring.Ring[*item]
	ended atomic.Bool // nothing will be pushed any more
	prod  *producer

	// The producer's view.
	most   int   // bytes
	sizes  []int // of what was pushed, by position
	pushed uint64
	popped uint64
	bytes  int
}

func newFeed(p *producer, size, bytes int) *feed {
	if size <= 0 {
		size = ringSize
	}
	if bytes <= 0 {
		bytes = ringBytes
	}
	r := ring.New[*item](size)
	return &feed{ready: r, spare: ring.New[*item](2 * r.Cap()), prod: p, most: bytes, sizes: make([]int, r.Cap())}
}

// pop takes the next request; for the shard.
func (f *feed) pop() (*item, feedState) {
	it, ok := f.ready.Pop()
	if !ok {
		if !f.ended.Load() {
			f.prod.hurry()
			return nil, feedEmpty
		}
		if it, ok = f.ready.Pop(); !ok { // pushed just before the end was told
			return nil, feedEnded
		}
	}
	if f.prod.parked.Load() && f.ready.Len() < f.ready.Cap()/2 {
		f.prod.hurry()
	}
	return it, feedReady
}

// giveBack returns a request's memory; for the shard.
func (f *feed) giveBack(it *item) {
	if cap(it.req.Wire) <= keepUpTo {
		f.spare.Push(it) // when full, the collector takes it
	}
}

// room tells whether one more may be pushed; for the producer.
func (f *feed) room() bool {
	for head := f.ready.Popped(); f.popped < head; f.popped++ {
		f.bytes -= f.sizes[f.popped%uint64(len(f.sizes))]
	}
	return f.pushed-f.popped < uint64(f.ready.Cap()) && (f.bytes < f.most || f.pushed == f.popped)
}

// push hands a request over; there is room.
func (f *feed) push(it *item) {
	n := len(it.req.Wire) + len(it.req.Body)
	f.sizes[f.pushed%uint64(len(f.sizes))] = n
	f.bytes += n
	f.pushed++
	f.ready.Push(it)
}

// blank gives an item to fill; for the producer.
func (f *feed) blank() *item {
	if it, ok := f.spare.Pop(); ok {
		it.req.Reset()
		return it
	}
	return new(item)
}

// producer reads records, has requests made of them, encodes these and deals them to the shards in turn, so that request k
// goes with arrival k. It runs ahead of the schedule by a bounded number of requests and bytes.
type producer struct {
	e      *engine
	feeds  []*feed
	next   int // feed whose turn it is
	target int
	labels map[string]int32
	names  labelNames
	made   []*item              // of the record at hand
	addTo  func() *load.Request // add, made once: a method's value costs an allocation

	bad, filtered, good atomic.Int64 // records
	firstMu             sync.Mutex
	first               []string // of the bad ones
	hopeless            func()   // called once, when hopelessAfter records have been bad and none good

	marks   *marks // nil: the source does not want to know
	parked  atomic.Bool
	undealt atomic.Int64 // made when the run ended, and pushed nowhere
	timer   *time.Timer  // looks again all the same: a shard may have missed that the producer waits
	wake    chan struct{}
	primed  chan struct{} // closed once enough is ready to begin
	done    chan struct{}
}

func newProducer(e *engine, shards int) *producer {
	p := &producer{
		e: e, timer: time.NewTimer(time.Hour), labels: map[string]int32{}, wake: make(chan struct{}, 1),
		primed: make(chan struct{}), done: make(chan struct{}),
	}
	p.addTo = p.add
	p.hopeless = func() {}
	for range shards {
		p.feeds = append(p.feeds, newFeed(p, e.cfg.RingSize, e.cfg.RingBytes))
	}
	if c, ok := e.cfg.Source.(Confirmer); ok {
		p.marks = &marks{source: c, feeds: p.feeds}
	}
	return p
}

// unused is how many requests wait to be taken; after the end.
func (p *producer) unused() (n int64) {
	for _, f := range p.feeds {
		n += int64(f.ready.Len())
	}
	return n + p.undealt.Load()
}

// hurry wakes the producer; for the shards.
func (p *producer) hurry() {
	if p.parked.Swap(false) {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// await waits until the producer has ended, but not for ever: nobody can end a read of a pipe that stays silent. Such a
// producer ends once the read does, without touching anything.
func (p *producer) await(grace time.Duration) {
	if p == nil {
		return
	}
	select {
	case <-p.done:
	case <-time.After(grace):
	}
}

func (p *producer) run() {
	primed := false
	prime := func() {
		if !primed {
			primed = true
			close(p.primed)
		}
	}
	defer func() {
		for _, f := range p.feeds {
			f.ended.Store(true)
		}
		close(p.done) // before those who wait for the start: they look whether more is to come
		prime()
	}()
	p.hopeless = prime
	next := p.records()
	for p.e.ctx.Err() == nil {
		err := next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil && p.e.ctx.Err() != nil: // a stage that was closed
			return
		case err != nil:
			p.e.fail(err) // what is prepared is still sent: the run ends when that runs out
			return
		case p.e.ctx.Err() != nil:
			continue
		}
		for i, it := range p.made {
			if !p.deal(it, prime) {
				p.undealt.Store(int64(len(p.made) - i))
				return
			}
		}
		p.marks.note()
	}
}

// records returns what fills p.made with the requests of the next record: none if it was bad or left out. Its errors are final.
func (p *producer) records() func() error {
	if stage := p.e.cfg.Stage; stage != nil {
		return func() error {
			p.made = p.made[:0]
			err := stage.Next(p.addTo)
			var bad *processor.BadRecord
			switch {
			case errors.As(err, &bad):
				p.settle(bad.File, bad.Line, bad.Err)
			case err == nil, errors.Is(err, processor.ErrFiltered):
				p.settle("", 0, err)
			default:
				return err
			}
			return nil
		}
	}
	var rec load.Record
	return func() error {
		rec.Reset()
		p.made = p.made[:0]
		if err := p.e.cfg.Source.Read(&rec); err != nil {
			return err
		}
		p.settle(rec.File, rec.Line, p.e.cfg.Processor.Process(&rec, p.addTo))
		return nil
	}
}

// settle encodes the requests that were made of a record, unless err says that there are none.
func (p *producer) settle(file string, line int64, err error) {
	for i := 0; err == nil && i < len(p.made); i++ {
		if err = p.e.encode(p.made[i], &p.target); err == nil {
			p.label(p.made[i])
		}
	}
	if err == nil {
		p.good.Add(1)
		return
	}
	p.made = p.made[:0]
	if errors.Is(err, processor.ErrFiltered) {
		p.filtered.Add(1)
		return
	}
	p.firstMu.Lock()
	if len(p.first) < 3 {
		p.first = append(p.first, fmt.Sprintf("%s:%d: %v", file, line, err))
	}
	p.firstMu.Unlock()
	if p.bad.Add(1) == hopelessAfter && p.good.Load() == 0 {
		p.hopeless()
	}
}

func (p *producer) add() *load.Request {
	it := p.feeds[(p.next+len(p.made))%len(p.feeds)].blank()
	p.made = append(p.made, it)
	return &it.req
}

// encode makes it's bytes, for the target that the codec names or the next in rotation.
func (e *engine) encode(it *item, turn *int) error {
	return e.encodeFor(e.agreed.Load(), it, turn)
}

// encodeFor is encode for one of set's targets.
func (e *engine) encodeFor(set *targetSet, it *item, turn *int) error {
	req := &it.req
	if err := e.choose(set, it, turn); err != nil {
		return err
	}
	wire, err := e.cfg.Codec.AppendRequest(req.Wire[:0], req, e.whom(set, it.target))
	if err != nil {
		return err
	}
	req.Wire = wire
	if e.cfg.Preface != nil {
		_, err = e.cfg.Preface(wire[len(wire):], req, netip.AddrPort{}) // whether it can be made; in memory that is there
	}
	return err
}

// labelOf is the request's label: its own, the job's rule's, or the codec's.
func (e *engine) labelOf(req *load.Request) string {
	if req.Label == "" && e.cfg.Label != nil {
		req.Label = e.cfg.Label(req)
	}
	return req.Label
}

// label numbers it's label.
func (p *producer) label(it *item) {
	it.label = -1
	name := p.e.labelOf(&it.req)
	if name == "" {
		return
	}
	n, ok := p.labels[name]
	if !ok {
		n = p.names.add(name)
		p.labels[name] = n
	}
	it.label = n
}

// deal pushes it to the feed whose turn it is, waiting for room; false: the run is over.
func (p *producer) deal(it *item, full func()) bool {
	for {
		for i := range p.feeds {
			f := p.feeds[(p.next+i)%len(p.feeds)]
			if f.room() {
				f.push(it)
				p.next = (p.next + i + 1) % len(p.feeds)
				return true
			}
			if !p.e.cfg.Closed && p.e.cfg.Live == nil {
				break // the schedule deals arrivals strictly in turn
			}
		}
		full()
		p.parked.Store(true)
		p.timer.Reset(parkedPoll)
		select {
		case <-p.wake:
		case <-p.timer.C:
		case <-p.e.ctx.Done():
			return false
		}
		p.parked.Store(false)
	}
}
