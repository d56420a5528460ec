package arrival

import "math"

// Cursor makes uniform a [Seeker].
func (u *uniform) Cursor(i, n int) Cursor {
	checkPart("part", i, n)
	return &uniformCursor{first: u.next + float64(i)*u.stride, stride: u.stride * float64(n)}
}

// nth returns the sum of gaps up to the n-th arrival of the whole, counted from 1.
func (u *uniform) nth(n int64) float64 { return u.next + float64(n-1)*u.stride }

type uniformCursor struct {
	first, stride float64
	rank          int64
}

func (c *uniformCursor) at(rank int64) float64 { return c.first + float64(rank)*c.stride }

func (c *uniformCursor) Next() (rank int64, area float64) {
	rank = c.rank
	c.rank++
	return rank, c.at(rank)
}

func (c *uniformCursor) Seek(area float64) {
	c.rank = int64(max(0, math.Floor((area-c.first)/c.stride)))
}

func (c *uniformCursor) skip(area float64) int64 {
	before := c.rank
	c.Seek(area)
	for c.rank > 0 && c.at(c.rank-1) > area { // a quotient rounded up
		c.rank--
	}
	for c.at(c.rank) <= area {
		c.rank++
	}
	c.rank = max(c.rank, before)
	return c.rank - before
}
