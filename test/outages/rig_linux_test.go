package outages

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	control "github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/bus/bustest"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

const (
	soon  = 30 * time.Second // for what takes a moment
	whole = 90 * time.Second // for a job
	name  = "shop"           // of every job

	patient = "30s" // a lease for jobs that nothing is taken away from: it does not end when a busy machine stands still for seconds
)

// rig is a bus in processes of its own and a target, for one job.
type rig struct {
	t      *testing.T
	bus    *bustest.Cluster
	target *counting.Target
	url    string
	token  string // file
	dir    string
	conn   *bus.Bus
	job    *bus.Job
}

// newRig starts so many servers of the bus and a target. Several servers have the configuration that users are shown.
func newRig(t *testing.T, servers int) *rig {
	t.Helper()
	o := bustest.Options{Servers: servers}
	if servers > 1 {
		o.Config = "../../examples/cluster/nats.conf"
	}
	r := &rig{t: t, dir: t.TempDir(), bus: bustest.Start(t, o)}
	r.token = r.write("token", r.bus.Config().Token)
	r.serve(counting.Options{})
	return r
}

// serve starts a target, in the place of the one before.
func (r *rig) serve(o counting.Options) {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.target = counting.HTTP(r.t, l, o)
	r.url = "http://" + l.Addr().String()
}

// write makes a file of the test's own.
func (r *rig) write(file, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, file)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// spec writes a spec whose target is the rig's.
func (r *rig) spec(rest string) string {
	r.t.Helper()
	return r.write(name+".yaml", fmt.Sprintf("name: %s\ntarget: %s\ntimeout: 5s\n%s", name, r.url, rest))
}

// paths writes a source of records: /0, /1, …
func (r *rig) paths(n int) string {
	r.t.Helper()
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "/%d\n", i)
	}
	return r.write("paths", string(b))
}

// out is a run directory.
func (r *rig) out(of string) string { return filepath.Join(r.dir, of) }

func (r *rig) atBus(args ...string) []string {
	return append(args, "--bus", r.bus.Config().URL, "--bus-token-file", r.token)
}

// feed starts a feeder that leaves a run directory named so.
func (r *rig) feed(out, spec string, args ...string) *cluster.Proc {
	r.t.Helper()
	return cluster.Start(r.t, nil, append(r.atBus("feed", spec, "--quiet", "--out", r.out(out), "--lease", patient), args...)...)
}

// work starts a worker.
func (r *rig) work(as string, args ...string) *cluster.Proc {
	r.t.Helper()
	return cluster.Start(r.t, nil, append(r.atBus("worker", "--name", as), args...)...)
}

// crew starts n workers, w1, w2, …
func (r *rig) crew(n int, args ...string) (list []*cluster.Proc) {
	r.t.Helper()
	for i := range n {
		list = append(list, r.work(fmt.Sprint("w", i+1), args...))
	}
	return list
}

// ctl gives an order by a process of its own and returns it when it has ended.
func (r *rig) ctl(words ...string) *cluster.Proc {
	r.t.Helper()
	p := cluster.Start(r.t, nil, r.atBus(append([]string{"ctl", name}, words...)...)...)
	p.Wait(soon)
	return p
}

// open opens the job, once it is there.
func (r *rig) open() *bus.Job {
	r.t.Helper()
	if r.job != nil {
		return r.job
	}
	var err error
	if r.conn, err = bus.Connect(r.t.Context(), r.bus.Config()); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.conn.Close)
	netns.Eventually(r.t, soon, func() bool {
		r.job, err = r.conn.OpenJob(r.t.Context(), name)
		return err == nil
	}, func() string { return fmt.Sprintf("the job is on the bus: %v", err) })
	return r.job
}

// status is how a job stands.
type status = control.Status

// status asks the coordinator; an error if nobody answers in time.
func (r *rig) status() (*status, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
	defer cancel()
	return control.Control(ctx, r.open(), control.OrderStatus)
}

// until waits until the coordinator says what is wanted.
func (r *rig) until(what string, ok func(*status) bool) (s *status) {
	r.t.Helper()
	var err error
	netns.Eventually(r.t, soon, func() bool {
		s, err = r.status()
		return err == nil && ok(s)
	}, func() string { return fmt.Sprintf("%s: %+v, %v", what, s, err) })
	return s
}

// after waits until the job has run for so long.
func (r *rig) after(d time.Duration) *status {
	r.t.Helper()
	return r.until(fmt.Sprint("running for ", d), func(s *status) bool { return s.At >= int64(d) })
}

// ends waits for workers' ends, with status 0.
func ends(t *testing.T, within time.Duration, list ...*cluster.Proc) {
	t.Helper()
	for _, p := range list {
		if status := p.Wait(within); status != report.ExitDone {
			t.Errorf("%v ended with status %d", p, status)
		}
	}
}

// nobody waits until nobody coordinates.
func (r *rig) nobody() {
	r.t.Helper()
	var err error
	netns.Eventually(r.t, soon, func() bool {
		_, err = r.status()
		return errors.Is(err, bus.ErrNobody)
	}, func() string { return fmt.Sprintf("nobody coordinates: %v", err) })
}

// serveByPath starts a target that counts by path, in the place of the one before.
func (r *rig) serveByPath() {
	r.t.Helper()
	r.serve(counting.Options{Tag: byPath})
}

// finish waits for the end of the feeder that has the results, and tells how the job stands if it does not come.
func (r *rig) finish(feeder *cluster.Proc) {
	r.t.Helper()
	select {
	case <-feeder.Done():
	case <-time.After(whole):
		s, err := r.status()
		r.t.Logf("the job stands at %s, %v", text(s), err)
		d, err := r.open().Depth(r.t.Context())
		r.t.Logf("its queue has %+v, %v", d, err)
	}
	feeder.Finish(time.Second)
}
