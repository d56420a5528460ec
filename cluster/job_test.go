package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/spec"
)

// rig is a bus and a target for jobs within the test's process.
type rig struct {
	t      *testing.T
	server *bus.Server
	target *httptest.Server
	served atomic.Int64
	mu     sync.Mutex
	paths  map[string]int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, paths: map[string]int{}}
	var err error
	if r.server, err = bus.Serve(t.Context(), bus.ServerConfig{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	r.target = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		r.served.Add(1)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.paths[q.URL.Path]++
	}))
	t.Cleanup(r.target.Close)
	return r
}

func (r *rig) connect() *bus.Bus {
	r.t.Helper()
	b, err := bus.Connect(r.t.Context(), bus.Config{URL: r.server.URL(), Token: r.server.Token()})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	return b
}

func (r *rig) spec(rest string) *spec.Spec {
	r.t.Helper()
	s, err := spec.Parse(filepath.Join(r.t.TempDir(), "shop.yaml"), []byte("name: shop\ntarget: "+r.target.URL+"\ntimeout: 5s\n"+rest))
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// outcome is what a feeder in the background came to.
type outcome struct {
	out *job.Outcome
	err error
}

func (r *rig) feed(ctx context.Context, c FeedConfig) chan outcome {
	done := make(chan outcome, 1)
	c.Bus, c.Dir = r.connect(), filepath.Join(r.t.TempDir(), "run")
	if c.Lease == 0 {
		c.Lease = 30 * time.Second // it does not end when a busy machine stands still for seconds
	}
	go func() {
		out, err := Feed(ctx, context.Background(), c)
		done <- outcome{out, err}
	}()
	return done
}

// work runs workers in the background; the function returned waits for them.
func (r *rig) work(ctx, kill context.Context, names ...string) (wait func()) {
	var all sync.WaitGroup
	for _, name := range names {
		b := r.connect()
		all.Go(func() {
			if err := Work(ctx, kill, WorkerConfig{Bus: b, Name: name, Keep: 5 * time.Second}); err != nil && kill.Err() == nil {
				r.t.Errorf("%s: %v", name, err)
			}
		})
	}
	return all.Wait
}

func (r *rig) summary(done chan outcome) *report.Summary {
	r.t.Helper()
	select {
	case o := <-done:
		if o.err != nil {
			r.t.Fatal(o.err)
		}
		if o.out == nil {
			r.t.Fatal("no outcome")
		}
		if o.out.Err != nil {
			r.t.Error(o.out.Err)
		}
		return o.out.Summary
	case <-time.After(time.Minute):
		r.t.Fatal("the job has not ended within a minute")
	}
	return nil
}

var never = context.Background()

func TestJobOnThreeWorkers(t *testing.T) {
	r := newRig(t)
	done := r.feed(never, FeedConfig{Spec: r.spec("rate: 300/s\nduration: 2s\narrival: uniform\n"), Workers: 3})
	r.work(never, never, "a", "b", "b")()
	s := r.summary(done)
	if q := s.Requests; q.Scheduled != 600 || q.Completed != 600 || r.served.Load() != 600 {
		t.Errorf("%+v, %d served", q, r.served.Load())
	}
	if len(s.Workers) != 3 || s.Workers[2].Name != "b-2" || s.Generator.Workers != 3 || s.Run.End != report.EndSchedule {
		t.Errorf("%d workers, end %q", len(s.Workers), s.Run.End)
	}
	for _, w := range s.Workers {
		if w.State != report.WorkerDone || w.Requests.Completed < 150 {
			t.Errorf("%+v", w)
		}
	}
	if l := s.Labels["GET /"]; l.Requests != s.Requests || l.Latency.Count != 600 {
		t.Errorf("label: %+v", l)
	}
}

func TestRecordsAreSentOnceEach(t *testing.T) {
	for _, direct := range []bool{false, true} {
		t.Run(fmt.Sprint("direct ", direct), func(t *testing.T) {
			r := newRig(t)
			file := filepath.Join(t.TempDir(), "paths")
			var b strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&b, "/%d\n", i)
			}
			if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			done := r.feed(never, FeedConfig{Spec: r.spec("rate: 1000/s\nduration: 30s\nrecords: {file: " + file + ", loop: false}\n"), Workers: 2, Direct: direct})
			r.work(never, never, "a", "b")()
			s := r.summary(done)
			if len(r.paths) != 1000 || s.Requests.Completed != 1000 || s.Requests.Scheduled != 1000 || s.Run.End != report.EndSource {
				t.Errorf("%d paths, %+v, end %q", len(r.paths), s.Requests, s.Run.End)
			}
			if s.Records.Read != 1000 || s.Records.Unused != 0 {
				t.Errorf("%+v", s.Records)
			}
		})
	}
}

