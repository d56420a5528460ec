//go:build linux

package kubernetes

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
)

// job is an indexed job of two pods, one per node, of testdata/tick.
type job struct {
	*Cluster
	t    *testing.T
	name string
}

var jobManifest = template.Must(template.ParseFiles("testdata/job.yaml"))

// run starts a job that is deleted at the test's end.
func run(t *testing.T, c *Cluster, name string, args ...string) *job {
	t.Helper()
	var b strings.Builder
	if err := jobManifest.Execute(&b, map[string]any{"Name": name, "Args": args}); err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(b.String()); err != nil {
		t.Fatal(err)
	}
	j := &job{c, t, name}
	t.Cleanup(func() {
		if t.Failed() {
			all, err := c.Kubectl("get", "nodes,jobs,pods", "-o", "wide")
			events, _ := c.Kubectl("get", "events", "--sort-by=.lastTimestamp")
			t.Log(all, events, err)
		}
		if _, err := c.Kubectl("delete", "job", name, "--cascade=foreground", "--timeout=50s"); err != nil {
			t.Error(err)
		}
	})
	return j
}

// pods are the job's.
func (j *job) pods() []Pod {
	j.t.Helper()
	pods, err := j.Pods(j.t.Context(), "default", "batch.kubernetes.io/job-name="+j.name)
	if err != nil {
		j.t.Fatal(err)
	}
	return pods
}

// wait waits until the job's pods are so, and returns those that have not been told to end, by index.
func (j *job) wait(what string, so func(live []Pod) bool) (live []Pod) {
	j.t.Helper()
	eventually(j.t, what, func() error {
		all := j.pods()
		live = slices.DeleteFunc(slices.Clone(all), func(p Pod) bool { return p.Deleted })
		slices.SortFunc(live, func(a, b Pod) int { return strings.Compare(a.Index, b.Index) })
		if !so(live) {
			return fmt.Errorf("pods are %+v", all)
		}
		return nil
	})
	return live
}

// both waits for two pods in a phase, one per index.
func (j *job) both(phase string) []Pod {
	j.t.Helper()
	return j.wait("both pods are "+phase, func(live []Pod) bool {
		return len(live) == 2 && live[0].Index == "0" && live[1].Index == "1" && live[0].Phase == phase && live[1].Phase == phase
	})
}

// on is the pod on a node.
func on(node string, pods []Pod) Pod {
	return pods[slices.IndexFunc(pods, func(p Pod) bool { return p.Node == node })]
}

// eventually waits until f finds nothing amiss. A node that is cut off is replaced after 25 s; a machine with more to do takes longer.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	began := time.Now()
	for {
		err := f()
		if err == nil {
			t.Logf("%s after %.1fs", what, time.Since(began).Seconds())
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waiting until %s: %v", what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// target takes lines, and remembers from which pods.
type target struct {
	net.Listener
	mu   sync.Mutex
	from map[string]int
}

// listen starts a target on a host, in this process.
func listen(t *testing.T, c *Cluster, host string) *target {
	t.Helper()
	l, err := c.Listen(host, "tcp", c.Address(host)+":9")
	if err != nil {
		t.Fatal(err)
	}
	g := &target{Listener: l, from: map[string]int{}}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			g.take(conn)
		}
	}()
	return g
}

// take reads a connection's one line. Its last word is the pod.
func (g *target) take(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	s := bufio.NewScanner(conn)
	if !s.Scan() {
		return
	}
	words := strings.Fields(s.Text())
	g.mu.Lock()
	defer g.mu.Unlock()
	g.from[words[len(words)-1]]++
}

// lines are those that a pod has sent.
func (g *target) lines(pod string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.from[pod]
}
