package engine

import "github.com/iagoloadgen/iago/measure"

// handIn is an interval on its way from a shard to the collector.
type handIn struct {
	shard int
	iv    *measure.Interval
	last  bool // of this shard
}

// collector puts the shards' intervals of the same second together and passes them on in order.
type collector struct {
	in    chan handIn
	spare chan *measure.Interval
	give  func(*measure.Interval)

	latest  []int // by shard: the last second it has handed in; far off once it has ended
	pending map[int]*measure.Interval
	next    int               // the first second not passed on
	total   *measure.Interval // of the whole run: its labels only
}

func newCollector(shards int, give func(*measure.Interval)) *collector {
	c := &collector{
		in: make(chan handIn, 4*shards), spare: make(chan *measure.Interval, 4*shards),
		give: give, latest: make([]int, shards), pending: map[int]*measure.Interval{},
		total: measure.NewInterval(),
	}
	for i := range c.latest {
		c.latest[i] = -1
	}
	return c
}

const noMore = int(^uint(0) >> 1)

// run ends when every shard has ended.
func (c *collector) run() {
	for left := len(c.latest); left > 0; {
		h := <-c.in
		c.latest[h.shard] = h.iv.Index
		if h.last {
			c.latest[h.shard] = noMore
			left--
		}
		switch {
		case h.iv.End == h.iv.Start && h.iv.Requests == (measure.Requests{}): // a last one that begins where its shard ended
			c.recycle(h.iv)
		case len(c.latest) == 1:
			c.pass(h.iv)
		default:
			c.merge(h.iv)
		}
		c.flush()
	}
}

func (c *collector) merge(iv *measure.Interval) {
	m := c.pending[iv.Index]
	if m == nil {
		iv2 := c.fresh()
		iv2.Index, iv2.Start = iv.Index, iv.Start
		c.pending[iv.Index], m = iv2, iv2
	}
	m.Merge(iv, true)
	c.recycle(iv)
}

// flush passes on all seconds that every shard has handed in.
func (c *collector) flush() {
	upTo := noMore
	for _, l := range c.latest {
		upTo = min(upTo, l)
	}
	for ; len(c.pending) > 0 && c.next <= upTo; c.next++ {
		if m := c.pending[c.next]; m != nil {
			delete(c.pending, c.next)
			c.pass(m)
		}
	}
}

func (c *collector) pass(iv *measure.Interval) {
	c.total.AddLabels(iv)
	if c.give != nil {
		c.give(iv)
	}
	c.recycle(iv)
}

func (c *collector) fresh() *measure.Interval {
	select {
	case iv := <-c.spare:
		return iv
	default:
		return measure.NewInterval()
	}
}

func (c *collector) recycle(iv *measure.Interval) {
	iv.Reset()
	select {
	case c.spare <- iv:
	default:
	}
}
