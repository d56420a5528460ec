package sim

import (
	"context"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/arrival"
	_ "github.com/iagoloadgen/iago/transport/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestJob runs a small simulation with all that can happen to it. What it promises is exact: nothing is sent that the schedule does not
// call for, with the change of its rate, and nothing twice; all parts are held again after the loss of a third of the workers, and evenly
// after others have come; the job's account is complete. Times are not looked at.
func TestJob(t *testing.T) {
	c := Config{
		Workers: 200, Slow: 2, Lease: time.Second, Lose: 0.3, Join: 50, Steady: 500 * time.Millisecond, Settle: 500 * time.Millisecond, Logf: t.Logf,
	}
	if testing.Short() {
		c.Workers, c.Join, c.PerConnection = 40, 10, 5
	}
	f, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	l := &f.Law
	if l.Sent == 0 || l.Scheduled != f.Complete+f.Unsent+f.Lost || f.Complete > l.Sent || l.Sent+int64(len(l.Missing)) != l.Scheduled {
		t.Errorf("%d arrivals, %d sent; by the job's account %d completed, %d unsent, %d lost", l.Scheduled, l.Sent, f.Complete, f.Unsent, f.Lost)
	}
	if f.Change.Workers != c.Workers || f.Losing.Dead == 0 || f.Losing.Cut == 0 || f.Recovery.Missing == 0 || f.Joined.Workers != c.Join {
		t.Errorf("change %+v, loss %+v, recovery %+v, joined %+v", f.Change, f.Losing, f.Recovery, f.Joined)
	}
	for _, kind := range []string{kindResults, "↑ leases, renewed", "↑ signs of life"} {
		if f.Kinds[kind].Messages == 0 {
			t.Errorf("no %s were counted: %v", kind, f.Kinds)
		}
	}
}

// TestJudgeFindsWhatIsWrong: the law is broken by an arrival that is sent twice, and by one that the schedule does not have.
func TestJudgeFindsWhatIsWrong(t *testing.T) {
	process, err := arrival.Parse("poisson", 1000, 3)
	if err != nil {
		t.Fatal(err)
	}
	parts, end := process.Parts(4), int64(time.Second)
	share := parts.Share(0, 1)
	share.Apply(&arrival.Plan{Profile: process.Profile, End: end, Held: []arrival.Holding{{First: 0, Last: 3, Through: arrival.Forever}}}, 0)
	var all []int64
	for due, ok := share.Next(); ok; due, ok = share.Next() {
		all = append(all, due)
	}
	twice := slices.Insert(slices.Clone(all), 10, all[10])
	alien := slices.Insert(slices.Clone(all), 10, all[10]-1)
	late := append(slices.Clone(all), end+1)
	for name, sent := range map[string][]int64{"twice": twice, "alien": alien, "late": late} {
		if _, err := Judge(parts, process.Profile, end, sent); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
	l, err := Judge(parts, process.Profile, end, slices.Delete(slices.Clone(all), 5, 8))
	if err != nil || l.Scheduled != int64(len(all)) || !slices.Equal(l.Missing, all[5:8]) {
		t.Errorf("%+v, %v", l, err)
	}
	if n, last := l.Between(all[5], end); n != 2 || last != all[7] {
		t.Errorf("%d missing, the last at %d", n, last)
	}
}

// TestUnfitConfig: what cannot be run is refused.
func TestUnfitConfig(t *testing.T) {
	for _, c := range []Config{{Workers: -1}, {Lose: 1}, {Slow: -1}, {PerConnection: -1}, {Rate: -5}} {
		if _, err := Run(context.Background(), c); err == nil {
			t.Errorf("%+v was run", c)
		}
	}
}
