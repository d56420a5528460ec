package engine

// waiter decides how long to sleep and when to poll instead.
//
// In auto mode it learns how late the system wakes it, following the 8/9 quantile of what it sees (a step up for each
// wake-up later than its margin, an eighth of it down for each earlier one), and is awake that much before the next arrival.
type waiter struct {
	mode   Wait
	margin int64
	woken  int64 // the moment that the present sleep should end at; 0: not asleep
}

const (
	marginMin  = 2_000
	marginMax  = 100_000
	marginStep = 4_000
)

// plan returns the poller's time-out at now: 0 to poll. due is the next arrival, wake the next moment of anything less pressing.
func (w *waiter) plan(now, wake, due int64) int64 {
	w.woken = 0
	if w.mode == WaitSpin && due != never {
		return 0
	}
	at := min(wake, due)
	if w.mode == WaitAuto && due-max(w.margin, marginMin) < at {
		at = due - max(w.margin, marginMin)
	}
	if at <= now {
		return 0
	}
	w.woken = at
	return at - now
}

// learn looks at a wait that ended at now with n events.
func (w *waiter) learn(now int64, n int) {
	if w.woken == 0 || n > 0 || now < w.woken {
		return
	}
	if now-w.woken > w.margin {
		w.margin = min(w.margin+marginStep, marginMax)
	} else {
		w.margin = max(w.margin-marginStep/8, marginMin)
	}
}