// TestSlowSourceStarves has records come too slowly while the source has not ended: what is due meanwhile is starved, not forgotten.
func TestSlowSourceStarves(t *testing.T) {
	r := newRig(t)
	pipe, records := io.Pipe()
	go func() {
		for i := range 60 {
			_, _ = fmt.Fprintf(records, "/%d\n", i)
			time.Sleep(100 * time.Millisecond)
		}
		_ = records.Close()
	}()
	done := r.feed(never, FeedConfig{
		Spec: r.spec("rate: 200/s\nduration: 30s\narrival: uniform\nrecords: {file: \"-\", format: uri, loop: false}\n"), Workers: 2, Stdin: pipe,
	})
	r.work(never, never, "a", "b")()
	s := r.summary(done)
	if q := s.Requests; q.Completed != 60 || q.Starved < 50 || q.Scheduled != q.Completed+q.Starved+q.Unsent || s.Run.End != report.EndSource {
		t.Errorf("%+v, end %q", q, s.Run.End)
	}
}

func TestWorkerLeavesAndAnotherJoins(t *testing.T) {
	r := newRig(t)
	done := r.feed(never, FeedConfig{Spec: r.spec("rate: 400/s\nduration: 8s\narrival: uniform\n"), Workers: 2})
	leaving, leave := context.WithCancel(never)
	stay := r.work(never, never, "stays")
	left := r.work(leaving, never, "leaves")
	control := r.connect()
	j := r.opened(control)
	r.until("running", func() bool {
		s, err := Control(t.Context(), j, OrderStatus)
		return err == nil && s.At > int64(time.Second)
	})
	leave()
	left()
	joined := r.work(never, never, "joins")
	stay()
	joined()
	s := r.summary(done)
	q := s.Requests
	if q.Scheduled != 3200 || q.Completed+q.Unsent != 3200 || q.Unsent > 40 || s.UnsentBy["no worker"] != q.Unsent {
		t.Errorf("%+v, unsent by %v", q, s.UnsentBy)
	}
	if r.served.Load() != q.Completed {
		t.Errorf("%d served, %d completed", r.served.Load(), q.Completed)
	}
	if len(s.Workers) != 3 || s.Workers[0].Name != "joins" || s.Workers[0].Requests.Completed < 100 || s.Workers[1].State != report.WorkerLeft {
		t.Errorf("workers: %+v", s.Workers)
	}
}

// TestWorkerDiesBeforeItsFirstReport: nobody has heard of its figures, and what reached the target is counted all the same.
func TestWorkerDiesBeforeItsFirstReport(t *testing.T) {
	r := newRig(t)
	done := r.feed(never, FeedConfig{Lease: time.Second, Spec: r.spec("rate: 1000/s\nduration: 5s\narrival: uniform\n"), Workers: 2, Collect: time.Millisecond})
	stay := r.work(never, never, "lives")
	dying, die := context.WithCancel(never)
	b := r.connect()
	dead := make(chan struct{})
	go func() {
		defer close(dead)
		_ = Work(never, dying, WorkerConfig{Bus: b, Name: "dies", Keep: time.Millisecond})
	}()
	r.until("some requests", func() bool { return r.served.Load() > 300 })
	b.Close() // so that it cannot say any more what it did
	die()
	<-dead
	stay()
	s := r.summary(done)
	q, w := s.Requests, s.Workers[0]
	if w.Name != "dies" || w.State != report.WorkerLost || w.Requests.Lost < 150 || w.Requests.Lost > 500 || w.Requests.Sent != w.Requests.Lost {
		t.Errorf("%+v", w)
	}
	if n := r.served.Load(); n > q.Sent || n < q.Completed || q.Scheduled != 5000 || q.Unsent == 0 {
		t.Errorf("%d served, %+v", n, q)
	}
}

