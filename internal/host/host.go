// Package host reads what the machine and the process are doing: processor time, steal, memory, descriptors, ports,
// clocks. What a system does not tell is reported as unknown, never as zero.
package host

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"time"
)

// Usage is what the process has used since it began.
type Usage struct {
	User, System time.Duration
	MaxRSS       int64 // bytes; 0: unknown
}

// GCPauseMax is the longest time that the garbage collector has stopped the process for, to the upper end of the
// runtime's own buckets; 0 when it never has.
func GCPauseMax() time.Duration {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := s[0].Value.Float64Histogram()
	for i, n := range slices.Backward(h.Counts) {
		if n > 0 {
			upper := h.Buckets[i+1]
			if upper > 3600 { // the last bucket has no upper end
				upper = h.Buckets[i]
			}
			return time.Duration(upper * 1e9)
		}
	}
	return 0
}

// Cores is how many processors the process may use.
func Cores() int { return runtime.NumCPU() }

// Oversleep measures how late the system wakes a thread that asked to sleep for d: the median and the largest of n.
func Oversleep(d time.Duration, n int) (median, largest time.Duration) {
	late := make([]time.Duration, 0, n)
	for range n {
		began := time.Now()
		Sleep(d)
		late = append(late, time.Since(began)-d)
	}
	return medianAndMax(late)
}
