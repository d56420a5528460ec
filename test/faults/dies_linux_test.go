package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWorkerDies kills some of four workers: the others have their share within the lease and a second, and what they had sent without
// saying so is counted as lost.
func TestWorkerDies(t *testing.T) {
	for name, c := range map[string]struct {
		lease, at, duration time.Duration
		kills               int
		apart               time.Duration // one dies so long after the other
		long                bool
	}{
		"soon":                   {lease: time.Second, at: 2500 * time.Millisecond, duration: 8 * time.Second, kills: 1},
		"in its first second":    {lease: lease, at: 500 * time.Millisecond, duration: 8 * time.Second, kills: 1, long: true},
		"with the default lease": {lease: 5 * time.Second, at: 3700 * time.Millisecond, duration: 14 * time.Second, kills: 1, long: true},
		"two at once":            {lease: lease, at: 2 * time.Second, duration: 8 * time.Second, kills: 2, long: true},
		"the heir too":           {lease: lease, at: 2 * time.Second, duration: 11 * time.Second, kills: 2, apart: lease + 800*time.Millisecond, long: true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.long {
				long(t, c.duration)
			}
			t.Parallel()
			r := newRig(t, work{rate: 600, duration: c.duration, workers: 4, lease: c.lease, collect: time.Second})
			workers := r.join(4)
			victims := workers[1 : 1+c.kills]
			killed := make([]time.Time, c.kills)
			r.begun()
			r.pass(c.at)
			for i, w := range victims {
				if i > 0 {
					r.pass(c.apart)
				}
				killed[i] = time.Now()
				w.Kill()
			}
			o := r.finish(workers, victims...)
			for _, w := range victims {
				o.dead(w)
			}
			if !o.calm(stalled) {
				return
			}
			for i, w := range victims {
				o.within(o.at(killed[i]), o.at(killed[i])+c.lease+time.Second, "^worker "+w.name+" has not been heard of")
			}
			o.whole(o.at(killed[c.kills-1])+c.lease+time.Second, c.duration)
		})
	}
}

// dead looks at what is said of a worker that was killed.
func (o *outcome) dead(w *worker) {
	o.t.Helper()
	x := o.of(w)
	if x.State != "lost" {
		o.t.Errorf("%s is said to be %q", w.name, x.State)
	}
	seen := o.rig.target.Total(w.addr())
	q := x.Requests
	if seen > q.Sent && o.calm(stalled) || seen < q.Sent-q.Lost {
		o.t.Errorf("%d requests of %s reached the target: expected from %d to %d, %d of %d being lost", seen, w.name, q.Sent-q.Lost, q.Sent, q.Lost, q.Sent)
	}
	if !o.calm(stalled) {
		return
	}
	// It reports once a second and shows signs of life every 200 ms, and takes some time for both.
	const unreported = 2 * time.Second
	if most := o.rig.work.rate / float64(o.rig.work.workers-1) * unreported.Seconds(); float64(q.Lost) > most {
		o.t.Errorf("%d requests of %s are lost, more than it can have sent in %v", q.Lost, w.name, unreported)
	}
}

// TestRecordsOutliveWorkers kills one of three workers: what it had not acknowledged of the records is sent by the others, so that each is sent at
// least once, and hardly any twice.
func TestRecordsOutliveWorkers(t *testing.T) {
	const rate, count = 400, 3200
	long(t, 15*time.Second)
	t.Parallel()
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "/%d\n", i)
	}
	file := filepath.Join(t.TempDir(), "paths")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	seen := map[string]int{}
	r := newRig(t, work{
		rate: rate, duration: time.Minute, workers: 3, collect: time.Second, spec: fmt.Sprintf("records: {file: %s, loop: false}\n", file), late: true,
		tag: func(request []byte) []byte {
			mu.Lock()
			defer mu.Unlock()
			seen[strings.Fields(string(request))[1]]++
			return nil
		},
	})
	workers := r.join(3)
	r.begun()
	r.pass(3 * time.Second)
	workers[0].Kill()
	o := r.finish(workers, workers[0])
	missing, twice := 0, 0
	for i := range count {
		switch n := seen[fmt.Sprint("/", i)]; {
		case n == 0:
			missing++
		case n > 1:
			twice += n - 1
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d records were never sent", missing, count)
	}
	if twice > rate && o.calm(stalled) {
		t.Errorf("%d records were sent twice", twice)
	}
	s := o.Summary
	if s.Run.End != "source" || s.Records.Read != count || s.Requests.Starved > 0 {
		t.Errorf("end %q, records %+v, requests %+v", s.Run.End, s.Records, s.Requests)
	}
}
