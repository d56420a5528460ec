package arrival_test

import (
	"fmt"

	"github.com/iagoloadgen/iago/arrival"
)

// Two workers divide a job of 10/s into four parts. After a second, the first one's are given to the second, and the
// rate is doubled from then on.
func ExampleParts() {
	process, err := arrival.Parse("uniform", 10, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	parts := process.Parts(4)
	worker := parts.Share(0, 1)
	const second, millisecond = 1e9, 1e6
	worker.Apply(&arrival.Plan{
		Profile: process.Profile,
		Held:    []arrival.Holding{{First: 2, Last: 3, Through: arrival.Forever}},
	}, 0)
	next := func() {
		due, ok := worker.Next()
		fmt.Print(due/millisecond, " ms ", ok, "\n")
	}
	next()
	next()
	next()
	next()

	change, err := arrival.ParseChange("scale 2")
	if err != nil {
		fmt.Println(err)
		return
	}
	change.At = second
	faster, err := arrival.Splice(process.Profile, change)
	if err != nil {
		fmt.Println(err)
		return
	}
	worker.Apply(&arrival.Plan{
		Profile: faster, End: 1300 * millisecond,
		Held: []arrival.Holding{
			{First: 0, Last: 1, From: second, Through: arrival.Forever},
			{First: 2, Last: 3, Through: arrival.Forever},
		},
	}, 900*millisecond)
	for range 7 {
		next()
	}
	fmt.Println(parts.Count(faster, 0, 1, 0, second), "arrivals of the first worker")
	// Output:
	// 300 ms true
	// 400 ms true
	// 700 ms true
	// 800 ms true
	// 1050 ms true
	// 1100 ms true
	// 1150 ms true
	// 1200 ms true
	// 1250 ms true
	// 1300 ms true
	// 0 ms false
	// 6 arrivals of the first worker
}
