package sim

import (
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/arrival"
)

// Law is what became of the arrivals of a schedule.
type Law struct {
	Scheduled int64
	Sent      int64
	Missing   []int64 // due times of those that nobody has sent, in order
}

// Judge compares what was sent, by due times in order, with the schedule up to end, in ns. The error says that there is something
// that was not called for, or was sent twice: the promise is broken.
func Judge(parts *arrival.Parts, p arrival.Profile, end int64, sent []int64) (Law, error) {
	all := parts.Share(0, 1)
	all.Apply(&arrival.Plan{Profile: p, End: end, Held: []arrival.Holding{{First: 0, Last: parts.N() - 1, Through: arrival.Forever}}}, 0)
	law := Law{Sent: int64(len(sent))}
	var wrong []int64
	i := 0
	for {
		due, ok := all.Next()
		for i < len(sent) && (!ok || sent[i] < due) {
			wrong = append(wrong, sent[i])
			i++
		}
		if !ok && len(wrong) > 0 {
			return law, fmt.Errorf("sim: law: %d arrivals were sent twice or are not of the schedule, which ends at %v: the first was due at %v, the last at %v",
				len(wrong), time.Duration(end), time.Duration(wrong[0]), time.Duration(wrong[len(wrong)-1]))
		}
		if !ok {
			return law, nil
		}
		law.Scheduled++
		if i < len(sent) && sent[i] == due {
			i++
		} else {
			law.Missing = append(law.Missing, due)
		}
	}
}

// Between are those of missing that were due after from, up to until; last is the latest of them, from where there is none.
func (l *Law) Between(from, until int64) (n int, last int64) {
	last = from
	for _, due := range l.Missing {
		if due > from && due <= until {
			n++
			last = due
		}
	}
	return n, last
}
