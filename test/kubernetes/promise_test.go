//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

const (
	promisedRate = 400.0           // requests per second
	promiseLease = 5 * time.Second // of a worker's share, the default
	promiseSpec  = `name: promise
target: http://%s
rate: %v/s
duration: 10m
late: skip=50ms
timeout: 2s
shards: 1
wait: sleep
out: run
`
)

// TestLaunchRatePromise is the story of a job on Kubernetes with the iago that users have: launched, looked at, a worker killed, a node
// with a worker cut off while that worker's replacement runs, the node back, the job stopped, its results collected, another job killed. All
// the time a target with a host of its own counts what arrives.
func TestLaunchRatePromise(t *testing.T) {
	p := promise(t)
	p.launch()
	here, there := p.placed()
	p.shown(here, there)
	s := story{here: here, there: there}
	s.third = p.kill(&s)
	s.fourth = p.cut(&s)
	p.stop()
	o := p.results()
	o.neverAbove(s)
	o.took(s)
	o.silent(s)
	o.told(s)
	p.nothing(t, "promise")
	p.killJob()
}

// story is what happens to workers.
type story struct {
	here, there, third, fourth Pod       // beside the feeder, killed; elsewhere, cut off; what comes in the place of the one and of the other
	killed, cut, healed        time.Time // just afterwards; just before, for the last
}

// promising is the job, and its surroundings.
type promising struct {
	launching
	t      *testing.T
	target *counting.Target
	binary string
	on     []string // arguments: launch, and where
	spec   string   // file
	runs   string   // folder that the feeder's run directories are in
	proc   *cluster.Proc
	feeder Pod
}

// promise makes the target, the files and the volume.
func promise(t *testing.T) *promising {
	t.Helper()
	c := shared(t)
	binary, image := made(t, c, "../../cmd/iago")
	dir := t.TempDir()
	p := &promising{launching: launching{c}, t: t, binary: binary, runs: filepath.Join(dir, "runs")}
	l, err := c.Listen("target", "tcp", net.JoinHostPort(c.Address("target"), "8080"))
	if err != nil {
		t.Fatal(err)
	}
	p.target = counting.HTTP(t, l, counting.Options{})
	p.spec = filepath.Join(dir, "promise.yaml")
	if err := os.WriteFile(p.spec, fmt.Appendf(nil, promiseSpec, l.Addr(), promisedRate), 0o600); err != nil {
		t.Fatal(err)
	}
	p.on = append([]string{"launch", "--yes", "--on", "kubernetes"}, p.options("image="+image, "address=pod", "grace=10s", "results_claim=iago-runs")...)
	p.claim()
	return p
}

var claimManifest = template.Must(template.ParseFiles("testdata/claim.yaml"))

// claim makes the volume for run directories, which the processes' user may write to.
func (p *promising) claim() {
	p.t.Helper()
	err := os.Mkdir(p.runs, 0o700)
	if err == nil {
		err = os.Chown(p.runs, 65532, 65532)
	}
	var b strings.Builder
	if err == nil {
		err = claimManifest.Execute(&b, p.runs)
	}
	if err == nil {
		err = p.Apply(b.String())
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if _, err := p.Kubectl("delete", "pvc/iago-runs", "pv/iago-runs", "--timeout=50s"); err != nil {
			p.t.Error(err)
		}
	})
}

// iago runs a command as people type it.
func (p *promising) iago(args ...string) *cluster.Proc {
	p.t.Helper()
	return cluster.StartCommand(p.t, exec.Command(p.binary, args...))
}

// launches runs iago launch.
func (p *promising) launches(args ...string) *cluster.Proc {
	p.t.Helper()
	return p.iago(append(slices.Clone(p.on), args...)...)
}

// launch launches the job, as one does who stays.
func (p *promising) launch() {
	p.t.Helper()
	p.ends(p.t, p.launcher(p.t), "promise")
	p.proc = p.launches(p.spec, "--workers", "2", "--job", "promise")
	p.proc.Says(2*time.Minute, `^job promise is started$`)
}

// placed waits until both workers send, and tells which one is on the feeder's node.
func (p *promising) placed() (here, there Pod) {
	p.t.Helper()
	list := p.sending("both workers send", 2)
	here, there = list[0], list[1]
	if here.Node != p.feeder.Node {
		here, there = there, here
	}
	if here.Node != p.feeder.Node || there.Node == here.Node {
		p.t.Fatalf("workers are not spread: %+v, and the feeder on %s", list, p.feeder.Node)
	}
	return here, there
}

// sending waits until so many workers run, beside some, and have each been seen at the target. It notes the feeder.
func (p *promising) sending(what string, n int, beside ...Pod) (list []Pod) {
	p.t.Helper()
	eventually(p.t, what, func() error {
		all, err := p.Pods(p.t.Context(), "default", "app.kubernetes.io/instance=promise")
		if err != nil {
			return err
		}
		list = nil
		for _, x := range all {
			switch {
			case strings.Contains(x.Name, "-feeder-"):
				p.feeder = x
			case x.Phase == "Running" && !x.Deleted && p.target.Total(x.IP) > 0 && !named(beside, x.Name):
				list = append(list, x)
			}
		}
		if len(list) != n {
			return fmt.Errorf("pods are %+v; the target has seen %v", all, p.target.Tags())
		}
		return nil
	})
	return list
}

