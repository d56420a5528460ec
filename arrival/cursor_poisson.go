package arrival

import "math/rand/v2"

// Poisson blocks: seeking costs the draws of half a block, and going on from block to block a seed for every
// blockGaps arrivals.
const (
	blockGaps  = 64
	rankInside = 24 // bits of a rank that count within the block
)

// Cursor makes poisson a [Seeker]. In each part the axis of area is cut into blocks of a fixed size, and each block has
// random numbers of its own. The gap that would reach beyond the end of a block is thrown away and begins anew at the
// boundary, which changes nothing in law, since exponential gaps have no memory. (The parts are not those of Split.)
func (p *poisson) Cursor(i, n int) Cursor {
	checkPart("part", i, n)
	c := &poissonCursor{
		mean: p.mean * float64(n),
		key:  mix(mix(p.seed) ^ mix(^mix(mix(p.part+uint64(n))+uint64(i)))),
	}
	c.length = c.mean * blockGaps
	c.rng = *rand.New(&c.pcg)
	c.begin(0)
	return c
}

type poissonCursor struct {
	mean   float64 // gap
	length float64 // of a block
	key    uint64  // of the part

	block, inside int64 // number of the block, of the next arrival in it
	start, offset float64

	pcg rand.PCG
	rng rand.Rand // over pcg
}

func (c *poissonCursor) begin(block int64) {
	c.block, c.inside = block, 0
	c.start, c.offset = float64(block)*c.length, 0
	c.pcg.Seed(c.key, mix(c.key+uint64(block)))
}

func (c *poissonCursor) Next() (rank int64, area float64) {
	for {
		c.offset += c.mean * c.rng.ExpFloat64()
		if c.offset < c.length {
			rank = c.block<<rankInside | c.inside
			c.inside++
			return rank, c.start + c.offset
		}
		c.begin(c.block + 1)
	}
}

func (c *poissonCursor) Seek(area float64) {
	block := int64(max(0, area) / c.length)
	if float64(block)*c.length > area { // a quotient rounded up
		block = max(0, block-1)
	}
	c.begin(block)
}
