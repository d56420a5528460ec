//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The network is one segment: a host's link ends in a port of the switch that is called as the host is. On a node, the link is a port
// of a bridge of its own, which the CNI plugin ties pods to. Nobody has a route beyond.
const (
	// Control is the host that the control plane is on.
	Control = "control"

	network        = "10.244.0.0/16"
	controlAddress = "10.244.255.1" // also the first cluster IP, so that pods find the API server where their environment says
	clusterIPs     = "10.244.255.0/24"

	hub    = "switch"
	bridge = "bridge0"
	uplink = "uplink0"
)

// nodeAddress is that of a node and of its pods: the node is the first of a range, its pods have the others.
func nodeAddress(node, n int) string { return fmt.Sprintf("10.244.%d.%d", node+1, n) }

// hostAddress is that of a host that is no node.
func hostAddress(n int) string { return fmt.Sprintf("10.244.254.%d", n+1) }

// wire makes the switch and the hosts.
func (c *Cluster) wire(ctx context.Context) error {
	lines := [][]string{{"netns", "add", hub}, {"-n", hub, "link", "add", bridge, "up", "type", "bridge"}}
	for _, h := range c.hosts {
		lines = append(
			lines,
			[]string{"netns", "add", h.name},
			[]string{"-n", h.name, "link", "set", "lo", "up"},
			[]string{"-n", hub, "link", "add", h.name, "up", "master", bridge, "type", "veth", "peer", "name", uplink, "netns", h.name},
		)
		with := uplink
		if h.node {
			with = bridge
			lines = append(
				lines,
				[]string{"-n", h.name, "link", "add", bridge, "up", "type", "bridge"},
				[]string{"-n", h.name, "link", "set", uplink, "master", bridge},
			)
		}
		lines = append(
			lines,
			[]string{"-n", h.name, "link", "set", uplink, "up"},
			[]string{"-n", h.name, "address", "add", h.address + "/16", "dev", with},
		)
	}
	for _, l := range lines {
		if err := c.within(ctx, "", append([]string{"ip"}, l...)...); err != nil {
			return err
		}
	}
	return nil
}

// within runs a command among the cluster's processes to its end.
func (c *Cluster) within(ctx context.Context, host string, argv ...string) error {
	out, err := command(ctx, append(c.keeper.inside(host), argv...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// CutNode cuts a node off: neither the node nor its pods reach anybody elsewhere, nor does anybody reach them, but for these other hosts: a
// node that reaches a target alone goes on working on it, while nobody can tell it to stop. What runs on the node goes on.
func (c *Cluster) CutNode(name string, but ...string) error {
	if len(but) == 0 {
		return c.port(name, "ip", "link", "set", name, "down")
	}
	for _, h := range but {
		if _, err := c.host(h); err != nil {
			return err
		}
	}
	for _, h := range c.hosts {
		if h.name == name || slices.Contains(but, h.name) {
			continue
		}
		for _, way := range [][2]string{{name, h.name}, {h.name, name}} {
			rule := []string{"FORWARD", "-i", way[0], "-o", way[1], "-j", "DROP"}
			if err := c.port(name, append([]string{"ebtables", "-A"}, rule...)...); err != nil {
				return err
			}
			c.cuts[name] = append(c.cuts[name], rule)
		}
	}
	return nil
}

// HealNode mends what CutNode has cut. It may be called again.
func (c *Cluster) HealNode(name string) error {
	for rules := c.cuts[name]; len(rules) > 0; rules = c.cuts[name] {
		if err := c.port(name, append([]string{"ebtables", "-D"}, rules[0]...)...); err != nil {
			return err
		}
		c.cuts[name] = rules[1:]
	}
	return c.port(name, "ip", "link", "set", name, "up")
}

// Part keeps these hosts, and the pods on them, from reaching one another; all others reach them as before. Part(node, Control) is a
// node whose pods go on working on a target that has a host of its own, while nobody can tell them to stop. It undoes an earlier Part;
// without hosts it does only that.
func (c *Cluster) Part(hosts ...string) error {
	for _, h := range hosts {
		if _, err := c.host(h); err != nil {
			return err
		}
	}
	for _, h := range c.hosts {
		state := "off"
		if slices.Contains(hosts, h.name) {
			state = "on"
		}
		if err := c.port(h.name, "bridge", "link", "set", "dev", h.name, "isolated", state); err != nil {
			return err
		}
	}
	return nil
}

// port runs a command on the switch, about a host's port.
func (c *Cluster) port(host string, argv ...string) error {
	if _, err := c.host(host); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := c.within(ctx, hub, argv...); err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	return nil
}

// Exec is a command on a host's network, and for the rest in the test's own surroundings: its files, its processes, its environment. It is
// for the caller to start and to end.
func (c *Cluster) Exec(host string, argv ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--net=" + c.keeper.network(host), "--"}, argv...)...)
}

// Dial connects from a host to an address of the cluster's, "10.244.1.2:80". Network is "tcp" or "udp"; the address is not looked up.
func (c *Cluster) Dial(ctx context.Context, host, network, address string) (conn net.Conn, err error) {
	err = c.on(host, func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen listens on a host, for a target in the test's own process. The listener is the caller's to close.
func (c *Cluster) Listen(host, network, address string) (l net.Listener, err error) {
	err = c.on(host, func() error {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// on has f run on a thread that is on a host's network. Sockets that it makes stay there; a goroutine that it starts does not.
func (c *Cluster) on(host string, f func() error) error {
	if _, err := c.host(host); err != nil {
		return err
	}
	there, err := os.Open(c.keeper.network(host))
	if err != nil {
		return fmt.Errorf("kubernetes: %s: %w", host, err)
	}
	defer there.Close()
	runtime.LockOSThread()
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("kubernetes: %w", err)
	}
	defer here.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("kubernetes: going to %s: %w", host, err)
	}
	err = f()
	if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
		return fmt.Errorf("kubernetes: coming back from %s: %w", host, back) // still locked: the thread goes with its goroutine
	}
	runtime.UnlockOSThread()
	return err
}

// commandLimit is how long a command may take that has nothing to wait for.
const commandLimit = time.Minute
