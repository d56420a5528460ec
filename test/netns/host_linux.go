package netns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Host is a host: a network namespace with a loopback and an Ethernet interface, eth0.
type Host struct {
	net    *Net
	name   string
	space  string // its namespace
	port   string // its link's end at the bridge
	addr   netip.Addr
	down   bool
	faults map[string][]string // rules in force, by what they are for
}

func newHost(n *Net, name string, number int) *Host {
	return &Host{
		net: n, name: name, space: n.name + "-" + name, port: "p" + strconv.Itoa(number),
		addr: netip.AddrFrom4([4]byte{10, 77, n.subnet, byte(number)}), faults: map[string][]string{},
	}
}

// Name is the name that the host was given.
func (h *Host) Name() string { return h.name }

// Addr is the host's address.
func (h *Host) Addr() netip.Addr { return h.addr }

// HostPort is the host's address with a port, as one writes it in a URL.
func (h *Host) HostPort(port int) string { return netip.AddrPortFrom(h.addr, uint16(port)).String() }

// Path is the file that stands for the host's namespace, for programs that are told one.
func (h *Host) Path() string { return filepath.Join(folder, h.space) }

// Command is a command that will run on the host; its process is the command's own, so that signals reach it. /sys still shows the
// machine's own interfaces. What still runs at the test's end is killed. It may be called from any goroutine.
func (h *Host) Command(ctx context.Context, argv ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + h.Path(), "--"}, argv...)...)
}

// Do calls f on a thread that is on the host meanwhile: sockets that f makes itself stay there, those of goroutines that it starts are made
// elsewhere. It may be called from any goroutine. It returns f's error, or that it could not get there.
func (h *Host) Do(f func() error) error { return within(h.space, f) }

// Listen listens on the host, within this process: the listener and its connections stay on the host. An address without a host part stands
// for the host's own: ":0" is a free port of it. The listener is closed when the test ends. If it cannot be made, the test fails.
func (h *Host) Listen(network, address string) net.Listener {
	h.net.t.Helper()
	var l net.Listener
	err := h.Do(func() (err error) {
		lc := net.ListenConfig{}
		lc.SetMultipathTCP(false)
		l, err = lc.Listen(context.Background(), network, h.own(address))
		return err
	})
	h.net.must(err)
	h.net.t.Cleanup(func() { _ = l.Close() }) // the test may have closed it
	return l
}

// ListenPacket is [Host.Listen] for datagrams.
func (h *Host) ListenPacket(network, address string) net.PacketConn {
	h.net.t.Helper()
	var c net.PacketConn
	err := h.Do(func() (err error) {
		c, err = new(net.ListenConfig).ListenPacket(context.Background(), network, h.own(address))
		return err
	})
	h.net.must(err)
	h.net.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Dial connects from the host, within this process. The address must be numeric. It may be called from any goroutine.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err == nil && name != "" {
		_, err = netip.ParseAddr(name)
	}
	if err != nil {
		return nil, fmt.Errorf("netns: dial %q: expected a numeric address and a port, as hosts have no resolver: %w", address, err)
	}
	var c net.Conn
	err = h.Do(func() (err error) {
		c, err = new(net.Dialer).DialContext(ctx, network, h.own(address))
		return err
	})
	return c, err
}

// own puts the host's address where there is none.
func (h *Host) own(address string) string {
	if strings.HasPrefix(address, ":") {
		return h.addr.String() + address
	}
	return address
}

// awaitLink waits until the kernel has noticed at both ends that the link is up; before that it drops packets.
func (h *Host) awaitLink() {
	h.net.t.Helper()
	up := func(space, link string) bool {
		out, err := output("", "ip", "-n", space, "-o", "link", "show", "dev", link)
		h.net.must(err)
		return strings.Contains(out, " state UP ")
	}
	Eventually(h.net.t, 5*time.Second, func() bool { return up(h.net.name, h.port) && up(h.space, "eth0") },
		func() string { return "the link of " + h.name + " comes up" })
}
