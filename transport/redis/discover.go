package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// Discover implements [transport.Discoverer]: it asks one target after the other for the slots (CLUSTER SLOTS) until one
// answers, and returns the masters, in the order of their slots, and then the replicas.
func (c *clusterCodec) Discover(ctx context.Context, targets []load.Target, dial transport.Dial) ([]load.Target, error) {
	var errs []error
	for i := range targets {
		seed := &targets[i]
		ranges, err := c.ask(ctx, seed, dial)
		if err == nil {
			return c.adopt(seed, ranges), nil
		}
		errs = append(errs, fmt.Errorf("transport/redis: the slots of %s: %w", seed.URL, err))
	}
	if len(errs) == 0 {
		return nil, errors.New("transport/redis: there is no target to ask for the cluster's slots")
	}
	return nil, errors.Join(errs...)
}

// maxSlots is the most bytes of a list of slots that are read, as JSON.
const maxSlots = 64 << 20

// ask asks one node.
func (c *clusterCodec) ask(ctx context.Context, seed *load.Target, dial transport.Dial) ([]slotRange, error) {
	stream, err := dial(ctx, seed)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	talk, conn := talk{stream: stream}, &conn{codec: c.codec}
	if err := talk.say(conn.Greet(nil), func(src []byte, eof bool) (int, bool, error) {
		n, _, done, err := conn.Welcome(src, eof, nil)
		return n, done, err
	}); err != nil {
		return nil, err
	}
	resp := &load.Response{Keep: maxSlots}
	conn.Start(&load.Request{})
	if err := talk.say([]byte("*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n"), func(src []byte, eof bool) (int, bool, error) {
		return conn.Parse(src, eof, resp)
	}); err != nil {
		return nil, err
	}
	if resp.Status != statusOK {
		return nil, fmt.Errorf("%.200s (leave redis.cluster out for a server that is in no cluster)", resp.Content)
	}
	return readSlots(resp.Content, hostOf(seed))
}

// talk is a conversation with a node.
type talk struct {
	stream io.ReadWriter
	left   []byte // read and not consumed
}

// say says something, if there is something to say, and reads until parse has what it wants.
func (t *talk) say(what []byte, parse func(src []byte, eof bool) (n int, done bool, err error)) error {
	if len(what) == 0 {
		return nil
	}
	if _, err := t.stream.Write(what); err != nil {
		return err
	}
	buf := make([]byte, 16<<10)
	for eof := false; ; {
		n, done, err := parse(t.left, eof)
		if t.left = t.left[n:]; done || err != nil {
			return err
		}
		n, err = t.stream.Read(buf)
		if eof = errors.Is(err, io.EOF); err != nil && !eof {
			return err
		}
		t.left = append(t.left, buf[:n]...)
	}
}

// slotRange is one line of an answer to CLUSTER SLOTS.
type slotRange struct {
	from, to int
	nodes    []node // the master first
}

type node struct {
	host string
	port int
}

// readSlots reads an answer to CLUSTER SLOTS, shown as JSON: [[from, to, [host, port, …], [host, port, …], …], …].
func readSlots(answer []byte, seedHost string) ([]slotRange, error) {
	var lines [][]json.RawMessage
	if err := json.Unmarshal(answer, &lines); err != nil {
		return nil, fmt.Errorf("not the answer to CLUSTER SLOTS: %w", err)
	}
	var ranges []slotRange
	for _, line := range lines {
		var r slotRange
		if len(line) < 3 || json.Unmarshal(line[0], &r.from) != nil || json.Unmarshal(line[1], &r.to) != nil || r.from < 0 || r.to < r.from || r.to >= slots {
			return nil, fmt.Errorf("not a range of slots: %s", line)
		}
		for _, raw := range line[2:] {
			n, err := readNode(raw, seedHost)
			if err != nil {
				return nil, err
			}
			r.nodes = append(r.nodes, n)
		}
		ranges = append(ranges, r)
	}
	if len(ranges) == 0 {
		return nil, errors.New("no node has a slot; is the cluster made? (redis-cli --cluster create)")
	}
	slices.SortFunc(ranges, func(a, b slotRange) int { return a.from - b.from })
	return ranges, nil
}

// readNode reads [host, port, …]. No host means that of the node that was asked.
func readNode(raw json.RawMessage, seedHost string) (node, error) {
	var parts []json.RawMessage
	var host *string
	var n node
	if json.Unmarshal(raw, &parts) != nil || len(parts) < 2 || json.Unmarshal(parts[0], &host) != nil || json.Unmarshal(parts[1], &n.port) != nil || n.port < 1 || n.port > 65535 {
		return n, fmt.Errorf("not a node: %s", raw)
	}
	switch {
	case host == nil || *host == "":
		n.host = seedHost
	case *host == "?":
		return n, fmt.Errorf("node without a host name: %s (set cluster-announce-hostname there)", raw)
	default:
		n.host = *host
	}
	return n, nil
}

// adopt notes which node has which slots, and returns the nodes as targets.
func (c *clusterCodec) adopt(seed *load.Target, ranges []slotRange) []load.Target {
	var nodes []node
	add := func(n node) {
		if !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	found := make([]nodeRange, len(ranges))
	for i, r := range ranges {
		add(r.nodes[0])
		found[i] = nodeRange{r.from, r.to, address(r.nodes[0].host, r.nodes[0].port)}
	}
	for _, r := range ranges {
		for _, n := range r.nodes[1:] {
			add(n)
		}
	}
	targets := make([]load.Target, len(nodes))
	for i, n := range nodes {
		targets[i] = asTarget(n, seed)
	}
	c.cluster.mu.Lock()
	defer c.cluster.mu.Unlock()
	c.cluster.found, c.cluster.seed = found, hostOf(seed)
	c.cluster.table.Store(nil)
	return targets
}

// asTarget is a node as a target, reached as the one that was asked.
func asTarget(n node, seed *load.Target) load.Target {
	t := load.Target{Scheme: seed.Scheme, Host: n.host, Port: n.port, TLS: seed.TLS}
	if seed.Unix != "" {
		t.Scheme = "redis"
	}
	host := n.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	t.URL = t.Scheme + "://" + address(host, n.port)
	return t
}

// hostOf is the host that a node which names none is on.
func hostOf(seed *load.Target) string {
	if seed.Host == "" {
		return "127.0.0.1" // a Unix socket's
	}
	return seed.Host
}

// address is how MOVED and ASK write an address: an IPv6 host without brackets.
func address(host string, port int) string { return host + ":" + strconv.Itoa(port) }
