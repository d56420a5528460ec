//go:build linux

package kubernetes

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestCluster tries everything, a thing after the other.
func TestCluster(t *testing.T) {
	c := shared(t)
	made(t, c, "./testdata/tick")
	for _, s := range []struct {
		name string
		of   func(*testing.T, *Cluster)
	}{{"nodes", nodes}, {"job", completes}, {"network", reaches}, {"killed", replaced}, {"cut", cut}, {"parted", parted}} {
		if !t.Run(s.name, func(t *testing.T) { s.of(t, c) }) {
			return // each waits long for what it asks for, and has less reason to come
		}
	}
}

// nodes: kubectl sees two that are ready, and versions that are told rightly.
func nodes(t *testing.T, c *Cluster) {
	out, err := c.Kubectl("get", "nodes", "--no-headers")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || strings.Count(out, " Ready ") != 2 || strings.Count(out, "v1.") != 2 {
		t.Errorf("nodes:\n%s", out)
	}
	if out, err := c.Kubectl("get", "service", "kubernetes", "-o=jsonpath={.spec.clusterIP}:{.spec.ports[0].port}"); err != nil || out != c.Address(Control)+":443" {
		t.Errorf("pods look for the API server at %q: %v", out, err)
	}
	if out, err := c.Kubectl("get", "nodes", "no-such"); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("kubectl's complaint is lost: %q, %v", out, err)
	}
	if !strings.Contains(c.NodeLogs("node-1"), "kubelet on node-1") {
		t.Error("node-1 has no logs")
	}
}

// completes: a job of one pod per node runs to its end; its logs can be followed and read.
func completes(t *testing.T, c *Cluster) {
	j := run(t, c, "completes", "-lines=25")
	pods := j.both("Running")
	if pods[0].Node == pods[1].Node {
		t.Errorf("both pods are on one node: %+v", pods)
	}
	follow := c.KubectlCommand(t.Context(), "logs", "-f", pods[0].Name)
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || first != "tick 1 of index 0 in "+pods[0].Name+"\n" {
		t.Errorf("logs begin with %q: %v", first, err)
	}
	if now := j.both("Running"); now[0].Name != pods[0].Name {
		t.Errorf("the job had ended when its log came: %+v", now)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := follow.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := c.Kubectl("wait", "--for=condition=complete", "--timeout=50s", "job/completes"); err != nil {
		t.Fatal(err)
	}
	for _, p := range j.both("Succeeded") {
		logs, err := c.Kubectl("logs", p.Name)
		if err != nil || strings.Count(logs, "of index "+p.Index) != 25 || !strings.HasSuffix(logs, "done\n") {
			t.Errorf("%s: %v: %q", p.Name, err, logs)
		}
	}
}

// reaches: the test's process, hosts and pods reach one another where they should, and nobody reaches anything else.
func reaches(t *testing.T, c *Cluster) {
	g := listen(t, c, "target")
	j := run(t, c, "network", "-to="+g.Addr().String())
	for _, p := range j.both("Running") {
		eventually(t, "the target hears of "+p.Name, func() error {
			if g.lines(p.Name) < 3 {
				return fmt.Errorf("%d lines", g.lines(p.Name))
			}
			return nil
		})
		if _, err := c.Dial(t.Context(), "target", "tcp", p.IP+":1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the target does not reach %s, where nobody listens: %v", p.IP, err)
		}
	}
	for _, host := range []string{Control, "node-1", "target"} {
		if out, err := c.Exec(host, "ip", "route", "show", "default").CombinedOutput(); err != nil || len(out) != 0 {
			t.Errorf("%s has a way out: %v: %s", host, err, out)
		}
	}
	out, err := c.Exec("target", c.program("kubectl"), "--kubeconfig="+c.HostKubeConfig(), "get", "--raw", "/readyz").CombinedOutput()
	if err != nil || string(out) != "ok" {
		t.Errorf("from a host: %v: %s", err, out)
	}
	conn, err := c.Dial(t.Context(), "node-1", "tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "by dialer\n")
	conn.Close()
	address, err := c.Forward("node-2", c.Address("node-1")+":10248")
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Get("http://" + address); err == nil { // kubelet's health is on the node's loopback alone
		t.Errorf("kubelet answers %s", resp.Status)
	}
	eventually(t, "the target hears of the dialer", func() error {
		if g.lines("dialer") != 1 {
			return fmt.Errorf("%d lines", g.lines("dialer"))
		}
		return nil
	})
}

// replaced: a pod that is killed has a successor of the same index.
func replaced(t *testing.T, c *Cluster) {
	j := run(t, c, "killed")
	old := j.both("Running")
	if _, err := c.Kubectl("delete", "pod", old[1].Name, "--now", "--wait=false"); err != nil {
		t.Fatal(err)
	}
	now := j.wait("a successor runs", func(live []Pod) bool {
		return len(live) == 2 && live[1].Name != old[1].Name && live[1].Phase == "Running"
	})
	if now[0] != old[0] || now[1].Index != "1" || now[1].Node != old[1].Node {
		t.Errorf("%+v became %+v", old, now)
	}
}

// cut: a node that nobody reaches. Its pod goes on while a successor of the same index runs on the other node, until the node is back.
func cut(t *testing.T, c *Cluster) {
	g := listen(t, c, "target")
	j := run(t, c, "cut", "-to="+g.Addr().String())
	old := on("node-2", j.both("Running"))
	if err := c.CutNode("node-2"); err != nil {
		t.Fatal(err)
	}
	heal := func() {
		if err := c.HealNode("node-2"); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(heal)
	next := successor(j, old)
	alive(t, c, old)
	sent := g.lines(old.Name)
	eventually(t, "the successor reaches the target", func() error {
		if g.lines(next.Name) < 5 {
			return fmt.Errorf("%d lines", g.lines(next.Name))
		}
		return nil
	})
	if n := g.lines(old.Name); n != sent {
		t.Errorf("%d lines came from a node that is cut off", n-sent)
	}
	heal()
	back(t, c, old)
}

// parted: a node that the control plane does not reach, though a target does. Two pods of one index work on it.
func parted(t *testing.T, c *Cluster) {
	g := listen(t, c, "target")
	j := run(t, c, "parted", "-to="+g.Addr().String())
	old := on("node-1", j.both("Running"))
	if err := c.Part("node-1", Control); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Part(); err != nil {
			t.Error(err)
		}
	})
	next := successor(j, old)
	alive(t, c, old)
	was := [2]int{g.lines(old.Name), g.lines(next.Name)}
	eventually(t, "both reach the target", func() error {
		if now := [2]int{g.lines(old.Name), g.lines(next.Name)}; now[0] < was[0]+5 || now[1] < was[1]+5 {
			return fmt.Errorf("%d lines of one, %d of the other", now[0]-was[0], now[1]-was[1])
		}
		return nil
	})
	if err := c.Part(); err != nil {
		t.Fatal(err)
	}
	back(t, c, old)
}

