package engine

import (
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/transport"
)

// A datagram's key is drawn anew for each request and not used again for as long as an answer to the earlier one could come.

// pastMost bounds the memory of keys that had their outcome.
const pastMost = 1 << 16

type pastKey struct {
	key  uint64
	free int64
}

// hasKey moves nextKey to one that is free; false: there is none now.
func (c *socket) hasKey(mask uint64, now int64) bool {
	for c.pasts.len() > 0 && (c.pasts.front().free <= now || c.pasts.len() > pastMost) {
		delete(c.past, c.pasts.pop().key)
	}
	if uint64(len(c.flights)+len(c.past)) > mask {
		return false
	}
	for {
		c.nextKey = (c.nextKey + 1) & mask
		_, busy := c.flights[c.nextKey]
		if _, past := c.past[c.nextKey]; !busy && !past {
			return true
		}
	}
}

// stray counts an answer that answers nothing.
func (k *sockets) stray(d *measure.Datagrams, c *socket, key uint64, found bool) {
	answered, known := c.past[key]
	switch {
	case !found || !known:
		d.Unmatched++
	case answered:
		d.Duplicate++
	default:
		d.Late++
		c.past[key] = true
	}
}

// passed notes that a key had its outcome and must not be used again while an answer could still come.
func (k *sockets) passed(s *shard, c *socket, key uint64, answered bool) {
	delete(c.flights, key)
	if _, there := c.past[key]; !there && (k.match == transport.MatchKey || c.pasts.len() == 0) {
		c.pasts.push(pastKey{key, s.now + int64(s.cfg.Timeout)})
	}
	c.past[key] = answered
}
