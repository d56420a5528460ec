package cluster

import "sync"

// tail keeps the last lines of a log.
type tail struct {
	mu   sync.Mutex
	list []string
}

const tailMost = 200

// linesLast is how many of its lines each of so many workers leaves with its last word: all together some ten thousand at most, but a
// few each.
func linesLast(workers int) int { return min(max(10_000/max(workers, 1), 10), tailMost) }

func newTail() *tail { return &tail{} }

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.list = append(t.list, line); len(t.list) > tailMost {
		t.list = append(t.list[:0], t.list[len(t.list)-tailMost:]...)
	}
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.list...)
}
