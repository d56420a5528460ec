package outages

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
)

// TestOrders gives every order there is by iago ctl.
func TestOrders(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	feeder := r.feed("run", r.spec("rate: 100/s\nduration: 10m\narrival: uniform\n"), "--workers", "2")
	crew := r.crew(2)
	r.after(500 * time.Millisecond)
	obeyed := func(says string, words ...string) {
		t.Helper()
		p := r.ctl(words...)
		if status := p.Wait(soon); status != report.ExitDone || !strings.Contains(p.Stdout(), says) {
			t.Errorf("%q: status %d, expected %q in %s%s", words, status, says, p.Stdout(), p.Stderr())
		}
	}
	refused := func(says string, words ...string) {
		t.Helper()
		p := r.ctl(words...)
		if status := p.Wait(soon); status != report.ExitUsage || !strings.Contains(p.Stderr(), says) {
			t.Errorf("%q: status %d, expected %q in %s", words, status, says, p.Stderr())
		}
	}
	rate := func(want float64) {
		t.Helper()
		r.until(fmt.Sprint("the rate is ", want), func(s *status) bool { return s.Rate > want-0.01 && s.Rate < want+0.01 })
	}
	obeyed("running", "status")
	obeyed("w2", "workers")
	obeyed("joined job "+name, "logs", "w1")
	obeyed("200", "rate", "200/s")
	rate(200)
	obeyed("100", "rate", "+100/s")
	rate(300)
	obeyed("", "rate", "-10%")
	rate(270)
	obeyed("", "scale", "2")
	rate(540)
	obeyed("", "pause")
	rate(0)
	obeyed("", "resume")
	rate(540)
	refused("dance", "dance")
	refused("nobody", "logs", "nobody")
	refused("", "rate", "fast")
	refused("", "scale", "-1")
	p := r.ctl("status", "--json")
	var s status
	if err := json.Unmarshal([]byte(p.Stdout()), &s); err != nil || len(s.Workers) != 2 || s.Job != name || len(s.Events) != 6 {
		t.Errorf("%v: %s", err, p.Stdout())
	}
	obeyed("the schedule ends", "stop")
	if status := feeder.Wait(soon); status != report.ExitInterrupted {
		t.Errorf("the feeder ended with status %d", status)
	}
	ends(t, soon, crew...)
	sum := &exact(t, r.out("run")).Summary
	if q := sum.Requests; sum.Run.End != report.EndInterrupted || q.Completed != q.Scheduled || q.Completed != r.target.Total() {
		t.Errorf("end %q, %s, the target has seen %d", sum.Run.End, text(q), r.target.Total())
	}
	for _, e := range []string{"rate 200/s", "scale 2", "pause", "resume", "stopped"} {
		if !slices.ContainsFunc(sum.Events, func(x report.Event) bool { return strings.Contains(x.Text, e) }) {
			t.Errorf("no event says %q: %v", e, sum.Events)
		}
	}
	refused("is over", "status")
}

// TestKill: everything ends at once.
func TestKill(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	feeder := r.feed("run", r.spec("rate: 100/s\nduration: 10m\n"), "--workers", "2")
	crew := r.crew(2)
	r.after(time.Second)
	p := r.ctl("kill")
	if status := p.Wait(soon); status != report.ExitDone {
		t.Errorf("status %d", status)
	}
	if status := feeder.Wait(soon); status != report.ExitInterrupted {
		t.Errorf("the feeder ended with status %d", status)
	}
	ends(t, soon, crew...)
	exact(t, r.out("run"))
}

// TestAnswersUnderLoad: the coordinator answers at once while its workers send and feed what they can.
func TestAnswersUnderLoad(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	spec := r.spec(fmt.Sprintf("rate: 10000/s\nduration: 6s\nrecords: {file: %s}\n", r.paths(100_000)))
	feeder := r.feed("run", spec, "--workers", "2")
	crew := r.crew(2)
	r.after(time.Second)
	var took []time.Duration
	for s, err := r.status(); err == nil && s.At < int64(5*time.Second); {
		asked := time.Now()
		s, err = r.status() // which gives up after a second
		took = append(took, time.Since(asked))
		time.Sleep(50 * time.Millisecond)
	}
	r.finish(feeder)
	ends(t, soon, crew...)
	exact(t, r.out("run"))
	slices.Sort(took)
	t.Logf("%d answers, half of them within %v, all within %v", len(took), took[len(took)/2], took[len(took)-1])
	if len(took) < 20 {
		t.Errorf("%d answers only", len(took))
	}
}

// TestObjectivesOfTheWhole: each worker alone is far below the rate that is asked for, all together are not.
func TestObjectivesOfTheWhole(t *testing.T) {
	t.Parallel()
	target := counted(t)
	p := run(t, 4, "http://"+target.Addr().String(), "-r", "100/s", "-d", "2s", "--arrival", "uniform", "--slo", "rate>99/s", "--slo", "errors<0.1%")
	p.Finish(whole)
	s := &exact(t, p.dir).Summary
	plain(t, s, target, 200)
	for _, o := range s.Verdict.SLO {
		if !o.OK {
			t.Errorf("%+v", o)
		}
	}
}
