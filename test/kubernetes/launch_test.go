//go:build linux

package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
	_ "github.com/iagoloadgen/iago/cluster/launch/kubernetes"
	"github.com/iagoloadgen/iago/cluster/launch/launchtest"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
)

// TestLaunch holds the launcher to its contract on a real cluster, and tries what only one shows.
func TestLaunch(t *testing.T) {
	c := shared(t)
	made(t, c, "./testdata/stub")
	l := launching{c}
	t.Run("side by side", func(t *testing.T) { // one of them waits for the next full minute
		for name, of := range map[string]func(*testing.T){
			"contract": l.contract, "manifests": l.manifests, "address": l.address, "owner": l.owner, "cron": l.cron, "iago": l.iago, "bus": l.bus,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				of(t)
			})
		}
	})
	t.Run("cut", l.cut)
	l.nothing(t, "")
}

type launching struct{ *Cluster }

func (l launching) contract(t *testing.T) {
	launchtest.Run(t, launchtest.Config{New: func(t testing.TB) launch.Launcher { return l.launcher(t) }, Patience: 3 * time.Minute})
}

func (l launching) launcher(t testing.TB, settings ...string) launch.Launcher {
	t.Helper()
	d, err := launch.ByName("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	k, err := d.New(nil, l.settings(settings...)...)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := k.(io.Closer); ok {
		t.Cleanup(func() { c.Close() })
	}
	return k
}

// settings are the launcher's, for this cluster.
func (l launching) settings(more ...string) []string {
	return append([]string{
		"kubeconfig=" + l.KubeConfig(), "image=iago.test/stub:1", "pull_policy=Never", "dns_policy=Default", "grace=5s", "replace_after=3s",
	}, more...)
}

// options are the same as arguments of iago launch.
func (l launching) options(more ...string) (args []string) {
	for _, s := range l.settings(more...) {
		args = append(args, "--on-option", s)
	}
	return args
}

// job is one with a bus in its feeder.
func (l launching) job(name string) launch.Job {
	j := launch.Job{
		Name: name, Workers: launch.Group{Count: 2},
		Spec: launch.File{Data: []byte("target: http://127.0.0.1:1\n")}, Files: []launch.File{{Name: "sub/paths.txt", Data: []byte("/\n")}},
	}
	j.Complete()
	return j
}

func (l launching) start(t *testing.T, k launch.Launcher, j launch.Job) launch.Handle {
	t.Helper()
	h, err := k.Start(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	l.ends(t, k, j.Name)
	return h
}

// ends kills a job at the test's end, if it is still there.
func (l launching) ends(t *testing.T, k launch.Launcher, job string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if t.Failed() {
			all, _ := l.Kubectl("get", "nodes,jobs,cronjobs,pods", "-o", "wide")
			events, err := l.Kubectl("get", "events", "--sort-by=.lastTimestamp")
			t.Log(all, events, err)
		}
		if err := k.Kill(ctx, job); err != nil && !errors.Is(err, launch.ErrNoJob) {
			t.Error(err)
		}
	})
}

