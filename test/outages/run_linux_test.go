package outages

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/target/http"
	"github.com/iagoloadgen/iago/target/model"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

// answering starts a target that answers by a model, with that many bytes.
func answering(t *testing.T, faults ...string) (url string, target *http.Server) {
	t.Helper()
	o := http.Options{Listen: "127.0.0.1:0", BodySize: 20}
	for _, text := range faults {
		f, err := model.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Model.Faults = append(o.Model.Faults, f)
	}
	s, err := http.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = s.Wait() })
	return "http://" + s.Addr().String(), s
}

// alone is a job on this machine: iago run, in several worker processes or in one process.
type alone struct {
	*cluster.Proc
	dir string
}

func run(t *testing.T, workers int, spec string, args ...string) alone {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	args = append([]string{"run", spec, "--quiet", "--out", dir}, args...)
	if workers > 0 {
		args = append(args, "--workers", fmt.Sprint(workers), "--lease", patient)
	}
	return alone{cluster.Start(t, nil, args...), dir}
}

// file writes a file of the test's own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// everything is a spec with all that has figures of its own: labels, weights, checks, follow-ups, failures, a warm-up.
const everything = `name: everything
rate: 400/s
duration: 6s
arrival: %s
seed: 7
warmup: 1s
timeout: 2s
records: {file: %s, loop: true}
labels: {segments: 1}
request:
  expr:
    label: 'int(split(path, "/")[1]) %% 2 == 0 ? "even" : "odd"'
    weight: 'path == "/3" ? 5 : 1'
    keep: {n: 'split(path, "/")[1]'}
checks:
  - {name: fine, expr: 'status == 200'}
  - {name: small, expr: 'int(kept.n) < 50'}
followups:
  - {when: 'kept.n == "7"', expr: {uri: '"/again/" + kept.n'}, think: 20ms, label: again}
`

// paths is a source of n paths.
func paths(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "/%d\n", i)
	}
	return b.String()
}

// TestSums runs everything on four workers, and holds all figures against each other and against what the target saw.
func TestSums(t *testing.T) {
	long(t)
	for _, law := range []string{"poisson", "uniform"} {
		t.Run(law, func(t *testing.T) {
			t.Parallel()
			url, target := answering(t, "error:status=503,share=5%", "close:share=2%")
			spec := file(t, "all.yaml", "target: "+url+"\n"+fmt.Sprintf(everything, law, file(t, "paths", paths(100))))
			p := run(t, 4, spec)
			p.Finish(whole)
			s := &exact(t, p.dir).Summary
			q, f := s.Requests, s.Followups.Requests
			if target.Stats().Requests != q.Sent+f.Sent || q.Failed == 0 || s.ServerErrors == 0 || f.Completed == 0 {
				t.Errorf("the target has seen %d; %s, follow-ups %s, %d server errors", target.Stats().Requests, text(q), text(f), s.ServerErrors)
			}
			for name, c := range s.Checks {
				if n := c.Passed + c.Failed; n != q.Completed+f.Completed-s.Unseen || c.Failed == 0 {
					t.Errorf("check %s: %+v of %d and %d answers, %d not seen", name, c, q.Completed, f.Completed, s.Unseen)
				}
			}
			if s.Load.Arrivals <= q.Scheduled || len(s.Workers) != 4 || s.Generator.Workers != 4 || s.Warmup == nil || s.Warmup.Latency.Count == 0 {
				t.Errorf("%d arrivals, %s, %d workers, warm-up %+v", s.Load.Arrivals, text(q), len(s.Workers), s.Warmup)
			}
			for _, name := range []string{"even", "odd"} {
				if l := s.Labels[name]; l.Requests.Completed < q.Completed/3 || l.Latency.Count == 0 {
					t.Errorf("label %s: %s", name, text(l.Requests))
				}
			}
			if law == "uniform" && s.Load.Arrivals != 2400 {
				t.Errorf("%d arrivals, expected 2400", s.Load.Arrivals)
			}
		})
	}
}

// TestSameSeed: the same seed gives the same schedule, to as many workers, and nearly the same to every worker.
func TestSameSeed(t *testing.T) {
	long(t)
	target := counted(t)
	var arrivals []int64
	var shares [][]int64
	for range 2 {
		p := run(t, 3, "http://"+target.Addr().String(), "-r", "300/s", "-d", "3s", "--seed", "11")
		p.Finish(whole)
		s := &exact(t, p.dir).Summary
		arrivals = append(arrivals, s.Load.Arrivals)
		var share []int64
		for _, w := range s.Workers {
			share = append(share, w.Requests.Scheduled)
		}
		shares = append(shares, share)
	}
	if arrivals[0] != arrivals[1] || !slices.Equal(shares[0], shares[1]) || arrivals[0] == 900 {
		t.Errorf("arrivals %v, of the workers %v", arrivals, shares)
	}
}

func counted(t *testing.T) *counting.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return counting.HTTP(t, l, counting.Options{})
}

