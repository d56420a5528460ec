package engine

import (
	"sync"
	"time"
)

// Confirmer is a source that wants to know which of its records have been taken up, because it must hand them to another worker
// if this one dies.
type Confirmer interface {
	// Confirm says that the first n records that were read, bad ones included, are done with: all their requests have been
	// taken up. It is called by one goroutine, with growing n.
	Confirm(n int64)
}

const (
	confirmEvery = 20 * time.Millisecond
	marksMost    = 512
)

// marks tells a [Confirmer] how far the shards have come. The producer notes for each record where the rings stood after it; the
// shards' path has nothing to do with it.
type marks struct {
	source Confirmer
	feeds  []*feed
	mu     sync.Mutex
	list   []mark
	n      int64 // records
}

type mark struct {
	n      int64
	pushed []uint64 // by feed
}

// note notes that one more record has been dealt out.
func (m *marks) note() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	if len(m.list) == marksMost { // coarser then
		last := &m.list[marksMost-1]
		last.n = m.n
		for i, f := range m.feeds {
			last.pushed[i] = f.pushed
		}
		return
	}
	next := mark{n: m.n, pushed: make([]uint64, len(m.feeds))}
	for i, f := range m.feeds {
		next.pushed[i] = f.pushed
	}
	m.list = append(m.list, next)
}

// tell confirms what has been taken up since.
func (m *marks) tell() {
	m.mu.Lock()
	done, n := 0, int64(0)
	for ; done < len(m.list) && m.list[done].taken(m.feeds); done++ {
		n = m.list[done].n
	}
	m.list = append(m.list[:0], m.list[done:]...)
	m.mu.Unlock()
	if done > 0 {
		m.source.Confirm(n)
	}
}

func (k *mark) taken(feeds []*feed) bool {
	for i, f := range feeds {
		if f.ready.Popped() < k.pushed[i] {
			return false
		}
	}
	return true
}

// run tells until done is closed, and then once more.
func (m *marks) run(done <-chan struct{}) {
	tick := time.NewTicker(confirmEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.tell()
		case <-done:
			m.tell()
			return
		}
	}
}
