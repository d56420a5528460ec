package transporttest

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/measure"
)

// identities holds the figures of a run that ended by itself to those of [measure.Requests], and to each other.
func identities(f *figures) error {
	q, m := f.Requests, f.Interval
	var errs []error
	same := func(a, b int64, what string) {
		if a != b {
			errs = append(errs, fmt.Errorf("%s: %d and %d", what, a, b))
		}
	}
	same(q.Scheduled, q.Sent+q.Dropped+q.Starved+q.Unsent, "scheduled = sent + dropped + starved + unsent")
	same(q.Sent, q.Completed+q.Failed+q.InFlight, "sent = completed + failed + in flight")
	same(q.InFlight, 0, "nothing is in flight at the end")
	same(int64(m.InFlightTime), int64(m.AttemptTime), "Little's law: time integral and sum of attempts")
	same(sum(m.Errors), q.Failed, "errors by cause and failed")
	same(sum(m.UnsentBy), q.Unsent, "unsent by what they waited for and unsent")
	statuses := int64(0)
	for _, n := range m.Status {
		statuses += n
	}
	same(statuses, q.Completed, "statuses and completed")
	same(counted(&m.Times.Latency), q.Completed+q.TimedOut, "latencies and completed + timed out")
	same(counted(&m.Times.Lateness), q.Scheduled-q.Starved, "latenesses and taken")
	same(counted(&m.Times.Service), q.Completed, "service times and completed")
	return errors.Join(errs...)
}

func counted(h *measure.Histogram) int64 { return int64(h.Count()) }

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// people are the goroutines and descriptors that there are.
type people struct {
	goroutines  goleak.Option
	descriptors int
}

func census() people { return people{goleak.IgnoreCurrent(), descriptors()} }

// compare tells what has been left behind since. What ends on its own has a moment to do so.
func (p people) compare() error {
	if err := goleak.Find(p.goroutines); err != nil {
		return fmt.Errorf("goroutines left behind: %w", err)
	}
	after := descriptors()
	for range 100 {
		if after <= p.descriptors {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
		after = descriptors()
	}
	return fmt.Errorf("descriptors left behind: %d before, %d after", p.descriptors, after)
}

// descriptors counts those of the process; 0 where the system does not tell.
func descriptors() int {
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(d)
}
