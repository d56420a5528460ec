package netns

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
)

// Net is a network of hosts. Its methods and those of its hosts are for the test's own goroutine, but for what says otherwise.
type Net struct {
	t      testing.TB
	name   string // of the bridge's namespace, and the beginning of the hosts'
	subnet byte   // 10.77.subnet.0/24
	hosts  []*Host
}

var (
	counter   atomic.Int64
	sweepOnce sync.Once // of what an earlier process with our id has left
)

// New makes a network without hosts. It is removed when the test ends, however it ends. Where a network cannot be made, the test fails.
func New(t testing.TB) *Net {
	t.Helper()
	if err := possible(); err != nil {
		t.Fatal(err)
	}
	sweepOnce.Do(func() {
		if err := sweep(func(pid int) bool { return pid == os.Getpid() }); err != nil {
			t.Fatal(err)
		}
	})
	if err := sweep(dead); err != nil {
		t.Fatal(err)
	}
	count := counter.Add(1)
	n := &Net{t: t, name: fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), count), subnet: byte(int64(os.Getpid()) + count)}
	t.Cleanup(n.remove)
	n.must(run("", "ip", "netns", "add", n.name))
	n.must(run("link add br0 type bridge\nlink set br0 up\n", "ip", "-n", n.name, "-batch", "-"))
	n.must(within(n.name, filterBridge))
	return n
}

var hostName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Host adds a host to the network, with an address of its own: 10.77.N.1, 10.77.N.2, and so on. It is ready for traffic when Host
// returns. The name is made of lowercase letters, digits and dashes.
func (n *Net) Host(name string) *Host {
	n.t.Helper()
	if !hostName.MatchString(name) {
		n.t.Fatalf("netns: host name %q: expected lowercase letters, digits and dashes", name)
	}
	for _, h := range n.hosts {
		if h.name == name {
			n.t.Fatalf("netns: there is a host %q already", name)
		}
	}
	if len(n.hosts) == 254 {
		n.t.Fatal("netns: a network has 254 hosts at most")
	}
	h := newHost(n, name, len(n.hosts)+1)
	n.must(run("", "ip", "netns", "add", h.space))
	n.hosts = append(n.hosts, h)
	n.must(run(fmt.Sprintf("link add %s type veth peer name eth0 netns %s\nlink set %s master br0 up\n", h.port, h.space, h.port),
		"ip", "-n", n.name, "-batch", "-"))
	n.must(run(fmt.Sprintf("link set lo up\naddr add %s/24 dev eth0\nlink set eth0 up\n", h.addr), "ip", "-n", h.space, "-batch", "-"))
	h.awaitLink()
	return h
}

// Hosts are the hosts of the network in the order in which they were added.
func (n *Net) Hosts() []*Host { return append([]*Host(nil), n.hosts...) }

// Heal ends every fault of every host.
func (n *Net) Heal() {
	n.t.Helper()
	for _, h := range n.hosts {
		h.Heal()
	}
}

// remove ends what still runs in the network and removes its namespaces. The kernel removes what is in them: links, addresses, rules.
func (n *Net) remove() {
	for _, h := range n.hosts {
		if err := removeSpace(h.space); err != nil {
			n.t.Error(err)
		}
	}
	if err := removeSpace(n.name); err != nil {
		n.t.Error(err)
	}
}

func (n *Net) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// possible tells what is missing.
func possible() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("netns: network namespaces are made by root only, and this is user %d: run these tests as root", os.Geteuid())
	}
	for _, tool := range []string{"ip", "iptables", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("netns: %w: `make deps` installs it", err)
		}
	}
	return nil
}

// filterBridge makes the bridge of the present namespace show iptables what it forwards.
func filterBridge() error {
	const setting = "/proc/sys/net/bridge/bridge-nf-call-iptables"
	if _, err := os.Stat(setting); err != nil {
		if err := run("", "modprobe", "br_netfilter"); err != nil {
			return fmt.Errorf("netns: this kernel has no br_netfilter, which the faults are made with: %w", err)
		}
	}
	if err := os.WriteFile(setting, []byte("1"), 0); err != nil {
		return fmt.Errorf("netns: %w", err)
	}
	return nil
}
