package measure

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkRecord is the cost of one value on the path of every request.
func BenchmarkRecord(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, 4096)
	for i := range values {
		values[i] = int64(r.ExpFloat64() * 1e6)
	}
	var h Histogram
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Record(values[i&4095])
	}
}

// BenchmarkQuantile is what a summary asks for, some dozens of times a second.
func BenchmarkQuantile(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	for range 100_000 {
		h.Record(int64(r.ExpFloat64() * 1e6))
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Quantile(0.999)
	}
}
