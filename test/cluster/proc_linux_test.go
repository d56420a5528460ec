package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cli"
	"github.com/iagoloadgen/iago/report"
	_ "github.com/iagoloadgen/iago/standard"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns"
	"github.com/iagoloadgen/iago/test/netns/counting"
)

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else every iago with the race detector ends a second late
	os.Exit(cluster.Run(leaks{m}, func() int { return cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }))
}

// leaks looks for goroutines that the tests have left.
type leaks struct{ m *testing.M }

func (l leaks) Run() int {
	status := l.m.Run()
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

const soon = 20 * time.Second

func TestStatus(t *testing.T) {
	host := netns.New(t).Host("a")
	for name, h := range map[string]*netns.Host{"on the machine": nil, "on a host": host} {
		p := cluster.Start(t, h, "version")
		if got := p.Wait(soon); got != 0 || !strings.Contains(p.Stdout(), "iago") || p.Running() || p.Signal() != 0 {
			t.Errorf("%s: status %d, %q", name, got, p.Stdout())
		}
		if p.Ended().Before(p.Began()) || p.CPU() <= 0 {
			t.Errorf("%s: from %v to %v, %v of CPU", name, p.Began(), p.Ended(), p.CPU())
		}
		p = cluster.Start(t, h, "run", "no-such.yaml")
		if got := p.Wait(soon); got != 2 || !strings.Contains(p.Stderr(), "no-such.yaml") {
			t.Errorf("%s: status %d, %q", name, got, p.Stderr())
		}
	}
}

// TestTargetOnAHost starts, pauses and ends a target in one namespace and asks it from another.
func TestTargetOnAHost(t *testing.T) {
	n := netns.New(t)
	a, b := n.Host("a"), n.Host("b")
	url := "http://" + b.HostPort(8080) + "/"
	ask := func(within time.Duration) error {
		client := &http.Client{Timeout: within, Transport: &http.Transport{DialContext: a.Dial, DisableKeepAlives: true}}
		resp, err := client.Get(url)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return err
	}
	begin := func() *cluster.Proc {
		p := cluster.Start(t, b, "target", "http", "--listen", b.HostPort(8080))
		var err error
		netns.Eventually(t, soon, func() bool { err = ask(soon); return err == nil }, func() string { return fmt.Sprint("the target answers: ", err) })
		return p
	}
	p := begin()
	p.Pause()
	if ask(300*time.Millisecond) == nil {
		t.Error("a paused target answers")
	}
	p.Continue()
	if err := ask(soon); err != nil {
		t.Errorf("a target that goes on: %v", err)
	}
	p.Stop()
	if got := p.Wait(soon); got != 0 {
		t.Errorf("status %d after SIGTERM", got)
	}
	p = begin()
	p.Pause()
	p.Kill()
	if got := p.Wait(soon); got != -1 || p.Signal() != syscall.SIGKILL {
		t.Errorf("status %d, signal %v after SIGKILL", got, p.Signal())
	}
	if ask(soon) == nil {
		t.Error("a killed target answers")
	}
}

// TestRunAgainstCountingTarget is what tests of the cluster do, with one process.
func TestRunAgainstCountingTarget(t *testing.T) {
	n := netns.New(t)
	worker, far := n.Host("worker"), n.Host("target")
	target := counting.HTTP(t, far.Listen("tcp", ":80"), counting.Options{})
	p := cluster.Start(t, worker, "run", "--rate", "500", "--duration", "2s", "--seed", "7", "--out", "run", "http://"+far.HostPort(80)+"/")
	p.Finish(soon)
	dir := filepath.Join(p.Dir(), "run")
	s := cluster.AwaitSummary(t, dir, soon)
	if s.Requests.Completed != target.Total(worker.Addr().String()) || target.Total() != s.Requests.Sent {
		t.Errorf("sent %d, completed %d; the target counted %d", s.Requests.Sent, s.Requests.Completed, target.Total())
	}
	if len(cluster.Results(t, dir).Seconds) == 0 {
		t.Error("no series")
	}
	x := target.Times()
	if len(x.Between(p.Began(), p.Ended())) != len(x) {
		t.Error("requests came while the process did not run")
	}
}

func TestSays(t *testing.T) {
	p := cluster.StartCommand(t, exec.Command("sh", "-c", "echo one; echo port 123 >&2; read x; echo $x"))
	if m := p.Says(soon, `^port (\d+)$`); m[1] != "123" {
		t.Errorf("%q", m)
	}
	c := exec.Command("sh", "-c", "read x; echo $x; echo $WORD; pwd")
	c.Stdin, c.Dir, c.Env = strings.NewReader("given\n"), "/", append(os.Environ(), "WORD=environment")
	p = cluster.StartCommand(t, c)
	p.Says(soon, "^/$")
	p.Wait(soon)
	if p.Stdout() != "given\nenvironment\n/\n" {
		t.Errorf("%q", p.Stdout())
	}
}

// failed is a test that has failed: it notes what is logged, and runs its cleanup when told.
type failed struct {
	testing.TB
	log     bytes.Buffer
	cleanup []func()
}

func (f *failed) Helper()                     {}
func (f *failed) Failed() bool                { return true }
func (f *failed) Cleanup(c func())            { f.cleanup = append(f.cleanup, c) }
func (f *failed) Logf(form string, of ...any) { fmt.Fprintf(&f.log, form+"\n", of...) }

func (f *failed) end() {
	for _, c := range slices.Backward(f.cleanup) {
		c()
	}
}

func (f *failed) Fatalf(form string, of ...any) {
	f.Logf(form, of...)
	runtime.Goexit()
}

func TestFinish(t *testing.T) {
	for status, want := range map[int]bool{0: true, report.ExitSlipped: true, report.ExitFailed: false, report.ExitUsage: false} {
		f, good := &failed{TB: t}, make(chan bool, 1)
		p := cluster.StartCommand(f, exec.Command("sh", "-c", fmt.Sprint("exit ", status)))
		go func() {
			ok := false
			defer func() { good <- ok }()
			p.Finish(soon)
			ok = true
		}()
		if got := <-good; got != want {
			t.Errorf("status %d is good: %v", status, got)
		}
		f.end()
	}
}

func TestFailureShowsTheEnd(t *testing.T) {
	f := &failed{TB: t}
	p := cluster.StartCommand(f, exec.Command("sh", "-c", "seq 12345 15000; echo last; echo wrong >&2; exit 3"))
	p.Wait(soon)
	f.end()
	for word, want := range map[string]bool{"exit status 3": true, "last": true, "wrong": true, "\n12345\n": false} {
		if got := strings.Contains(f.log.String(), word); got != want {
			t.Errorf("%q shown: %v", word, got)
		}
	}
}

func TestNoDescendantIsLeft(t *testing.T) {
	f := &failed{TB: t}
	p := cluster.StartCommand(f, exec.Command("sh", "-c", `trap "" TERM; setsid sh -c 'echo $$; exec sleep 600' & sleep 600; :`))
	pid := p.Says(soon, `^\d+$`)[0]
	p.Kill()
	if !runs(pid, "sleep") {
		t.Error("killing the parent killed the child in a session of its own")
	}
	f.end()
	if runs(pid, "sleep") {
		t.Error("a child is left")
	}
}

// runs tells whether a process with that name has that id.
func runs(pid, name string) bool {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && bytes.Contains(b, []byte("("+name+")")) && !bytes.Contains(b, []byte(") Z "))
}

// TestChild is run by the next test as another process, which dies.
func TestChild(t *testing.T) {
	if os.Getenv("CLUSTER_CHILD") == "" {
		return // it is no test of its own
	}
	h := netns.New(t).Host("a")
	own := cluster.StartCommand(t, h.Command(context.Background(), "sleep", "600"))
	p := cluster.StartCommand(t, exec.Command("sh", "-c", "sleep 600 & echo $!; wait"))
	fmt.Println("child:", own.PID(), p.PID(), p.Says(soon, `^\d+$`)[0])
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func TestNothingOutlivesTheTestBinary(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	folders := func() []string {
		list, err := filepath.Glob(filepath.Join(temp, "iago-cluster-*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	child := func() (pids []string) {
		c := exec.Command(self, "-test.run=^TestChild$", "-test.v")
		c.Env = append(os.Environ(), "CLUSTER_CHILD=1", "TMPDIR="+temp)
		out, _ := c.Output() // it dies, as asked
		_, line, ok := strings.Cut(string(out), "child: ")
		if pids = strings.Fields(strings.Split(line, "\n")[0]); !ok || len(pids) != 3 {
			t.Fatalf("the child said %q", out)
		}
		return pids
	}
	pids := child()
	netns.Eventually(t, soon, func() bool { return !runs(pids[0], "sleep") && !runs(pids[1], "sh") },
		func() string { return "the processes that it started are gone" })
	if list := folders(); len(list) != 1 {
		t.Errorf("folders %v, expected that of the dead binary", list)
	}
	next := child() // sweeps
	if list := folders(); len(list) != 1 {
		t.Errorf("folders %v, expected that of the second dead binary only", list)
	}
	if runs(pids[2], "sleep") {
		t.Errorf("process %s, a child of a child, is left", pids[2])
	}
	if pid, err := strconv.Atoi(next[2]); err != nil {
		t.Error(err)
	} else if p, err := os.FindProcess(pid); err == nil && runs(next[2], "sleep") {
		_ = p.Kill() // there is no next one
	}
	netns.New(t) // sweeps the namespaces of both
}
