package engine

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
)

// labelsOf is what the intervals of a run tell of its labels, by name, put together as another process would.
type labelsOf struct {
	t     *testing.T
	e     *Engine
	total map[string]*measure.Label
	most  int // labels in one interval
}

func (l *labelsOf) add(iv *measure.Interval) {
	in := measure.NewInterval()
	wire := measure.AppendInterval(nil, iv, l.e.LabelName)
	var names []string
	if err := measure.DecodeInterval(in, wire, func(name []byte) int { names = append(names, string(name)); return len(names) - 1 }); err != nil {
		l.t.Error(err)
	}
	l.most = max(l.most, len(names))
	var sum measure.Requests
	for i, name := range names {
		if l.total[name] == nil {
			l.total[name] = new(measure.Label)
		}
		l.total[name].Add(in.Labels[i])
		sum.Add(&in.Labels[i].Requests)
	}
	if sum != iv.Requests {
		l.t.Errorf("second %d: its labels have %+v, it has %+v", iv.Index, sum, iv.Requests)
	}
}

// The labels of the seconds are the labels of the run, and each second's add up to the second.
func TestLabelsOfSeconds(t *testing.T) {
	s := startLines(t, nil, always("200"))
	for _, fixed := range []bool{false, true} {
		for _, shards := range []int{2, 1} {
			if shards == 1 && testing.Short() {
				break // the same without a merge
			}
			t.Run(fmt.Sprintf("fixed=%v,shards=%d", fixed, shards), func(t *testing.T) {
				const n = 650
				c := Config{
					Codec: lines{}, Targets: []load.Target{s.target(false)}, Shards: shards, Timeout: 10 * time.Second, N: n,
					Schedule: func(_, k int) Schedule { return &even{gap: second / 500 * int64(k), n: int64(n / k)} },
				}
				want := map[string]int64{"all": n}
				if fixed {
					c.Fixed = &load.Request{URI: []byte("x"), Label: "all"}
				} else {
					want = map[string]int64{}
					c.Source, c.Processor = &numbers{n: n}, asIs
					name := func(i int64) string { return fmt.Sprint("hundreds ", i/100) } // they come up one after another
					for i := range int64(n) {
						want[name(i)]++
					}
					c.Label = func(r *load.Request) string {
						i, _ := strconv.ParseInt(string(r.URI), 10, 64)
						return name(i)
					}
				}
				seconds := &labelsOf{t: t, total: map[string]*measure.Label{}}
				c.OnInterval = seconds.add
				e, err := New(c)
				if err != nil {
					t.Fatal(err)
				}
				seconds.e = e
				r, err := e.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Labels) != len(want) || len(seconds.total) != len(want) {
					t.Fatalf("%d labels of the run, %d of its seconds, want %d", len(r.Labels), len(seconds.total), len(want))
				}
				for name, n := range want {
					run, sum := r.Labels[name], seconds.total[name]
					if run.Requests != sum.Requests || run.Latency.Count() != sum.Latency.Count() || run.Latency.Mean() != sum.Latency.Mean() || run.Requests.Completed != n {
						t.Errorf("%s: %+v of the run, %+v of its seconds, want %d", name, run.Requests, sum.Requests, n)
					}
				}
				if !fixed && seconds.most == len(want) {
					t.Error("a second has labels of others")
				}
			})
		}
	}
}

func TestTheOneLabelIsKnownWithoutRequests(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	_, r := simRun(t, s, Config{Fixed: &load.Request{URI: []byte("x"), Label: "all"}, Schedule: evenly(100, 0)})
	if l := r.Labels["all"]; l == nil || l.Requests != (measure.Requests{}) {
		t.Errorf("%v", r.Labels)
	}
	if r.Sample == nil || len(r.Sample.Failures()) != 0 {
		t.Errorf("sample: %v", r.Sample)
	}
}
