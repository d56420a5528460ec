package arrival

// partLane is the lane of a part that has a cursor of its own.
type partLane struct {
	lane
	heldPart
}

// holdParts puts the lanes of the parts that p holds in a row. sameProfile: due times are as before.
func (s *Share) holdParts(p *Plan, sameProfile bool) {
	s.lanes = s.lanes[:0]
	s.ours(p, func(part int, w window) {
		l := s.known[part]
		if l == nil {
			l = &partLane{heldPart: heldPart{number: part, doneRank: -1}}
			l.own = &l.heldPart
			s.known[part] = l
		}
		stays := sameProfile && l.plan == s.plans-1 && l.window.from == w.from
		l.plan, l.window, l.until = s.plans, w, w.until
		if !stays {
			if l.cursor == nil {
				l.cursor = s.cursor(part)
			}
			l.seek(l.start(s.pace))
		}
		s.lanes = append(s.lanes, &l.lane)
	})
}

// start returns the area from where a part has to be gone through: after its window's beginning and after what has been
// dealt with.
func (h *heldPart) start(p pace) float64 {
	area := -1.0
	if h.window.from >= 0 {
		area = p.before(h.window.from)
	}
	if h.doneRank >= 0 {
		area = max(area, p.resume(h.doneArea))
	}
	return area
}

// wholeLane is the one lane of a law that does not divide itself.
type wholeLane struct {
	lane
	known []*heldPart // by number; nil: never held
}

func newWholeLane(ps *Parts) *wholeLane {
	w := &wholeLane{known: make([]*heldPart, ps.n)}
	w.cursor, w.table = ps.all(recallWhole), make([]*heldPart, ps.n)
	w.lastArea, w.lastDue = -1, -1
	return w
}

// hold puts the lane under p.
func (l *wholeLane) hold(s *Share, p *Plan, sameProfile bool) []*lane {
	clear(l.table)
	l.until = -1
	area, any := 0.0, false
	s.ours(p, func(part int, w window) {
		h := l.known[part]
		if h == nil {
			h = &heldPart{number: part, doneRank: -1}
			l.known[part] = h
		}
		// Of a part that is held as before, nothing is left up to what the lane has taken since the last plan.
		gone := sameProfile && l.lastArea >= 0 &&
			h.plan == s.plans-1 && h.window.from == w.from && h.window.until >= l.lastDue
		h.plan, h.window = s.plans, w
		from := h.start(s.pace)
		if gone {
			from = max(from, s.pace.resume(l.lastArea))
		}
		if !any || from < area {
			area, any = from, true
		}
		l.table[part] = h
		l.until = max(l.until, w.until)
	})
	if !any {
		return nil
	}
	l.seek(area)
	l.lastArea, l.lastDue = -1, -1
	return []*lane{&l.lane}
}
