package arrival

// heldPart is a part as one share knows it. It outlives its holding, so that nothing is yielded twice.
type heldPart struct {
	number int
	window window
	plan   int64 // number of the latest plan that it is held in

	// The last arrival that was yielded or missed; rank -1: none.
	doneRank int64
	doneArea float64
}

// lane goes through the arrivals of one part, or of a whole law that does not divide itself, and stops at those that
// are in the window of their part.
type lane struct {
	cursor Cursor
	own    *heldPart   // nil: the whole law
	table  []*heldPart // of the whole law: the parts held, by number; nil: not held
	skip   float64     // sums up to this are due before all windows, or have been dealt with
	until  int64       // all windows end by then

	// The next arrival.
	loaded bool
	ready  bool // it is in its window
	rank   int64
	area   float64
	due    int64
	part   *heldPart

	lastArea float64 // of the last arrival taken since the last seek, and its due time; -1: none
	lastDue  int64
}

// seek goes to the arrivals above an area.
func (l *lane) seek(area float64) {
	l.skip, l.loaded, l.ready, l.due = area, false, false, 0
	l.cursor.Seek(area)
}

// settle finds the next arrival, from the present one on, and returns its due time; Forever: there is none for now.
func (l *lane) settle(p *pace) int64 {
	for {
		if !l.loaded {
			l.rank, l.area = l.cursor.Next()
			if l.area <= l.skip {
				continue
			}
			l.due = max(l.due, p.due(l.area))
			l.loaded = true
		}
		if l.due > l.until {
			l.ready = false
			return Forever
		}
		l.part = l.own
		if l.own == nil {
			l.part = l.table[l.rank%int64(len(l.table))]
		}
		if l.part != nil && l.rank > l.part.doneRank && l.part.window.has(l.due) {
			l.ready = true
			return l.due
		}
		l.loaded = false
	}
}

// take has done with the arrival that settle found.
func (l *lane) take() {
	l.part.doneRank, l.part.doneArea = l.rank, l.area
	l.lastArea, l.lastDue = l.area, l.due
	l.loaded, l.ready = false, false
}
