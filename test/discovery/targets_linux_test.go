package discovery

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/srv/srvtest"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns"
)

// TestRunFollowsZooKeeper: a run uses members that come and drains those that go; nothing fails. Members beyond private addresses that come
// later are left out.
func TestRunFollowsZooKeeper(t *testing.T) {
	zk := zookeeper(t)
	m := startMembers(t, 3)
	const path = "/service/web"
	first := zk.Put(t, path, entry(t, m[0].Member))
	second := zk.Put(t, path, entry(t, m[1].Member))
	dir := filepath.Join(t.TempDir(), "run")
	target := "http+zk://" + zk.Address + path
	run := cluster.Start(t, nil, "run", target, "-r", "400/s", "-d", "10m", "--out", dir)
	m[0].isUsed(t)
	m[1].isUsed(t)
	first()
	zk.Put(t, path, entry(t, discovery.Member{Host: "192.0.2.1", Port: 80}))
	zk.Put(t, path, entry(t, m[2].Member))
	m[2].isUsed(t)
	drained := m[0].served()
	m[2].isUsed(t)
	second()
	m[2].isUsed(t)
	zk.Kill() // no target is lost with it
	logs(t, dir, "connection lost")
	m[2].isUsed(t)
	run.Interrupt()
	if status := run.Wait(patience); status != report.ExitInterrupted {
		t.Errorf("status %d", status)
	}
	s := cluster.Summary(t, dir)
	allServed(t, s, m)
	if n := m[0].served(); n > drained+20 {
		t.Errorf("%d requests reached the first member after it had gone", n-drained)
	}
	if want := []string{target, m[0].url(), m[1].url(), m[2].url()}; !sameMembers(s.Run.Targets, want) {
		t.Errorf("targets %q; expected %q", s.Run.Targets, want)
	}
	for _, text := range []string{m[0].url() + " went", m[1].url() + " went", m[2].url() + " came", "http://192.0.2.1:80 was left out"} {
		hasEvent(t, s, text)
	}
	logs(t, dir, m[2].url()+": came; 2 in use", m[0].url()+": went", "http://192.0.2.1:80: left out")
}

// logs waits until the log of a run tells all this.
func logs(t *testing.T, dir string, texts ...string) {
	t.Helper()
	var log []byte
	for _, text := range texts {
		netns.Eventually(t, patience, func() bool {
			var err error
			log, err = os.ReadFile(filepath.Join(dir, "iago.log"))
			return err == nil && strings.Contains(string(log), text)
		}, func() string { return fmt.Sprintf("iago.log tells %q: %s", text, log) })
	}
}

// sameMembers compares targets: the first is what was asked for, the others are in any order.
func sameMembers(got, want []string) bool {
	return len(got) == len(want) && got[0] == want[0] && slices.Equal(slices.Sorted(slices.Values(got[1:])), slices.Sorted(slices.Values(want[1:])))
}

// TestRunFollowsTheDNS: the same by SRV records, beside a target of fixed address.
func TestRunFollowsTheDNS(t *testing.T) {
	dns := srvtest.Start(t)
	m := startMembers(t, 2)
	fixed := startMember(t, "127.0.0.1:0")
	record := func(m *member) string { return fmt.Sprintf("_web._tcp SRV 1 1 %d a", m.Port) }
	dns.Set("a A 127.0.0.1", record(m[0]))
	dir := filepath.Join(t.TempDir(), "run")
	spec := filepath.Join(t.TempDir(), "web.yaml")
	target := "http+srv://_web._tcp.example?interval=50ms&server=" + dns.Address
	text := fmt.Sprintf("targets: [%s, %q]\nrate: 400/s\nduration: 10m\n", fixed.url(), target)
	if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := cluster.Start(t, nil, "run", spec, "--out", dir)
	fixed.isUsed(t)
	m[0].isUsed(t)
	dns.Set("a A 127.0.0.1", record(m[1]))
	m[1].isUsed(t)
	dns.Set("a A 127.0.0.1")
	fixed.isUsed(t)
	dns.Set("a A 127.0.0.1", record(m[0]))
	m[0].isUsed(t)
	run.Interrupt()
	run.Wait(patience)
	s := cluster.Summary(t, dir)
	allServed(t, s, append(m, fixed))
	if want := []string{fixed.url(), target, m[0].url(), m[1].url()}; !slices.Equal(s.Run.Targets, want) {
		t.Errorf("targets %q; expected %q", s.Run.Targets, want)
	}
	hasEvent(t, s, m[1].url()+" came")
}

// TestRunSaysWhyItHasNoTargets: before anything is sent, and in words.
func TestRunSaysWhyItHasNoTargets(t *testing.T) {
	zk := zookeeper(t)
	zk.Put(t, "/public", entry(t, discovery.Member{Host: "192.0.2.1", Port: 80}))
	away := fmt.Sprintf("127.0.0.1:%d", 1)
	for name, tt := range map[string]struct {
		target string
		status int
		says   string
	}{
		"none":    {"http+zk://" + zk.Address + "/nobody", report.ExitFailed, "no members after 1s (discovery_wait): it has none"},
		"away":    {"http+zk://" + away + "/nobody", report.ExitFailed, "no members after 1s (discovery_wait): it has not answered"},
		"public":  {"http+zk://" + zk.Address + "/public", report.ExitUsage, "http://192.0.2.1:80: not a loopback or private address; say --yes"},
		"unknown": {"http+zookeeper://" + zk.Address + "/x", report.ExitUsage, "no discovery backend is called zookeeper"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := filepath.Join(t.TempDir(), "web.yaml")
			if err := os.WriteFile(spec, []byte("target: "+tt.target+"\ndiscovery_wait: 1s\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			run := cluster.Start(t, nil, "run", spec)
			if status := run.Wait(patience); status != tt.status || !strings.Contains(run.Stderr(), tt.says) {
				t.Errorf("status %d, expected %d; it said\n%s\nexpected %q", status, tt.status, run.Stderr(), tt.says)
			}
			if left, err := os.ReadDir(run.Dir()); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// TestExampleOfTheDNS: examples/discovery/dns.yaml, but for the name server's address.
func TestExampleOfTheDNS(t *testing.T) {
	dns := srvtest.Start(t)
	m := startMembers(t, 2)
	dns.Set("web1.shop A 127.0.0.1", fmt.Sprintf("_http._tcp.shop SRV 10 1 %d web1.shop", m[0].Port), fmt.Sprintf("_http._tcp.shop SRV 10 1 %d web1.shop", m[1].Port))
	text, err := os.ReadFile("../../examples/discovery/dns.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const documented = "server=127.0.0.1:5300"
	if !strings.Contains(string(text), documented) {
		t.Fatalf("the example has no %s", documented)
	}
	spec, dir := filepath.Join(t.TempDir(), "dns.yaml"), filepath.Join(t.TempDir(), "run")
	if err := os.WriteFile(spec, []byte(strings.Replace(string(text), documented, "server="+dns.Address, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	cluster.Start(t, nil, "run", spec, "--out", dir).Finish(patience)
	allServed(t, cluster.Summary(t, dir), m)
	for i := range m {
		if m[i].served() < 100 {
			t.Errorf("member %d was asked %d times", i, m[i].served())
		}
	}
}
