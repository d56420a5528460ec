package arrival_test

import (
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// A schedule as the command line asks for it.
func ExampleParse() {
	p, err := arrival.Parse("uniform", 1000, 7)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := p.Schedule(arrival.Limit{Duration: 10 * time.Second, N: 3})
	for due, ok := s.Next(); ok; due, ok = s.Next() {
		fmt.Println(s.Index(), time.Duration(due))
	}
	fmt.Println(p.Text)
	// Output:
	// 0 1ms
	// 1 2ms
	// 2 3ms
	// uniform, 1000/s
}

// Pieces one after the other, as in a spec file.
func ExampleSequence() {
	up, _ := arrival.ParseProfile("ramp:to=1000/s,for=30s")
	hold, _ := arrival.ParseProfile("constant:rate=60k/m,for=2m")
	p, err := arrival.Sequence(up, hold)
	fmt.Println(p, err)
	fmt.Println(p.Area(150), "requests in", arrival.Length(p), "s")
	// Output:
	// ramp 0/s → 1000/s over 30s, then 1000/s for 2m <nil>
	// 135000 requests in 150 s
}

// bursts is a law of a user's own: groups of size arrivals at once.
type bursts struct{ size, left int }

func (b *bursts) Gap() float64 {
	if b.left--; b.left > 0 {
		return 0
	}
	b.left = b.size
	return float64(b.size)
}

// A law of one's own gets a name, and so works with every rate and profile.
func ExampleRegister() {
	arrival.Register(arrival.Def{
		Name:    "bursts",
		Summary: "several at once",
		Params:  []arrival.Param{{Name: "size", Kind: arrival.KindCount, Default: "2", Doc: "arrivals in a burst"}},
		Build: func(a arrival.Args) (arrival.Process, error) {
			size := a.Count("size")
			return arrival.Process{NewLaw: func() arrival.Law { return &bursts{size: size} }}, nil
		},
	})
	defer arrival.Unregister("bursts")

	p, err := arrival.Parse("bursts:size=3", 100, 0)
	fmt.Println(p.Text, err)
	s := p.Schedule(arrival.Limit{N: 5})
	for due, ok := s.Next(); ok; due, ok = s.Next() {
		fmt.Println(time.Duration(due))
	}
	// Output:
	// bursts:size=3, 100/s <nil>
	// 30ms
	// 30ms
	// 30ms
	// 60ms
	// 60ms
}
