package report

import "github.com/iagoloadgen/iago/measure"

// Distributions are a run's whole distributions (distributions.json), the warm-up left out, in ascending order.
type Distributions struct {
	Latency  []Bucket `json:"latency"`
	Lateness []Bucket `json:"lateness"`
	Wait     []Bucket `json:"wait"`
	Service  []Bucket `json:"service"`
}

// NewDistributions writes the histograms out.
func NewDistributions(t *measure.Times) *Distributions {
	return &Distributions{
		Latency: buckets(&t.Latency), Lateness: buckets(&t.Lateness), Wait: buckets(&t.Wait), Service: buckets(&t.Service),
	}
}

func buckets(h *measure.Histogram) []Bucket {
	list := []Bucket{}
	h.Each(func(_, hi int64, n uint64) { list = append(list, Bucket{Value: min(hi, h.Max()), Count: n}) })
	return list
}
