// Package netns makes several hosts on one machine, for tests: a network namespace each, joined by a bridge in a namespace of its own. What
// tests break (a link, one direction, one packet in three) is broken for real, and everything is removed when the test ends.
//
// Its namespaces are called iago-PID-N (the bridge) and iago-PID-N-HOST, by the process id of the test binary and a counter. Those of a binary that
// was killed are swept by the next [New], with the processes in them. Nothing is ever made in the machine's own namespace, and hosts have
// no way out of theirs: there is no default route.
//
// It needs Linux, root, iproute2, iptables, and bridges that pass what they forward to iptables (br_netfilter).
package netns
