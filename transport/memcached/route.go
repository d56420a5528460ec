package memcached

import (
	"sync"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport/internal/memtext"
)

// locator finds the server of a key. It does not change once it is made.
type locator interface {
	locate(key []byte) int
}

// spreader keeps the locator of the run's targets. It is safe for concurrent use.
type spreader struct {
	locate func([]load.Target) locator

	mu    sync.Mutex
	known atomic.Pointer[layout]
}

// layout is a locator with what it was made of.
type layout struct {
	targets []load.Target
	locator locator
}

// of returns the locator of targets, which do not change as long as they are the same slice.
func (s *spreader) of(targets []load.Target) locator {
	if l := s.known.Load(); l != nil && len(l.targets) == len(targets) && &l.targets[0] == &targets[0] {
		return l.locator
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &layout{targets, s.locate(targets)}
	s.known.Store(l)
	return l.locator
}

// Route implements [transport.Router]: by Request.Key, or else the command's first key. Commands without a key go anywhere.
func (c *codec) Route(req *load.Request, targets []load.Target) int {
	if c.spread == nil || len(targets) < 2 {
		return -1
	}
	key := req.Key
	if len(key) == 0 {
		key = keyOf(req)
	}
	if len(key) == 0 {
		return -1
	}
	return c.spread.of(targets).locate(key)
}

// keyOf is the first key of a request; empty: it has none.
func keyOf(req *load.Request) []byte {
	cmd := memtext.Split(req)
	known := memtext.Lookup(commands, cmd.Name)
	if !known.keyed() {
		return nil
	}
	key, rest := memtext.Word(cmd.Args)
	if known.timeFirst() {
		key, _ = memtext.Word(rest)
	}
	return key
}
