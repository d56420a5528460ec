package arrivaltest

import (
	"fmt"
	"math"
	"slices"

	"github.com/iagoloadgen/iago/arrival"
)

// checkSplit lays the parts of a law over each other. They must give the arrivals of the whole, or others that look
// like them: with mean gap 1, and with single gaps and sums of 25 gaps distributed as the whole's. (Every seventh
// gap is compared, so that a mild dependence between neighbors does not matter.)
func checkSplit(newLaw func(uint64) arrival.Law) error {
	for _, n := range []int{2, 5} {
		if err := sameLaw(merged(newLaw, 6, n), newLaw, 6); err != nil {
			return fmt.Errorf("%d parts together: %w", n, err)
		}
	}
	return nil
}

// sameLaw compares the arrivals of all parts together with those of the whole law.
func sameLaw(union []float64, newLaw func(uint64) arrival.Law, seed uint64) error {
	if same(arrivals(newLaw(seed), gaps), union) {
		return nil
	}
	other := differences(arrivals(newLaw(seed+1), gaps)) // independent of union
	parts := differences(union)
	if err := meanOne(parts[:len(parts)/1000*1000]); err != nil {
		return err
	}
	if p := KolmogorovSmirnov2(everySeventh(parts), everySeventh(other)); p < Significance {
		return fmt.Errorf("other gaps than the whole: Kolmogorov-Smirnov p = %.2g", p)
	}
	if p := KolmogorovSmirnov2(sums(parts), sums(other)); p < Significance {
		return fmt.Errorf("other sums of 25 gaps than the whole: Kolmogorov-Smirnov p = %.2g", p)
	}
	return nil
}

// arrivals returns the arrivals of a law up to a time.
func arrivals(law arrival.Law, horizon float64) []float64 {
	var out []float64
	for at := law.Gap(); at <= horizon; at += law.Gap() {
		out = append(out, at)
	}
	return out
}

// merged returns the arrivals of n parts of a law.
func merged(newLaw func(uint64) arrival.Law, seed uint64, n int) []float64 {
	var out []float64
	for i := range n {
		out = append(out, arrivals(arrival.Split(newLaw(seed), i, n), gaps)...)
	}
	slices.Sort(out)
	return out
}

// same tells whether two series of arrivals are equal but for rounding.
func same(a, b []float64) bool {
	n := min(len(a), len(b))
	for i := range n {
		if math.Abs(a[i]-b[i]) > 1e-6 {
			return false
		}
	}
	return n > 0 && math.Abs(float64(len(a)-len(b))) <= 1
}

func differences(at []float64) []float64 {
	out := make([]float64, len(at)-1)
	for i := range out {
		out[i] = at[i+1] - at[i]
	}
	return out
}

func everySeventh(x []float64) []float64 {
	var out []float64
	for i := 0; i < len(x); i += 7 {
		out = append(out, x[i])
	}
	return out
}

func sums(x []float64) []float64 {
	var out []float64
	for b := range slices.Chunk(x, 25) {
		if len(b) == 25 {
			out = append(out, 25*mean(b))
		}
	}
	return out
}
