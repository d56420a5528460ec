package faults

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns"
	"github.com/iagoloadgen/iago/test/netns/counting"
	"github.com/iagoloadgen/iago/test/netns/delay"
)

const (
	busPort    = 4222
	targetPort = 8080
	lease      = 2 * time.Second
	seed       = 20
	soon       = 30 * time.Second
	patience   = 10 * time.Second // a lease that a busy machine does not end
)

// work is what a job is to do.
type work struct {
	rate     float64 // arrivals per second; constant
	duration time.Duration
	arrival  string        // "": poisson
	workers  int           // waited for
	lease    time.Duration // 0: two seconds
	collect  time.Duration // 0: two leases
	spec     string        // more lines of it
	late     bool          // what is late is sent all the same, else dropped after 50 ms
	tag      func(request []byte) []byte
}

// rig is a job with its hosts: one for the feeder and its bus, one for the target, one for each worker.
type rig struct {
	t      *testing.T
	work   work
	net    *netns.Net
	bus    *netns.Host
	target *counting.Target
	feeder *cluster.Proc
	dir    string // the run directory
	token  string // file
}

// long leaves a test out under -short.
func long(t *testing.T, takes time.Duration) {
	t.Helper()
	if testing.Short() {
		t.Skipf("left out by -short: it takes %v", takes)
	}
}

// newRig starts a job's target and its feeder.
func newRig(t *testing.T, w work) *rig {
	t.Helper()
	if w.lease == 0 {
		w.lease = lease
	}
	collect := cmp.Or(w.collect, 2*w.lease)
	if w.arrival == "" {
		w.arrival = "poisson"
	}
	if !w.late {
		w.spec += "late: skip=50ms\n"
	}
	r := &rig{t: t, work: w, net: netns.New(t), dir: filepath.Join(t.TempDir(), "run")}
	r.bus = r.net.Host("bus")
	at := r.net.Host("target")
	r.target = counting.HTTP(t, at.Listen("tcp", fmt.Sprint(":", targetPort)), counting.Options{Tag: w.tag})
	text := fmt.Sprintf("name: shop\ntarget: http://%s\nrate: %v/s\nduration: %v\narrival: %s\nseed: %d\nwait: sleep\nshards: 1\ntimeout: 20s\n%s",
		at.HostPort(targetPort), w.rate, w.duration, w.arrival, seed, w.spec)
	file := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.token = filepath.Join(t.TempDir(), "token")
	r.feeder = cluster.Start(t, r.bus, "feed", file, "--workers", fmt.Sprint(w.workers), "--lease", w.lease.String(), "--collect", collect.String(), "--out", r.dir, "--quiet",
		"--bus-listen", r.bus.HostPort(busPort), "--bus-plain", "--bus-write-token", r.token)
	netns.Eventually(t, soon, func() bool {
		_, err := os.Stat(r.token)
		return err == nil || !r.feeder.Running()
	}, func() string { return "the bus is there" })
	return r
}

// worker is one of a rig's workers. Its name is its host's.
type worker struct {
	*cluster.Proc
	host *netns.Host
	name string
}

// addr is what the target knows it by.
func (w *worker) addr() string { return w.host.Addr().String() }

// join starts workers w1, w2, … on new hosts.
func (r *rig) join(n int) []*worker {
	r.t.Helper()
	list := make([]*worker, n)
	for i := range list {
		list[i] = r.joinAs(fmt.Sprint("w", i+1))
	}
	return list
}

// joinAs starts a worker on a new host.
func (r *rig) joinAs(name string) *worker {
	r.t.Helper()
	h := r.net.Host(name)
	return &worker{r.work1(h, name, r.bus.HostPort(busPort)), h, name}
}

// joinOver starts a worker whose way to the bus, and only that, leads over a proxy.
func (r *rig) joinOver(name string) (*worker, *delay.Proxy) {
	r.t.Helper()
	relay, h := r.net.Host("by-"+name), r.net.Host(name)
	p := delay.New(r.t, relay.Listen("tcp", fmt.Sprint(":", busPort)), func(ctx context.Context) (net.Conn, error) {
		return relay.Dial(ctx, "tcp", r.bus.HostPort(busPort))
	}, 0)
	return &worker{r.work1(h, name, relay.HostPort(busPort)), h, name}, p
}

func (r *rig) work1(h *netns.Host, name, bus string) *cluster.Proc {
	return cluster.Start(r.t, h, "worker", "--bus", "nats://"+bus, "--bus-token-file", r.token, "--name", name)
}

// begun waits until the first request has arrived.
func (r *rig) begun() {
	r.t.Helper()
	netns.Eventually(r.t, soon, func() bool { return r.target.Total() > 0 || !r.feeder.Running() }, func() string { return "the first request arrives" })
}

// pass lets the job go on for a while.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	select {
	case <-time.After(d):
	case <-r.feeder.Done():
		r.t.Fatal("the job has ended too early")
	}
}
