package model

import "time"

// Queue says when requests leave c servers that take them in the order of arrival, on a virtual clock:
// a request departs at max(its arrival, the moment a server is free) + its service time. Nothing in this depends on
// when a timer fired, so oversleeping never adds up: a busy period is as long as its service times.
// (Lindley's recursion, Lindley 1952; for several servers Kiefer and Wolfowitz 1955.)
//
// With no servers, or fewer than none, everybody is served at once. A Queue is used by one goroutine.
type Queue struct {
	free   []int64 // when each server will be free; a heap with the earliest first
	stalls calendar
}

// NewQueue returns a queue before the given number of servers; 0: unlimited.
func NewQueue(servers int) *Queue {
	return &Queue{free: make([]int64, max(servers, 0))}
}

// Admit returns when a request departs that arrived at the given moment (ns on any clock that starts at or after 0)
// and needs the given time of a server. Calls must come in the order of arrival.
func (q *Queue) Admit(arrival int64, service time.Duration) int64 {
	if len(q.free) == 0 {
		return q.stalls.finish(arrival, int64(service))
	}
	depart := q.stalls.finish(max(arrival, q.free[0]), int64(service))
	q.free[0] = depart
	q.sift()
	return depart
}

// sift restores the heap after its first element has grown.
func (q *Queue) sift() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q.free); child++ {
			if q.free[child] < q.free[least] {
				least = child
			}
		}
		if least == i {
			return
		}
		q.free[i], q.free[least] = q.free[least], q.free[i]
		i = least
	}
}