func (r *rig) opened(b *bus.Bus) (j *bus.Job) {
	r.until("the job is on the bus", func() bool {
		var err error
		j, err = b.OpenJob(r.t.Context(), "shop")
		return err == nil
	})
	return j
}

// until waits for a condition.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			r.t.Fatalf("not within 30s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestControl(t *testing.T) {
	r := newRig(t)
	done := r.feed(never, FeedConfig{Spec: r.spec("rate: 100/s\nduration: 60s\narrival: uniform\n"), Workers: 2})
	wait := r.work(never, never, "a", "b")
	j := r.opened(r.connect())
	order := func(text string) *Status {
		t.Helper()
		s, err := Control(t.Context(), j, text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	r.until("running", func() bool {
		s, err := Control(t.Context(), j, OrderStatus)
		return err == nil && s.At > int64(time.Second)/2
	})
	for _, wrong := range []string{"dance", "rate fast", "scale -1"} {
		if _, err := Control(t.Context(), j, wrong); err == nil {
			t.Errorf("%q was obeyed", wrong)
		}
	}
	order("rate 1000/s")
	r.until("the new rate", func() bool { return order(OrderStatus).Rate == 1000 })
	r.until("a second more", func() bool { s := order(OrderStatus); return s.At > s.Events[0].At+int64(time.Second) })
	order("pause")
	r.until("paused", func() bool { return order(OrderStatus).Rate == 0 })
	lines, err := Logs(t.Context(), j, "a")
	if err != nil || len(lines) == 0 || !strings.Contains(lines[0], "joined job shop") {
		t.Errorf("logs: %q, %v", lines, err)
	}
	order(OrderStop)
	wait()
	s := r.summary(done)
	if s.Run.End != report.EndInterrupted || len(s.Events) < 3 || s.Requests.Completed != s.Requests.Scheduled || s.Requests.Completed < 1000 {
		t.Errorf("end %q, %+v, events %v", s.Run.End, s.Requests, s.Events)
	}
}

func TestSecondFeederTakesOver(t *testing.T) {
	r := newRig(t)
	first, end := context.WithCancel(never)
	// The first one's connection is closed under it: it can no more coordinate than if it had died.
	b := r.connect()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = Feed(first, first, FeedConfig{Bus: b, Spec: r.spec("rate: 200/s\nduration: 8s\narrival: uniform\n"), Workers: 2, Lease: 30 * time.Second, ID: "first"})
	}()
	wait := r.work(never, never, "a", "b")
	j := r.opened(r.connect())
	r.until("running", func() bool {
		s, err := Control(t.Context(), j, OrderStatus)
		return err == nil && s.At > int64(time.Second)
	})
	second := r.feed(never, FeedConfig{Spec: r.spec("rate: 200/s\nduration: 8s\narrival: uniform\n"), Workers: 2, ID: "second"})
	b.Close()
	end()
	wait()
	s := r.summary(second)
	<-gone
	if q := s.Requests; q.Scheduled != 1600 || q.Completed != 1600 || r.served.Load() != 1600 {
		t.Errorf("%+v, %d served: the coordinator's death lowers nothing", q, r.served.Load())
	}
}

func TestTooFewWorkers(t *testing.T) {
	r := newRig(t)
	done := r.feed(never, FeedConfig{Spec: r.spec("rate: 100/s\nduration: 1s\n"), Workers: 2, Wait: 500 * time.Millisecond})
	r.work(never, never, "alone")()
	if o := <-done; o.err == nil || !strings.Contains(o.err.Error(), "1 of 2 workers had come") {
		t.Errorf("%v", o.err)
	}
}

func TestExecNeedsPermission(t *testing.T) {
	r := newRig(t)
	file := filepath.Join(t.TempDir(), "paths")
	if err := os.WriteFile(file, []byte("/a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	done := r.feed(never, FeedConfig{Spec: r.spec("rate: 100/s\nduration: 1s\nprocessor: {exec: [cat]}\nrecords: {file: " + file + "}\n"), Workers: 1, Wait: 2 * time.Second})
	err := Work(never, never, WorkerConfig{Bus: r.connect(), Name: "careful", Keep: time.Second})
	if !errors.Is(err, ErrNoExec) {
		t.Errorf("worker: %v", err)
	}
	if o := <-done; o.err == nil || !strings.Contains(o.err.Error(), "--allow-exec") {
		t.Errorf("feeder: %v", o.err)
	}
}
