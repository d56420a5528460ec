package redis

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// startCluster starts three masters, each with a third of the slots, and returns a client of each and their ids.
func startCluster(t *testing.T) (nodes []*client, ids []string) {
	t.Helper()
	for i := range 3 {
		target := serve(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--requirepass", "secret", "--masterauth", "secret")
		n := newClient(newCodec(t, func(c *Config) { c.Password = "secret" }), target)
		t.Cleanup(n.close)
		n.must(t, "ok", fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1))
		n.must(t, "ok", fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", (slots*i+2)/3, (slots*(i+1)+2)/3-1))
		nodes, ids = append(nodes, n), append(ids, n.must(t, "ok", "CLUSTER MYID"))
		if i > 0 {
			n.must(t, "ok", fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d", nodes[0].targets[0].Port))
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ready := 0
		for _, n := range nodes {
			if info := n.must(t, "ok", "CLUSTER INFO"); strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_size:3") && strings.Contains(info, "cluster_known_nodes:3") {
				ready++
			}
		}
		if ready == len(nodes) {
			return nodes, ids
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster does not come together")
		}
	}
}

// clusterClient is a client that has discovered the cluster by way of one node.
func clusterClient(t *testing.T, protocol int, seed load.Target) *client {
	t.Helper()
	codec := newCluster(t, func(c *Config) { c.Password, c.Protocol = "secret", protocol })
	targets, err := codec.(transport.Discoverer).Discover(context.Background(), []load.Target{{URL: "redis://127.0.0.1:1", Host: "127.0.0.1", Port: 1}, seed}, dial)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(codec, targets...)
	t.Cleanup(c.close)
	return c
}

// TestCluster: discovery, routing by slot, and a slot that is moved while requests run: no request fails and no value is lost.
func TestCluster(t *testing.T) {
	nodes, ids := startCluster(t)
	for _, protocol := range []int{2, 3} {
		c := clusterClient(t, protocol, nodes[1].targets[0])
		if len(c.targets) != 3 {
			t.Fatalf("RESP%d: targets %+v, want three", protocol, c.targets)
		}
		for i := range 300 {
			c.must(t, "ok", fmt.Sprintf(`SET "key %d" %d`, i, i))
			if got := c.must(t, "ok", fmt.Sprintf("GETDEL 'key %d'", i)); got != fmt.Sprint(i) {
				t.Errorf("key %d is %q", i, got)
			}
			if got, want := slotOf(fmt.Appendf(nil, "{%d}x", i)), nodes[0].must(t, "ok", fmt.Sprintf("CLUSTER KEYSLOT {%d}x", i)); fmt.Sprint(got) != want {
				t.Errorf("{%d}x is in slot %d, want %s", i, got, want)
			}
		}
		if vain := c.moves.Load() + c.asks.Load(); vain > 0 || len(c.links) != 3 {
			t.Errorf("RESP%d: asked in vain %d times; %d nodes asked, want 3", protocol, vain, len(c.links))
		}
		c.must(t, "ok", "PING")
		c.must(t, "CROSSSLOT", "MSET a 1 b 2")
	}

	// The slot of {foo} goes from node 2 to node 0.
	const keys = 200
	c := clusterClient(t, 2, nodes[0].targets[0])
	slot := slotOf([]byte("foo"))
	for i := range keys {
		c.must(t, "ok", fmt.Sprintf("SET {foo}%d 0", i))
	}
	var stop atomic.Bool
	rounds, failure := 0, make(chan error, 1)
	go func() {
		for last := false; !last; rounds++ {
			last = stop.Load()
			for i := range keys {
				if resp, err := c.do(fmt.Sprintf("INCR {foo}%d", i)); err != nil || resp.Status != statusOK {
					failure <- fmt.Errorf("INCR {foo}%d: %s, %w", i, resp.Content, err)
					return
				}
			}
		}
		failure <- nil
	}()
	from, to := nodes[2], nodes[0]
	to.must(t, "ok", fmt.Sprintf("CLUSTER SETSLOT %d IMPORTING %s", slot, ids[2]))
	from.must(t, "ok", fmt.Sprintf("CLUSTER SETSLOT %d MIGRATING %s", slot, ids[0]))
	for i := range keys {
		from.must(t, "ok", fmt.Sprintf("MIGRATE 127.0.0.1 %d {foo}%d 0 5000 AUTH secret", to.targets[0].Port, i))
	}
	from.must(t, "ASK", "GET {foo}0")
	for c.asks.Load() == 0 && len(failure) == 0 { // the requests that run have come upon it
		time.Sleep(time.Millisecond)
	}
	to.must(t, "ok", fmt.Sprintf("CLUSTER SETSLOT %d NODE %s", slot, ids[0]))
	from.must(t, "ok", fmt.Sprintf("CLUSTER SETSLOT %d NODE %s", slot, ids[0]))
	stop.Store(true)
	if err := <-failure; err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if got := c.must(t, "ok", fmt.Sprintf("GET {foo}%d", i)); got != fmt.Sprint(rounds) {
			t.Errorf("{foo}%d is %s after %d rounds", i, got, rounds)
		}
	}
	if asks, moves := c.asks.Load(), c.moves.Load(); asks == 0 || moves != 1 {
		t.Errorf("%d ASK and %d MOVED, want some and one", asks, moves)
	}
}
