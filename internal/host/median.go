package host

import (
	"slices"
	"time"
)

func medianAndMax(d []time.Duration) (median, largest time.Duration) {
	if len(d) == 0 {
		return 0, 0
	}
	slices.Sort(d)
	return d[len(d)/2], d[len(d)-1]
}