// ctl gives a job an order from where its bus is, as anybody can who may run something in the feeder's pod.
func (l launching) ctl(t *testing.T, feeder, job string, order ...string) string {
	t.Helper()
	args := append([]string{"exec", feeder, "--", "/iago", "ctl", job}, order...)
	out, err := l.Kubectl(append(args, "--bus", "nats://127.0.0.1:4222", "--bus-token-file", "/etc/iago/bus/token")...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// status waits until the processes are so.
func (l launching) status(t *testing.T, h launch.Handle, what string, so func([]launch.Process) bool) (list []launch.Process) {
	t.Helper()
	eventually(t, what, func() (err error) {
		if list, err = h.Status(t.Context()); err == nil && !so(list) {
			err = fmt.Errorf("processes are %+v", list)
		}
		return err
	})
	return list
}

func allRun(n int) func([]launch.Process) bool {
	return func(list []launch.Process) bool {
		for _, p := range list {
			if p.State != launch.Running {
				return false
			}
		}
		return len(list) == n
	}
}

// nothing: nothing that a launcher made for a job is left; "": for any.
func (l launching) nothing(t *testing.T, job string) {
	t.Helper()
	of := "app.kubernetes.io/managed-by=iago"
	if job != "" {
		of += ",app.kubernetes.io/instance=" + job
	}
	eventually(t, "nothing is left", func() error {
		out, err := l.Kubectl("get", "jobs,cronjobs,pods,services,secrets,statefulsets", "-l", of, "-o", "name")
		if err == nil && strings.TrimSpace(out) != "" {
			err = fmt.Errorf("left: %s", out)
		}
		return err
	})
}

// manifests: the API server takes what is rendered as it stands.
func (l launching) manifests(t *testing.T) {
	files, err := filepath.Glob("../../cluster/launch/kubernetes/testdata/*.golden.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.ReplaceAll(raw, []byte("\n  namespace: load\n"), []byte("\n"))
		path := filepath.Join(t.TempDir(), "manifest.yaml")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := l.Kubectl("apply", "--dry-run=server", "--validate=strict", "-f", path)
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if strings.Contains(out, "Warning") {
			t.Errorf("%s: %s", f, out)
		}
	}
}

// address: workers are given the address of the feeder's pod, which carries the bus.
func (l launching) address(t *testing.T) {
	h := l.start(t, l.launcher(t, "address=pod"), l.job("address"))
	list := l.status(t, h, "all run", allRun(3))
	ip, err := l.Kubectl("get", "pod", list[0].Name, "-o=jsonpath={.status.podIP}")
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.Logs(t.Context(), list[1].Name, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if want := "--name " + list[1].Name + " --bus nats://" + ip + ":4222 "; err != nil || !strings.Contains(string(b), want) {
		t.Errorf("a worker says %q, %v; expected %q", b, err, want)
	}
}

// owner: deleting the first feeder's Job deletes all.
func (l launching) owner(t *testing.T) {
	h := l.start(t, l.launcher(t), l.job("owner"))
	l.status(t, h, "all run", allRun(3))
	if _, err := l.Kubectl("delete", "job", "owner-feeder-0", "--wait=false"); err != nil {
		t.Fatal(err)
	}
	l.nothing(t, "owner")
	if _, err := h.Status(t.Context()); !errors.Is(err, launch.ErrNoJob) {
		t.Errorf("status of a job that was deleted: %v", err)
	}
}

// cron: a schedule starts a feeder and workers together.
func (l launching) cron(t *testing.T) {
	k, j := l.launcher(t), l.job("cron")
	j.Cron = "* * * * *"
	h := l.start(t, k, j)
	deadline := time.Now().Add(2 * time.Minute) // one of them is for the minute to come
	for {
		list, err := h.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if allRun(3)(list) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after two minutes: %+v", list)
		}
		time.Sleep(time.Second)
	}
	if err := k.Kill(t.Context(), "cron"); err != nil {
		t.Fatal(err)
	}
	l.nothing(t, "cron")
}

// cut: a worker on a node that does not answer is replaced while it may still run. Its node stays away: the job's end is the end all the
// same, and whoever has launched it is told of the worker.
func (l launching) cut(t *testing.T) {
	binary, image := made(t, l.Cluster, "../../cmd/iago")
	address, asked := l.serve(t)
	spec := filepath.Join(t.TempDir(), "cut.yaml")
	if err := os.WriteFile(spec, []byte("target: http://"+address+"\nrate: 50/s\nduration: 10m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := l.launcher(t, "image="+image)
	l.ends(t, k, "cut")
	p := cluster.StartCommand(t, exec.Command(binary, append([]string{"launch", spec, "--on", "kubernetes", "--workers", "2", "--job", "cut", "--yes"},
		l.options("image="+image, "address=pod")...)...))
	p.Says(time.Minute, "^job cut is started$")
	h, err := k.Attach(t.Context(), "cut")
	if err != nil {
		t.Fatal(err)
	}
	list := l.status(t, h, "all run", allRun(3))
	if list[1].Where == list[2].Where {
		t.Fatalf("workers are not spread: %+v", list)
	}
	lost := list[1]
	if lost.Where == list[0].Where {
		lost = list[2] // the feeder is to stay
	}
	eventually(t, "the job has begun", func() error {
		if asked.Load() == 0 {
			return errors.New("the target has not been asked for anything")
		}
		return nil
	})
	t.Cleanup(func() { _ = l.HealNode(lost.Where) })
	if err := l.CutNode(lost.Where); err != nil {
		t.Fatal(err)
	}
	l.status(t, h, "the worker is replaced, the old one not known to be gone", func(list []launch.Process) bool {
		old, successor := false, false
		for _, p := range list {
			if p.Role == launch.Worker && p.Index == lost.Index {
				old = old || p.Name == lost.Name && p.State == launch.Unknown
				successor = successor || p.Name != lost.Name && p.State == launch.Running
			}
		}
		return old && successor
	})
	l.ctl(t, list[0].Name, "cut", "stop")
	if status := p.Wait(2 * time.Minute); status != report.ExitInterrupted {
		t.Errorf("status %d, expected %d", status, report.ExitInterrupted)
	}
	p.Says(time.Second, lost.Name+" on "+lost.Where+": processes on machines that do not answer")
	short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	err = k.Kill(short, "cut")
	cancel()
	if err == nil || !strings.Contains(err.Error(), lost.Name+" on "+lost.Where) {
		t.Errorf("killing what cannot be reached: %v", err)
	}
	if err := l.HealNode(lost.Where); err != nil {
		t.Fatal(err)
	}
	l.nothing(t, "cut")
}

// serve starts a target, and counts what it is asked.
func (l launching) serve(t *testing.T) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	in, err := l.Listen("target", "tcp", net.JoinHostPort(l.Address("target"), "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) })}
	done := make(chan error, 1)
	go func() { done <- server.Serve(in) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return in.Addr().String(), asked
}

// iago: a whole job, with the iago that users have, in pods that may do next to nothing.
func (l launching) iago(t *testing.T) {
	_, image := made(t, l.Cluster, "../../cmd/iago")
	address, asked := l.serve(t)
	j := l.job("iago")
	j.Spec.Data = []byte("target: http://" + address + "\nrecords: sub/paths.txt\nrate: 100/s\nrequests: 500\n")
	j.Workers.Resources = launch.Resources{CPU: 0.1, MemoryLimit: 256 << 20}
	h := l.start(t, l.launcher(t, "address=pod", "image="+image), j)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var b bytes.Buffer
	followed := make(chan error, 1)
	go func() { followed <- launch.Follow(ctx, h, &b, time.Second) }()
	status, err := h.Wait(ctx)
	if err != nil || status != 0 && status != 4 { // 4: this machine was too busy to keep the schedule
		t.Errorf("exit status %d, %v", status, err)
	}
	if err := <-followed; err != nil {
		t.Error(err)
	}
	if n := asked.Load(); n != 500 || !strings.Contains(b.String(), "500  status 200") {
		t.Errorf("the target was asked %d times, expected 500:\n%s", n, &b)
	}
	list, err := h.Status(ctx)
	if err != nil || len(list) != 3 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, p := range list {
		if p.Role == launch.Worker && p.State != launch.Done {
			t.Errorf("%+v", p)
		}
	}
	if err := h.Cleanup(ctx); err != nil {
		t.Error(err)
	}
	l.nothing(t, "iago")
}
