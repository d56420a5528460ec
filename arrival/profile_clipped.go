package arrival

import "math"

// clipped is the rate max(0, mean + amp·sin(2πt/period)) where mean < amp: a sine cut off at 0.
type clipped struct {
	mean, amp float64 // per second
	period    float64 // s

	// In the angle 2πt/period, a wave is above 0 in (rise, fall) and in (again, 2π).
	rise, fall, again float64
	first, wave       float64 // areas, in the angle: of the first stretch, of the whole wave
}

// newClipped returns the rate 0 for ever where nothing of the wave is left.
func newClipped(mean, amp, period float64) Profile {
	if mean <= -amp {
		return newSteady(0)
	}
	phi := math.Asin(mean / amp)
	c := &clipped{
		mean: mean, amp: amp, period: period,
		rise: max(0, -phi), fall: math.Pi + phi, again: min(2*math.Pi, 2*math.Pi-phi),
	}
	c.first = c.rising(c.rise, c.fall)
	c.wave = c.first + c.rising(c.again, 2*math.Pi)
	return c
}

// rising is the area in the angle from x to y, where the rate is not cut off.
func (c *clipped) rising(x, y float64) float64 {
	return c.mean*(y-x) + 2*c.amp*math.Sin((y-x)/2)*math.Sin((x+y)/2) // cos x − cos y = 2 sin((y−x)/2) sin((x+y)/2)
}

// turn returns the number of whole waves before t, and the angle in the wave that t is in.
func (c *clipped) turn(t float64) (waves, angle float64) {
	rest := math.Mod(max(t, 0), c.period)
	return math.Round((max(t, 0) - rest) / c.period), 2 * math.Pi * rest / c.period
}

func (c *clipped) Rate(t float64) float64 {
	_, x := c.turn(t)
	return max(0, c.mean+c.amp*math.Sin(x))
}

func (c *clipped) Area(t float64) float64 {
	waves, x := c.turn(t)
	return (waves*c.wave + c.inWave(x)) * c.period / (2 * math.Pi)
}

func (c *clipped) inWave(x float64) float64 {
	area := c.rising(c.rise, min(max(x, c.rise), c.fall))
	if x > c.again {
		area += c.rising(c.again, x)
	}
	return area
}

// When looks in the wave by whose end the area is reached, not in the next one, which may begin with a stretch of rate 0.
func (c *clipped) When(area float64) float64 {
	if area <= 0 {
		return 0
	}
	area *= 2 * math.Pi / c.period
	waves := max(0, math.Ceil(area/c.wave)-1)
	rest := min(max(math.FMA(-waves, c.wave, area), 0), c.wave)
	lo, hi := c.rise, c.fall
	if rest > c.first {
		lo, hi = c.again, 2*math.Pi
	}
	x := invert(c.inWave, func(x float64) float64 { return c.mean + c.amp*math.Sin(x) }, rest, lo, hi)
	return c.period * (waves + x/(2*math.Pi))
}
