//go:build linux && (amd64 || arm64)

package http

// ticket is a reply that waits for its moment, or for the replies before it on its connection.
type ticket struct {
	reply
	conn  *conn // nil: the connection has gone
	next  *ticket
	timed bool // it is in the heap
	ready bool // its moment has come
	close bool // no reply: the connection is to be closed at depart
}

// timers is a heap of tickets, the earliest departure first.
type timers []entry

type entry struct {
	at int64
	*ticket
}

func (h *timers) push(t *ticket) {
	t.timed = true
	*h = append(*h, entry{t.depart, t})
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if s[parent].at <= s[i].at {
			break
		}
		s[parent], s[i] = s[i], s[parent]
		i = parent
	}
}

// pop takes out the earliest ticket.
func (h *timers) pop() *ticket {
	s := *h
	t := s[0].ticket
	last := len(s) - 1
	s[0] = s[last]
	s[last] = entry{}
	s = s[:last]
	*h = s
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s); child++ {
			if s[child].at < s[least].at {
				least = child
			}
		}
		if least == i {
			break
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
	t.timed = false
	return t
}
