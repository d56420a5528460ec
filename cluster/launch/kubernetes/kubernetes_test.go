package kubernetes

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/launchtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newLauncher makes a launcher for a cluster, whose connections are closed at the test's end.
func newLauncher(t testing.TB, a *api, change func(*Options)) launch.Launcher {
	t.Helper()
	o := Defaults()
	o.Image = "iago:test"
	if a != nil {
		o.Kubeconfig = a.kubeconfig(t)
	}
	if change != nil {
		change(o)
	}
	l, err := o.NewLauncher()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.(io.Closer).Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestContract(t *testing.T) {
	a := newAPI(t)
	launchtest.Run(t, launchtest.Config{
		New:       func(t testing.TB) launch.Launcher { return newLauncher(t, a, nil) },
		Simulated: true,
	})
	if left := a.names(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func jobOf(name string) launch.Job {
	j := launch.Job{Name: name, Spec: launch.File{Data: []byte("target: http://shop.example\n")}}
	j.Bus.Token = []byte("bus-token")
	j.Workers.Count = 2
	j.Complete()
	return j
}

// TestOrder: nothing runs before all is there, and everything belongs to the first feeder's Job.
func TestOrder(t *testing.T) {
	a := newAPI(t)
	j := jobOf("order")
	j.Feeders.Count = 2
	if _, err := newLauncher(t, a, nil).Start(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST jobs", "POST secrets", "POST secrets", "POST services", "POST jobs", "POST jobs", "PATCH jobs order-feeder-0",
	}
	if !slices.Equal(a.seen, want) {
		t.Errorf("requests %q, expected %q", a.seen, want)
	}
	a.mu.Lock()
	a.remove("jobs", a.objects["jobs/order-feeder-0"])
	a.mu.Unlock()
	if left := a.names(); len(left) > 0 {
		t.Errorf("left when the first feeder's Job was removed: %v", left)
	}
}

// TestAddressOfThePod: without cluster DNS workers are told the address of the bus's pod.
func TestAddressOfThePod(t *testing.T) {
	for _, bus := range []string{"embedded", "statefulset"} {
		a := newAPI(t)
		l := newLauncher(t, a, func(o *Options) { o.Address, o.Bus = "pod", bus })
		if _, err := l.Start(t.Context(), jobOf("direct")); err != nil {
			t.Fatal(err)
		}
		address := a.objects["secrets/direct-address"]
		if address == nil || address.Data["url"] != "bmF0czovLzEwLjAuMC43OjQyMjI=" { // nats://10.0.0.7:4222
			t.Errorf("%s: address %+v", bus, address)
		}
		if err := l.Kill(t.Context(), "direct"); err != nil {
			t.Error(err)
		}
		if left := a.names(); len(left) > 0 {
			t.Errorf("%s: left behind: %v", bus, left)
		}
	}
}

// TestStartFails: whatever fails on the way, nothing is left.
func TestStartFails(t *testing.T) {
	for _, request := range []string{"POST jobs", "POST secrets", "POST services", "PATCH jobs broken-feeder-0"} {
		a := newAPI(t)
		a.refuse[request] = http.StatusForbidden
		_, err := newLauncher(t, a, nil).Start(t.Context(), jobOf("broken"))
		if err == nil || !strings.Contains(err.Error(), "not now") || !strings.Contains(err.Error(), "rights") {
			t.Errorf("%s refused: %v", request, err)
		}
		if left := a.names(); len(left) > 0 {
			t.Errorf("%s refused: left behind: %v", request, left)
		}
	}
}

// TestBusyServer: a server that asks for patience gets it.
func TestBusyServer(t *testing.T) {
	a := newAPI(t)
	a.refuse["POST services"] = http.StatusTooManyRequests
	if _, err := newLauncher(t, a, nil).Start(t.Context(), jobOf("busy")); err != nil {
		t.Error(err)
	}
}

// stuck adds a pod like another one, on a node that does not answer, that should have ended so long ago.
func (a *api) stuck(like string, ago time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := &thing{Kind: "Pod", Metadata: meta{Name: "stuck", Labels: map[string]string{}}, Spec: map[string]any{"nodeName": "node-2"}}
	a.add("pods/stuck", p)
	past := time.Now().Add(-ago)
	p.Status, p.Metadata.DeletionTimestamp = map[string]any{"phase": "Running"}, &past
	maps.Copy(p.Metadata.Labels, a.objects["pods/"+like].Metadata.Labels)
}

// TestNodeThatStaysAway: a job that has ended but for a pod on a node that does not answer has ended. All else of it is removed, and the
// pod is told of.
func TestNodeThatStaysAway(t *testing.T) {
	a := newAPI(t)
	j := jobOf("away")
	j.Feeders.Args = []string{"--exit=3"}
	h, err := newLauncher(t, a, nil).Start(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	wait := func() (int, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return h.Wait(ctx)
	}
	a.stuck("away-worker-0-x", time.Minute)
	if status, err := wait(); err == nil {
		t.Errorf("status %d while workers run", status)
	}
	a.mu.Lock()
	for _, pod := range []string{"away-worker-0-x", "away-worker-1-x"} {
		a.objects["pods/"+pod].Status["phase"] = "Succeeded"
	}
	lost := a.objects["pods/stuck"]
	past, now := lost.Metadata.DeletionTimestamp, time.Now()
	lost.Metadata.DeletionTimestamp = &now
	a.mu.Unlock()
	if status, err := wait(); err == nil {
		t.Errorf("status %d while a worker may end yet", status)
	}
	if err := h.Cleanup(t.Context()); err == nil || !strings.Contains(err.Error(), "still running") {
		t.Errorf("clean-up while a worker may end yet: %v", err)
	}
	a.mu.Lock()
	lost.Metadata.DeletionTimestamp = past
	a.refuse["DELETE pods"] = http.StatusOK // it cannot be
	a.mu.Unlock()
	if status, err := wait(); status != 3 || err != nil {
		t.Errorf("status %d, %v; expected the feeder's 3", status, err)
	}
	if err := h.Cleanup(t.Context()); !errors.Is(err, launch.ErrUnreachable) || !strings.Contains(err.Error(), "stuck on node-2") {
		t.Errorf("clean-up: %v", err)
	}
	if left := a.names(); !slices.Equal(left, []string{"pods/stuck"}) {
		t.Errorf("left: %v", left)
	}
}

// TestPodThatDoesNotGo: a pod on a node that does not answer is named when patience ends.
func TestPodThatDoesNotGo(t *testing.T) {
	a := newAPI(t)
	l := newLauncher(t, a, nil)
	if _, err := l.Start(t.Context(), jobOf("cut-off")); err != nil {
		t.Fatal(err)
	}
	a.stuck("cut-off-worker-0-x", time.Minute)
	h, err := l.Attach(t.Context(), "cut-off")
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	two := 0
	for _, p := range list {
		if p.Role == launch.Worker && p.Index == 0 {
			two++
		}
		if (p.State == launch.Unknown) != (p.Name == "stuck") {
			t.Errorf("%+v", p)
		}
	}
	if two != 2 {
		t.Errorf("%d pods of worker 0, expected the old one and its successor: %+v", two, list)
	}
	a.mu.Lock()
	a.refuse["DELETE pods"] = http.StatusOK // nothing is removed
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := l.Kill(ctx, "cut-off"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stuck on node-2") {
		t.Errorf("kill: %v", err)
	}
}

// TestLogsOfAPendingPod: who follows waits until the container has started.
func TestLogsOfAPendingPod(t *testing.T) {
	a := newAPI(t)
	l := newLauncher(t, a, nil)
	h, err := l.Start(t.Context(), jobOf("slow"))
	if err != nil {
		t.Fatal(err)
	}
	phase := func(to string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.objects["pods/slow-worker-1-x"].Status["phase"] = to
	}
	phase("Pending")
	time.AfterFunc(50*time.Millisecond, func() { phase("Running") })
	r, err := h.Logs(t.Context(), "slow-worker-1-x", true)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := r.Read(b)
	if err != nil || string(b[:n]) != "hello from slow-worker-1-x\n" {
		t.Errorf("%q, %v", b[:n], err)
	}
	r.Close()
	if _, err := h.Logs(t.Context(), "nobody", false); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("log of nobody: %v", err)
	}
}

func TestRefused(t *testing.T) {
	d, err := launch.ByName("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ settings, want string }{
		{"", "image: expected"},
		{"image=i pull_policy=Sometimes", "pull_policy: expected one of"},
		{"image=i bus=kafka", "bus: expected"},
		{"image=i user=0", "other than root"},
		{"image=i deadline=10ms", "deadline: expected whole seconds"},
		{"image=i spread=all", "spread: expected"},
		{"image=i results_claim=a results_host_path=/b", "results_claim:"},
		{"imag=i", `did you mean "image"?`},
	} {
		if _, err := d.New(nil, strings.Fields(tt.settings)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, expected %q", tt.settings, err, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		change func(*launch.Job)
		want   string
	}{
		"schedule on a lasting bus": {func(j *launch.Job) { j.Cron = "0 3 * * *"; j.Bus = launch.Bus{URL: "nats://b:1"} }, "cron: expected an embedded bus"},
		"label":                     {func(j *launch.Job) { j.Labels = map[string]string{"a": "what a label"} }, "label a="},
		"file outside":              {func(j *launch.Job) { j.Files = []launch.File{{Name: "../x", Data: []byte("x")}} }, "outside the folder"},
		"large file":                {func(j *launch.Job) { j.Files = []launch.File{{Name: "x", Data: make([]byte, 2<<20)}} }, "data_claim"},
		"large files": {func(j *launch.Job) {
			j.Files = []launch.File{{Name: "x", Data: make([]byte, 600<<10)}, {Name: "y", Data: make([]byte, 600<<10)}}
		}, "data_claim"},
		"embedded and elsewhere": {func(j *launch.Job) { j.Bus.URL = "nats://b:1" }, "either a URL"},
	} {
		j := jobOf("refused")
		tt.change(&j)
		if _, err := newLauncher(t, nil, nil).Render(j); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", name, err, tt.want)
		}
	}
}