func named(list []Pod, name string) bool {
	return slices.ContainsFunc(list, func(x Pod) bool { return x.Name == name })
}

// shown: whoever has launched sees what processes print; anybody else can ask Kubernetes and the job's coordinator how they are.
func (p *promising) shown(workers ...Pod) {
	p.t.Helper()
	p.proc.Says(time.Minute, `^`+p.feeder.Name+` *\| bus: nats://`)
	said := p.ctl(p.t, p.feeder.Name, "promise", "status")
	h, err := p.launcher(p.t).Attach(p.t.Context(), "promise")
	if err != nil {
		p.t.Fatal(err)
	}
	list := p.status(p.t, h, "all run", allRun(3))
	for _, w := range workers {
		p.proc.Says(time.Minute, `^`+w.Name+` *\| worker `+w.Name+`: joined job promise$`)
		if !strings.Contains(said, w.Name) {
			p.t.Errorf("iago ctl tells nothing of %s: %s", w.Name, said)
		}
		if !slices.ContainsFunc(list, func(x launch.Process) bool { return x.Name == w.Name && x.Where == w.Node }) {
			p.t.Errorf("the launcher tells nothing of %s on %s: %+v", w.Name, w.Node, list)
		}
	}
}

// pass lets the job go on for a while.
func (p *promising) pass(d time.Duration) {
	p.t.Helper()
	select {
	case <-time.After(d):
	case <-p.proc.Done():
		p.t.Fatal("the job has ended too early")
	}
}

// kill kills a worker, and waits for what comes in its place.
func (p *promising) kill(s *story) (third Pod) {
	p.t.Helper()
	p.pass(3 * time.Second)
	if err := p.Kill(s.here.Node, "default", s.here.Name); err != nil {
		p.t.Fatal(err)
	}
	s.killed = time.Now()
	list := p.sending("another worker comes in the place of the one that was killed", 2, s.here)
	third = list[0]
	if third.Name == s.there.Name {
		third = list[1]
	}
	if third.Index != s.here.Index || third.Node != s.here.Node {
		p.t.Fatalf("%+v came in the place of %+v", third, s.here)
	}
	p.pass(5 * time.Second)
	return third
}

// cut keeps a node with a worker from everybody but the target, until another worker has come in the place of that one, and both are alive; and
// then until the node is as it was.
func (p *promising) cut(s *story) (fourth Pod) {
	p.t.Helper()
	node := s.there.Node
	p.t.Cleanup(func() { _ = p.HealNode(node) })
	if err := p.CutNode(node, "target"); err != nil {
		p.t.Fatal(err)
	}
	s.cut = time.Now()
	fourth = p.sending("another worker comes in the place of the one that is cut off", 1, s.there, s.third)[0]
	if fourth.Index != s.there.Index || fourth.Node == node {
		p.t.Fatalf("%+v came in the place of %+v", fourth, s.there)
	}
	p.pass(5 * time.Second)
	running, err := p.Running(node)
	if err != nil || !slices.Contains(running, "default/"+s.there.Name) {
		p.t.Fatalf("%s runs %v: %v", node, running, err)
	}
	for address, reached := range map[string]bool{p.target.Addr().String(): true, p.feeder.IP + ":4222": false, controlAddress + ":443": false} {
		ctx, cancel := context.WithTimeout(p.t.Context(), time.Second)
		conn, err := p.Dial(ctx, node, "tcp", address)
		cancel()
		if err == nil {
			conn.Close()
		}
		if (err == nil) != reached {
			p.t.Errorf("%s is cut off from all but the target: %s: %v", node, address, err)
		}
	}
	s.healed = time.Now()
	if err := p.HealNode(node); err != nil {
		p.t.Fatal(err)
	}
	back(p.t, p.Cluster, s.there)
	p.pass(3 * time.Second)
	return fourth
}

// stop stops the job, and waits until all has ended and whoever has launched it is told how.
func (p *promising) stop() {
	p.t.Helper()
	p.ctl(p.t, p.feeder.Name, "promise", "stop")
	if status := p.proc.Wait(2 * time.Minute); status != report.ExitInterrupted {
		p.t.Errorf("iago launch ended with status %d, expected %d", status, report.ExitInterrupted)
	}
}

// killJob launches a job, leaves it alone, and kills it.
func (p *promising) killJob() {
	p.t.Helper()
	k := p.launcher(p.t)
	p.ends(p.t, k, "unloved")
	if status := p.launches(p.spec, "--workers", "2", "--job", "unloved", "--detach").Wait(2 * time.Minute); status != 0 {
		p.t.Fatalf("launching ended with status %d", status)
	}
	h, err := k.Attach(p.t.Context(), "unloved")
	if err != nil {
		p.t.Fatal(err)
	}
	p.status(p.t, h, "all run", allRun(3))
	kill := p.launches("--kill", "unloved")
	if status := kill.Wait(2 * time.Minute); status != 0 {
		p.t.Errorf("killing ended with status %d", status)
	}
	kill.Says(time.Second, "^job unloved is gone$")
	p.nothing(p.t, "unloved")
}
