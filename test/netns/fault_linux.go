package netns

import (
	"maps"
	"slices"
	"strconv"
)

// Direction is a direction of traffic, as the host sees it.
type Direction uint8

// Directions of traffic.
const (
	Out  Direction = 1 << iota // from the host
	In                         // to the host
	Both = Out | In
)

// LinkDown pulls the host's cable: what it sends is lost, nothing arrives, and no program is told of it. Its connections stay as they are.
func (h *Host) LinkDown() {
	h.net.t.Helper()
	h.net.must(run("", "ip", "-n", h.net.name, "link", "set", h.port, "down"))
	h.down = true
}

// LinkUp plugs the cable in again, and returns when it carries traffic.
func (h *Host) LinkUp() {
	h.net.t.Helper()
	h.net.must(run("", "ip", "-n", h.net.name, "link", "set", h.port, "up"))
	h.down = false
	h.awaitLink()
}

// CutOut loses what the host sends to peer; what peer sends still arrives. The network loses it, so that the sender is not told.
func (h *Host) CutOut(peer *Host) {
	h.net.t.Helper()
	h.fault("cut to "+peer.name, h.cutTo(peer))
}

// CutIn loses what peer sends to the host; what the host sends still arrives.
func (h *Host) CutIn(peer *Host) {
	h.net.t.Helper()
	h.fault("cut from "+peer.name, peer.cutTo(h))
}

func (h *Host) cutTo(peer *Host) []string {
	return []string{"-s", h.addr.String(), "-d", peer.addr.String()}
}

// Lose loses each packet at random with a probability of fraction, in each direction told apart. It replaces an earlier Lose in that
// direction; 0 ends it. A packet may hold several segments of a connection (the kernel hands them on together), but one datagram at most.
func (h *Host) Lose(d Direction, fraction float64) {
	h.net.t.Helper()
	random := h.atRandom(fraction)
	for _, way := range []struct {
		d            Direction
		name, option string
	}{{Out, "loss out", "-s"}, {In, "loss in", "-d"}} {
		if d&way.d == 0 {
			continue
		}
		h.mend(way.name)
		if fraction > 0 {
			h.fault(way.name, slices.Concat([]string{way.option, h.addr.String()}, random))
		}
	}
}

// LoseWith loses each packet between the host and peer at random with a probability of fraction, in both directions. It replaces an earlier one; 0
// ends it.
func (h *Host) LoseWith(peer *Host, fraction float64) {
	h.net.t.Helper()
	for name, match := range map[string][]string{"loss to " + peer.name: h.cutTo(peer), "loss from " + peer.name: peer.cutTo(h)} {
		h.mend(name)
		if fraction > 0 {
			h.fault(name, slices.Concat(match, h.atRandom(fraction)))
		}
	}
}

// atRandom matches packets with a probability of fraction.
func (h *Host) atRandom(fraction float64) []string {
	h.net.t.Helper()
	if !(fraction >= 0 && fraction <= 1) {
		h.net.t.Fatalf("netns: loss of %v: expected a fraction between 0 and 1", fraction)
	}
	return []string{"-m", "statistic", "--mode", "random", "--probability", strconv.FormatFloat(fraction, 'f', -1, 64)}
}

// Heal ends every fault of the host. Those that other hosts have with it are theirs.
func (h *Host) Heal() {
	h.net.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(h.faults)) {
		h.mend(name)
	}
	if h.down {
		h.LinkUp()
	}
}

// fault drops what matches, as the bridge forwards it: a drop on the sending host would be reported to the sender there, which is not what a
// network does.
func (h *Host) fault(name string, match []string) {
	h.net.t.Helper()
	if h.faults[name] != nil {
		return
	}
	h.net.must(h.net.iptables("-A", match))
	h.faults[name] = match
}

func (h *Host) mend(name string) {
	h.net.t.Helper()
	if match := h.faults[name]; match != nil {
		h.net.must(h.net.iptables("-D", match))
		delete(h.faults, name)
	}
}

func (n *Net) iptables(what string, match []string) error {
	argv := []string{"nsenter", "--net=" + folder + "/" + n.name, "--", "iptables", "-w", "5", what, "FORWARD"}
	return run("", slices.Concat(argv, match, []string{"-j", "DROP"})...)
}
