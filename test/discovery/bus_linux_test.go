package discovery

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
)

// token is what the buses of these tests want.
const token = "IAGO_BUS_TOKEN=a-token-for-tests"

// start starts iago with the bus's token in its environment.
func start(t *testing.T, args ...string) *cluster.Proc {
	t.Helper()
	c := cluster.Command(t, nil, args...)
	c.Env = append(os.Environ(), token)
	return cluster.StartCommand(t, c)
}

// TestWorkersFindTheBusByZooKeeper: the feeder announces its bus, workers that were there before find it, are seen, and load targets that
// they find in ZooKeeper themselves.
func TestWorkersFindTheBusByZooKeeper(t *testing.T) {
	zk := zookeeper(t)
	m := startMembers(t, 2)
	zk.Put(t, "/service/web", entry(t, m[0].Member))
	at := "zk://" + zk.Address + "/iago/shop?session=2s"
	w1 := start(t, "worker", "--discover", at, "--name", "one")
	dir := filepath.Join(t.TempDir(), "run")
	target := "http+zk://" + zk.Address + "/service/web"
	listen := fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t))
	feed := start(t, "feed", target, "-r", "400/s", "-d", "8s", "--workers", "2", "--bus", "embedded", "--bus-listen", listen, "--discover", at,
		"--lease", "2s", "--out", dir)
	if bus := found(t, at, 1); bus[0].Endpoint().String() != listen {
		t.Errorf("announced %v; expected %s", bus, listen)
	}
	ctl := start(t, "ctl", "web", "status", "--discover", at)
	if status := ctl.Wait(patience); status != report.ExitDone || !strings.Contains(ctl.Stdout(), "web: ") {
		t.Errorf("ctl: status %d: %s", status, ctl.Stdout())
	}
	w2 := start(t, "worker", "--discover", at, "--name", "two")
	workers := found(t, strings.Replace(at, "?", "/workers?", 1), 2)
	if workers[0].Endpoint() == workers[1].Endpoint() {
		t.Errorf("workers %v", workers)
	}
	m[0].isUsed(t)
	zk.Put(t, "/service/web", entry(t, m[1].Member))
	m[1].isUsed(t)
	feed.Finish(patience)
	for _, w := range []*cluster.Proc{w1, w2} {
		if status := w.Wait(patience); status != report.ExitDone {
			t.Errorf("%v: status %d", w, status)
		}
	}
	s := cluster.Summary(t, dir)
	allServed(t, s, m)
	if want := []string{target, m[0].url(), m[1].url()}; !sameMembers(s.Run.Targets, want) || len(s.Workers) != 2 {
		t.Errorf("targets %q, expected %q; %d workers", s.Run.Targets, want, len(s.Workers))
	}
	found(t, at, 0)
	found(t, strings.Replace(at, "?", "/workers?", 1), 0)
}

// TestTheBusMoves: the feeder is killed with its bus, and started again with another address. The workers find it there and the job goes on
// to its end, with all results.
func TestTheBusMoves(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	zk := zookeeper(t)
	m := startMembers(t, 1)
	at := "zk://" + zk.Address + "/iago/shop?session=2s"
	dir, data := filepath.Join(t.TempDir(), "run"), t.TempDir()
	feed := func() *cluster.Proc {
		return start(t, "feed", m[0].url(), "--name", "shop", "-r", "200/s", "-d", "15s", "--workers", "2", "--bus-dir", data, "--lease", "2s", "--out", dir,
			"--bus-listen", fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t)), "--discover", at)
	}
	first := feed()
	w := []*cluster.Proc{start(t, "worker", "--discover", at, "--name", "one"), start(t, "worker", "--discover", at, "--name", "two")}
	m[0].isUsed(t)
	first.Kill()
	second := feed()
	for _, w := range w {
		w.Says(patience, "looking the bus up again")
		w.Says(patience, "connected again")
	}
	second.Finish(patience)
	for _, w := range w {
		if status := w.Wait(patience); status != report.ExitDone {
			t.Errorf("%v: status %d", w, status)
		}
	}
	s := cluster.Summary(t, dir)
	if q := s.Requests; q.Lost > 0 || q.Completed+q.Failed != q.Sent || q.Scheduled != q.Sent+q.Unsent+q.Dropped+q.Starved {
		t.Errorf("%+v, %v", q, s.Errors)
	}
	if s.Run.Ended.Sub(s.Run.Started) < 15*time.Second || len(s.Workers) != 2 {
		t.Errorf("the job went from %v to %v, with %d workers", s.Run.Started, s.Run.Ended, len(s.Workers))
	}
}