// successor waits for the pod that takes another's place on the other node.
func successor(j *job, old Pod) (next Pod) {
	j.t.Helper()
	j.wait("a successor runs", func(live []Pod) bool {
		i := slices.IndexFunc(live, func(p Pod) bool { return p.Index == old.Index && p.Name != old.Name && p.Phase == "Running" })
		if i >= 0 {
			next = live[i]
		}
		return i >= 0
	})
	if next.Node == old.Node {
		j.t.Errorf("the successor of %+v is %+v", old, next)
	}
	return next
}

// alive makes sure that a pod that the API server has given up still runs and writes.
func alive(t *testing.T, c *Cluster, old Pod) {
	t.Helper()
	running, err := c.Running(old.Node)
	if err != nil || !slices.Contains(running, "default/"+old.Name) {
		t.Fatalf("%s runs %v: %v", old.Node, running, err)
	}
	was, err := c.PodLog(old.Node, "default", old.Name)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cut-off pod writes on", func() error {
		now, err := c.PodLog(old.Node, "default", old.Name)
		if err == nil && len(now) == len(was) {
			err = fmt.Errorf("its log has %d bytes, as before", len(now))
		}
		return err
	})
}

// back waits until a node is as it was, and what had to end there has ended.
func back(t *testing.T, c *Cluster, old Pod) {
	t.Helper()
	eventually(t, old.Node+" is back", func() error {
		if ready, err := c.ready(t.Context(), old.Node); err != nil || !ready {
			return fmt.Errorf("it is not ready: %w", err)
		}
		running, err := c.Running(old.Node)
		if err == nil && slices.Contains(running, "default/"+old.Name) {
			err = fmt.Errorf("it still runs %v", running)
		}
		return err
	})
}
