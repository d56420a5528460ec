package test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
)

// memcached: what iago counts by outcome is what the server counts.
func TestProtocolMemcached(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		m := startMemcached(t)
		o := protocolRun(t, "memcached.yaml", "--target", "memcached://"+m.address, poller)
		compareMemcached(t, o, memcachedStats(t, m.address))
	})
}

// compareMemcached holds a run's figures against the servers'.
func compareMemcached(t *testing.T, o *outcome, stats map[string]int64) {
	t.Helper()
	by := o.labeled()
	for _, c := range []struct {
		what        string
		mine, their int64
	}{
		{"get, gets, mg", by["get"] + by["gets"] + by["mg"], stats["cmd_get"]},
		{"set, add", o.Status["stored"], stats["total_items"]},
		{"hit", o.Status["hit"], stats["get_hits"]},
		{"miss", o.Status["miss"], stats["get_misses"]},
		{"deleted", o.Status["deleted"], stats["delete_hits"]},
		{"number", o.Status["number"], stats["incr_hits"]},
		{"touched", o.Status["touched"], stats["touch_hits"]},
		{"not found", o.Status["not found"], stats["delete_misses"] + stats["incr_misses"] + stats["touch_misses"]},
	} {
		if c.mine != c.their {
			t.Errorf("%s: iago counts %d, memcached %d", c.what, c.mine, c.their)
		}
	}
	for _, status := range []string{"hit", "miss", "stored"} {
		if o.Status[status] == 0 {
			t.Errorf("no request was a %s: %v", status, o.Status)
		}
	}
}

// Three servers share the keys: each key has one place, and each server some of the keys.
func TestProtocolMemcachedKetama(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		sum, args := map[string]int64{}, []string{poller}
		servers := make([]*server, 3)
		for i := range servers {
			servers[i] = startMemcached(t)
			args = append(args, "--target", "memcached://"+servers[i].address)
		}
		o := protocolRun(t, "memcached.yaml", args...)
		for i, s := range servers {
			stats := memcachedStats(t, s.address)
			if stats["cmd_get"] < 10 {
				t.Errorf("server %d got %d gets", i, stats["cmd_get"])
			}
			for name, n := range stats {
				sum[name] += n
			}
		}
		compareMemcached(t, o, sum)
		held := 0
		for key := range 50 {
			places := 0
			for _, s := range servers {
				places += len(memcachedSays(t, s.address, "get page:"+strconv.Itoa(key))) / 2
			}
			if places > 1 {
				t.Errorf("page:%d is on %d servers", key, places)
			}
			held += places
		}
		if held == 0 {
			t.Error("no server holds any page")
		}
	})
}

// Kestrel, of which only servers of ours can be had: what iago counts is what the target counts, and items come and go.
func TestProtocolKestrel(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		g := startTargetKind(t, "kestrel")
		o := protocolRun(t, "kestrel.yaml", "--target", g.url, poller)
		text, err := g.end()
		if err != nil {
			t.Fatal(err)
		}
		var saw struct {
			Requests int64            `json:"requests"`
			Kinds    map[string]int64 `json:"kinds"`
			Protocol map[string]int64 `json:"protocol"`
		}
		if err := json.Unmarshal([]byte(text), &saw); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		by := o.labeled()
		if saw.Requests != 240 || saw.Kinds["get"] != by["get"] || saw.Kinds["set"] != by["set"] {
			t.Errorf("the target saw %d requests, %v; iago counts %v", saw.Requests, saw.Kinds, by)
		}
		if saw.Protocol["stored"] != o.Status["stored"] || o.Status["stored"] != 80 || saw.Protocol["hits"] != o.Status["item"] || o.Status["empty"] < 40 {
			t.Errorf("the target tells %v; iago counts %v", saw.Protocol, o.Status)
		}
	})
}

// startTargetKind starts a built-in target of that kind on a free port.
func startTargetKind(t testing.TB, kind string, args ...string) *target {
	t.Helper()
	g, err := launchTargetKind(binary(t), "", kind, args)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", kind, err))
	}
	t.Cleanup(g.kill)
	return g
}