// TestStatuses: a run on several workers ends with the status that it has in one process, and says the same.
func TestStatuses(t *testing.T) {
	long(t)
	for _, c := range []struct {
		name, spec string
		args       []string
		faults     []string
		status     int
		says       string
		unsent     bool // not one request may be sent
	}{
		{name: "done", spec: "rate: 100/s\nduration: 2s\n", says: "Answered"},
		{name: "an objective is missed", spec: "rate: 100/s\nduration: 2s\nslo: ['p50<1ns', 'rate>1/s']\n", status: report.ExitMissed, says: "p50<1ns"},
		{name: "nothing completed", spec: "rate: 100/s\nduration: 2s\n", faults: []string{"close:share=100%"}, status: report.ExitFailed, says: "not one request completed"},
		{name: "broken off", spec: "rate: 100/s\nduration: 10m\nabort_on: ['errors>50%']\n", faults: []string{"error:status=500,at=1s,for=10m"}, status: report.ExitFailed, says: "errors>50%"},
		{name: "unknown field", spec: "rat: 100/s\n", status: report.ExitUsage, says: "rat", unsent: true},
		{name: "no records", spec: "records: /nowhere/records\n", status: report.ExitUsage, says: "/nowhere/records", unsent: true},
		{name: "a bad flag", spec: "rate: 100/s\n", args: []string{"--late", "never"}, status: report.ExitUsage, says: "--late", unsent: true},
		{name: "no such program", spec: "processor: {exec: [/nowhere/program]}\nrecords: {file: PATHS}\n", status: report.ExitUsage, says: "/nowhere/program", unsent: true},
		{name: "no such law", spec: "arrival: sometimes\n", status: report.ExitUsage, says: "sometimes", unsent: true},
	} {
		for _, workers := range []int{0, 4} {
			t.Run(fmt.Sprintf("%s/%d workers", c.name, workers), func(t *testing.T) {
				t.Parallel()
				url, target := answering(t, c.faults...)
				spec := file(t, "spec.yaml", "name: s\ntarget: "+url+"\n"+strings.ReplaceAll(c.spec, "PATHS", file(t, "paths", paths(10))))
				p := run(t, workers, spec, c.args...)
				status := p.Wait(whole)
				if status == report.ExitSlipped && (c.status == report.ExitDone || c.status == report.ExitMissed) {
					status = c.status // the machine's affair
				}
				if said := p.Stdout() + p.Stderr(); status != c.status || !strings.Contains(said, c.says) {
					t.Errorf("status %d, expected %d and %q:\n%s", status, c.status, c.says, said)
				}
				if n := target.Stats().Requests; c.unsent != (n == 0) {
					t.Errorf("the target has seen %d requests", n)
				}
				if !c.unsent {
					exact(t, p.dir)
				}
			})
		}
	}
}

// TestSlipped: records come too slowly for the schedule.
func TestSlipped(t *testing.T) {
	t.Parallel()
	target := counted(t)
	in, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	c := cluster.Command(t, nil, "run", "http://"+target.Addr().String(), "--workers", "2", "-r", "50", "-d", "2s", "--records", "-", "--out", filepath.Join(t.TempDir(), "run"))
	c.Stdin = in
	p := cluster.StartCommand(t, c)
	in.Close()
	fmt.Fprint(pipe, "/a\n/b\n/c\n")
	if status := p.Wait(whole); status != report.ExitSlipped || !strings.Contains(p.Stdout(), "found no record when due") {
		t.Errorf("status %d", status)
	}
}

// TestInterrupted: one signal stops the schedule and waits, two end everything at once; either way there are results, and no worker is left.
func TestInterrupted(t *testing.T) {
	long(t)
	for _, signals := range []int{1, 2} {
		t.Run(fmt.Sprint(signals), func(t *testing.T) {
			t.Parallel()
			service, err := model.ParseService("constant:3s")
			if err != nil {
				t.Fatal(err)
			}
			slow, err := http.Start(t.Context(), http.Options{Listen: "127.0.0.1:0", Model: model.Options{Service: service}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = slow.Close(); _ = slow.Wait() })
			p := run(t, 4, "http://"+slow.Addr().String(), "-r", "40", "-d", "10m")
			for end := time.Now().Add(soon); slow.Stats().Requests < 200 && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
			}
			p.Interrupt()
			if signals == 2 {
				time.Sleep(500 * time.Millisecond) // else the two are one, or the second comes when all is over
				p.Interrupt()
			}
			if status := p.Wait(soon); status != report.ExitInterrupted {
				t.Errorf("status %d", status)
			}
			s := &exact(t, p.dir).Summary
			if q := s.Requests; s.Run.End != report.EndInterrupted || q.Completed == 0 || (q.InFlight > 0) != (signals == 2) {
				t.Errorf("end %q, %s", s.Run.End, text(q))
			}
		})
	}
}

// TestInterruptedEarly: nothing was sent yet, since the workers are still being waited for.
func TestInterruptedEarly(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	feeder := r.feed("run", r.spec("rate: 100/s\n"), "--workers", "2")
	worker := r.work("w1")
	r.until("one worker is there", func(s *status) bool { return len(s.Workers) == 1 })
	feeder.Interrupt()
	if status := feeder.Wait(soon); status != report.ExitInterrupted || r.target.Total() > 0 {
		t.Errorf("status %d, the target has seen %d", status, r.target.Total())
	}
	ends(t, soon, worker)
}
