package transport

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
)

// Statuses numbers the outcomes of a protocol that has words for them, so that they can be counted in an array. Fixed ones are
// given at the start; others (the kinds of errors that a server tells) are numbered as they come, up to [load.MaxStatus]; those
// beyond share the last number. Safe for concurrent use; finding a known word costs no allocation and no lock.
type Statuses struct {
	mu    sync.Mutex
	known atomic.Pointer[statusTable]
}

type statusTable struct {
	number map[string]int
	names  []string
}

// otherStatus is the name of the outcomes beyond the last number.
const otherStatus = "other"

// maxStatusName bounds a name, in bytes.
const maxStatusName = 100

// NewStatuses numbers the given names 0, 1, 2, …
func NewStatuses(names ...string) *Statuses {
	t := &statusTable{number: make(map[string]int, len(names))}
	for i, n := range names {
		t.number[n] = i
		t.names = append(t.names, n)
	}
	s := &Statuses{}
	s.known.Store(t)
	return s
}

// Number returns the number of a name, a new one where it has none yet. name is not kept.
func (s *Statuses) Number(name []byte) int {
	name = name[:min(len(name), maxStatusName)]
	if n, ok := s.known.Load().number[string(name)]; ok {
		return n
	}
	return s.add(string(name))
}

func (s *Statuses) add(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.known.Load()
	if n, ok := old.number[name]; ok {
		return n
	}
	n := len(old.names)
	if n >= load.MaxStatus {
		return load.MaxStatus
	}
	t := &statusTable{number: make(map[string]int, n+1), names: append(old.names[:n:n], name)}
	maps.Copy(t.number, old.number)
	t.number[name] = n
	s.known.Store(t)
	return n
}

// Name is the name of a number.
func (s *Statuses) Name(n int) string {
	if t := s.known.Load(); n >= 0 && n < len(t.names) {
		return t.names[n]
	}
	return otherStatus
}
