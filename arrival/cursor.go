package arrival

// Cursor goes through the arrivals of one part of a law, as sums of gaps: places on the axis of area, in the units of
// the whole. It is used by one goroutine.
type Cursor interface {
	// Next returns the next arrival: the sum of the gaps up to it, which never decreases, and its rank, which grows
	// from one arrival of the part to the next. Both are the same, to the last bit, whatever way has led there.
	Next() (rank int64, area float64)
	// Seek makes Next go on with the first arrival whose sum is above area, or with one before it, forwards or back.
	Seek(area float64)
}

// Seeker is a Law that can go on from anywhere without drawing all that lies before, part by part.
type Seeker interface {
	Law
	// Cursor returns the arrivals of part i of n, from the first one on, 0 ≤ i < n. It must not change the law. All n
	// parts laid over each other must have the law of the whole.
	Cursor(i, n int) Cursor
}

// Cloner is a Law that can be copied. A law that is not a [Seeker] goes back to a copy instead of to its beginning.
type Cloner interface {
	Law
	// Clone returns a law of its own that goes on with the same gaps. It must not change the law.
	Clone() Law
}

// skipper is a cursor that need not go through all arrivals.
type skipper interface {
	// skip passes over the arrivals whose sum is at most area, and returns their number.
	skip(area float64) int64
}

// Memories of a gapCursor, in arrivals: powers of two.
const (
	recallWhole = 1 << 16 // of a law that is walked as a whole: other shares' arrivals lie between ours
	recallPart  = 1 << 6
	recallNone  = 1
	cloneEvery  = 1 << 16
)

// gapCursor adds up the gaps of any law. It goes back to what it remembers, or to the last copy of the law before, if
// that can be copied, or else to the beginning.
type gapCursor struct {
	fresh func() Law
	law   Law

	whole, part float64 // the sum of all gaps, as in Schedule
	drawn, next int64   // arrivals drawn; rank of the next one to give

	recent []float64 // sums; that of rank r at r modulo the length
	oldest int64     // rank of the oldest one there
	clones []clone   // after 0, cloneEvery, 2·cloneEvery, … arrivals
}

type clone struct {
	law         Cloner
	whole, part float64
}

func newGapCursor(fresh func() Law, recall int) *gapCursor {
	c := &gapCursor{fresh: fresh, recent: make([]float64, recall)}
	c.restart()
	return c
}

func (c *gapCursor) restart() {
	c.law, c.whole, c.part = c.fresh(), 0, 0
	c.drawn, c.next, c.oldest = 0, 0, 0
}

func (c *gapCursor) Next() (rank int64, area float64) {
	if c.next == c.drawn {
		c.draw()
	}
	rank = c.next
	c.next++
	return rank, c.recent[rank&int64(len(c.recent)-1)]
}

func (c *gapCursor) draw() {
	if c.drawn%cloneEvery == 0 && c.drawn/cloneEvery == int64(len(c.clones)) && len(c.recent) > recallNone {
		if law, ok := c.law.(Cloner); ok {
			c.clones = append(c.clones, clone{law.Clone().(Cloner), c.whole, c.part})
		}
	}
	c.whole, c.part = addGap(c.whole, c.part, c.law.Gap())
	c.recent[c.drawn&int64(len(c.recent)-1)] = c.whole + c.part
	c.drawn++
	c.oldest = max(c.oldest, c.drawn-int64(len(c.recent)))
}

func (c *gapCursor) Seek(area float64) {
	at := func(rank int64) float64 { return c.recent[rank&int64(len(c.recent)-1)] }
	if c.oldest > 0 && (c.oldest == c.drawn || at(c.oldest) > area) {
		c.back(area)
		return
	}
	lo, hi := c.oldest, c.drawn
	for lo < hi {
		if mid := lo + (hi-lo)/2; at(mid) > area {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	c.next = lo
}

// back goes back beyond what is remembered.
func (c *gapCursor) back(area float64) {
	i := len(c.clones) - 1
	for i > 0 && c.clones[i].whole+c.clones[i].part > area {
		i--
	}
	if i <= 0 {
		c.restart()
		return
	}
	k := c.clones[i]
	c.law, c.whole, c.part = k.law.Clone(), k.whole, k.part
	c.drawn = int64(i) * cloneEvery
	c.next, c.oldest = c.drawn, c.drawn
}
