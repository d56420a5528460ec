package redis

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// clusterCodec is a codec that knows a cluster's nodes. It implements [transport.Router] and [transport.Discoverer] besides.
type clusterCodec struct {
	*codec
	cluster cluster
}

// NewConn implements [transport.Codec].
func (c *clusterCodec) NewConn() transport.Conn {
	return &conn{codec: c.codec, cluster: &c.cluster, reader: reader{limit: c.config.AnswerLimit}}
}

// Route implements [transport.Router]: to the master of the slot of the request's Key, or of its command's first key. Commands
// without one go to the masters in turn, in proportion to their slots. -1: no master is known.
func (c *clusterCodec) Route(req *load.Request, targets []load.Target) int {
	t := c.cluster.of(targets)
	if len(req.Key) > 0 {
		return t.master(slotOf(req.Key))
	}
	var buf [256]byte
	if key, ok := firstKey(buf[:0], req.Body); ok {
		return t.master(slotOf(key))
	}
	const stride = 10079 // odd, so that all slots have their turn; far, so that neighbors go to different masters
	return t.master(int(c.cluster.turn.Add(1)*stride) & (slots - 1))
}

// cluster is what is known of a cluster. Its methods may be called from several goroutines at once.
type cluster struct {
	mu    sync.Mutex   // held while table is made anew
	found []nodeRange  // by discovery
	seed  string       // the host of the node that was asked
	turn  atomic.Int64 // of commands without a key
	table atomic.Pointer[table]
}

// nodeRange says which node is the master of some slots.
type nodeRange struct {
	from, to int
	master   string // host:port
}

// table says which target is the master of each slot.
type table struct {
	targets []load.Target  // those that it is for
	index   map[string]int // by host:port
	slots   [slots]atomic.Int32
}

// of returns the table for targets; a new one, by what was discovered, where they are not those that it knows.
func (c *cluster) of(targets []load.Target) *table {
	if t := c.table.Load(); t.isFor(targets) {
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.table.Load(); t.isFor(targets) {
		return t
	}
	t := newTable(targets, c.seed)
	for _, r := range c.found {
		if i, ok := t.index[r.master]; ok {
			for s := r.from; s <= r.to; s++ {
				t.slots[s].Store(int32(i))
			}
		}
	}
	c.table.Store(t)
	return t
}

func newTable(targets []load.Target, seed string) *table {
	t := &table{targets: targets, index: make(map[string]int, len(targets))}
	for i := range targets {
		t.index[address(targets[i].Host, targets[i].Port)] = i
		if targets[i].Host == seed { // which servers may leave out
			t.index[address("", targets[i].Port)] = i
		}
	}
	for s := range t.slots {
		t.slots[s].Store(-1)
	}
	return t
}

func (t *table) isFor(targets []load.Target) bool {
	if t == nil || len(t.targets) != len(targets) {
		return false
	}
	return len(targets) == 0 || &t.targets[0] == &targets[0] || slices.Equal(t.targets, targets)
}

// master is the target that is the master of slot; -1: unknown.
func (t *table) master(slot int) int { return int(t.slots[slot].Load()) }

var asking = []byte("*1\r\n$6\r\nASKING\r\n")

// redirect has resp say where the request is to go if failure is MOVED or ASK and names a target: "MOVED 3999 127.0.0.1:6381".
// A slot that has moved for good is noted.
func (c *cluster) redirect(failure []byte, resp *load.Response) {
	kind, rest, _ := bytes.Cut(failure, []byte(" "))
	moved := string(kind) == "MOVED"
	t := c.table.Load()
	if t == nil || !moved && string(kind) != "ASK" {
		return
	}
	number, node, _ := bytes.Cut(rest, []byte(" "))
	slot, ok := digits(number)
	if !ok || slot >= slots {
		return
	}
	i, ok := t.index[string(node)]
	if !ok {
		return
	}
	resp.Redirect, resp.RedirectAmong = i+1, t.targets
	if moved {
		t.slots[slot].Store(int32(i))
	} else {
		resp.RedirectPrefix = append(resp.RedirectPrefix[:0], asking...)
	}
}
