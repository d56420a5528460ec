package arrival

// tree finds the lane whose next arrival is due first: a tournament of losers (Knuth, The Art of Computer Programming,
// volume 3, section 5.4.1). Among equals any may win.
type tree struct {
	first  match   // the winner
	lost   []match // the loser at each inner node, from 1; as many as there are lanes
	played []match // scratch for build
}

// match is a lane with the due time of its next arrival; Forever: there is none.
type match struct{ due, lane int64 }

// build plays all matches.
func (t *tree) build(due []int64) {
	n := len(due)
	t.first = match{due: Forever}
	t.lost = append(t.lost[:0], make([]match, n)...)
	t.played = append(t.played[:0], make([]match, 2*n)...)
	for i, d := range due {
		t.played[n+i] = match{d, int64(i)}
	}
	for node := n - 1; node > 0; node-- {
		a, b := t.played[2*node], t.played[2*node+1]
		if b.due < a.due {
			a, b = b, a
		}
		t.played[node], t.lost[node] = a, b
	}
	if n > 0 {
		t.first = t.played[1]
	}
}

// replace gives the winner's lane a new due time. It has no branches that depend on due times, which no processor
// could predict.
func (t *tree) replace(due int64) {
	lane := t.first.lane
	for node := (int(lane) + len(t.lost)) / 2; node > 0; node /= 2 {
		m := &t.lost[node]
		d, l := m.due, m.lane
		win, lose := lane, l
		if d < due {
			win = l
		}
		if d < due {
			lose = lane
		}
		m.due, m.lane = max(d, due), lose
		due, lane = min(d, due), win
	}
	t.first = match{due, lane}
}
