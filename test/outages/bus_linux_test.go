package outages

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/netns"
)

// TestBusDies: the only server of the bus is killed and started again with the same folder. The workers stop when their leases end, and go on
// when it is back, with what is due from then on.
func TestBusDies(t *testing.T) {
	long(t)
	const rate, lease, records = 200, 2 * time.Second, 2000
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	spec := r.spec(fmt.Sprintf("rate: %d/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", rate, r.paths(records)))
	feeder := r.feed("run", spec, "--workers", "2", "--lease", lease.String())
	crew := r.crew(2)
	r.after(3 * time.Second)
	r.bus.Servers()[0].Kill()
	killed := time.Now()
	time.Sleep(lease + 3*time.Second) // the outage itself
	back := time.Now()
	r.bus.Servers()[0].Start()
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	aborted := s.Errors[measure.FailedLease]
	r.sent(s, records, int(aborted))
	times := r.target.Times()
	if x := times.Between(killed.Add(lease), back); len(x) > 0 {
		t.Errorf("%d requests came after the leases' end, the last %v after it", len(x), time.Unix(0, x[len(x)-1]).Sub(killed.Add(lease)))
	}
	if after := times.Between(back, time.Now()); after.MaxRate(time.Second) > 1.5*rate || len(after) == 0 {
		t.Errorf("%d requests came after the outage, up to %.0f/s", len(after), after.MaxRate(time.Second))
	}
	// Nothing is due to anybody between the leases' end and the moment at which they are renewed.
	if q := s.Requests; q.Unsent < rate*2 || s.UnsentBy[measure.UnsentLease]+s.UnsentBy[measure.UnsentNoWorker]+s.UnsentBy[measure.UnsentLate] != q.Unsent {
		t.Errorf("%s, unsent by %v", text(q), s.UnsentBy)
	}
	if q := s.Requests; q.Completed+aborted != q.Sent || q.Completed > r.target.Total() || q.Sent < r.target.Total() {
		t.Errorf("%s, errors %v, the target has seen %d", text(q), s.Errors, r.target.Total())
	}
	for _, w := range s.Workers {
		if w.State != report.WorkerDone {
			t.Errorf("worker %s: %s %s", w.Name, w.State, w.Reason)
		}
	}
}

// sent asserts that the target has seen every one of n records, but for so many.
func (r *rig) sent(s *report.Summary, n, but int) {
	r.t.Helper()
	missing := 0
	for i := range n {
		if r.target.Total(fmt.Sprint("/", i)) == 0 {
			missing++
		}
	}
	if missing > but {
		r.t.Errorf("%d of %d records were never sent; records %+v, %s", missing, n, s.Records, text(s.Requests))
	}
	if s.Run.End != report.EndSource {
		r.t.Errorf("the job's end is %q", s.Run.End)
	}
}

// TestBusDiesForGood: when the bus does not come back, the workers stop, and whoever interrupts the processes is obeyed all the same.
func TestBusDiesForGood(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	feeder := r.feed("run", r.spec("rate: 100/s\nduration: 10m\n"), "--lease", "1s")
	worker := r.work("w1")
	r.after(time.Second)
	r.bus.Servers()[0].Kill()
	worker.Says(soon, "the lease has ended")
	for _, p := range []interface{ Interrupt() }{feeder, worker} {
		p.Interrupt()
		time.Sleep(200 * time.Millisecond) // two signals at once may be one
		p.Interrupt()
	}
	if status := feeder.Wait(soon); status != report.ExitInterrupted {
		t.Errorf("the feeder ended with status %d", status)
	}
	if status := worker.Wait(soon); status != report.ExitFailed && status != report.ExitDone {
		t.Errorf("the worker ended with status %d", status)
	}
}

// TestLeaderDies: of three servers the one that leads is killed and comes back, for each of the job's streams. Nothing is lost.
func TestLeaderDies(t *testing.T) {
	long(t)
	const rate, records = 200, 5000
	r := newRig(t, 3)
	r.target.Close()
	r.serveByPath()
	spec := r.spec(fmt.Sprintf("rate: %d/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", rate, r.paths(records)))
	feeder := r.feed("run", spec, "--workers", "2", "--lease", "2s", "--replicas", "3")
	crew := r.crew(2)
	for i, stream := range []string{"KV_iago_" + name, "iago_" + name + "_records", "iago_" + name + "_results"} {
		r.after(time.Duration(2+5*i) * time.Second)
		s := r.bus.Server(r.leader(stream))
		s.Kill()
		time.Sleep(3 * time.Second) // the outage itself
		s.Start()
	}
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	aborted := s.Errors[measure.FailedLease]
	r.sent(s, records, int(aborted))
	if q := s.Requests; q.Completed+aborted != q.Sent || q.Completed > r.target.Total() || q.Sent < r.target.Total() {
		t.Errorf("%s, errors %v, the target has seen %d", text(q), s.Errors, r.target.Total())
	}
	if max := r.target.Times().MaxRate(time.Second); max > 1.5*rate {
		t.Errorf("the target saw up to %.0f/s", max)
	}
}

// leader is the name of the server that leads a stream.
func (r *rig) leader(stream string) string {
	r.t.Helper()
	c := r.bus.Config()
	nc, err := nats.Connect(c.URL, nats.Token(c.Token))
	if err != nil {
		r.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		r.t.Fatal(err)
	}
	leader := ""
	netns.Eventually(r.t, soon, func() bool {
		s, e := js.Stream(r.t.Context(), stream)
		if err = e; e == nil {
			leader = s.CachedInfo().Cluster.Leader
		}
		return leader != ""
	}, func() string { return fmt.Sprintf("%s has a leader: %v", stream, err) })
	return leader
}
