package arrival

// tree finds the lane whose next arrival is due first: a tournament of losers (Knuth, The Art of Computer Programming,
// volume 3, section 5.4.1). Among equals the lower lane wins.
type tree struct {
	due    []int64 // of each lane; Forever: none
	loser  []int32 // of the match at each inner node, from 1
	winner int32
	played []int32 // scratch for build
}

// build plays all matches.
func (t *tree) build() {
	n := len(t.due)
	t.winner = 0
	t.loser = append(t.loser[:0], make([]int32, n)...)
	t.played = append(t.played[:0], make([]int32, 2*n)...)
	for i := range n {
		t.played[n+i] = int32(i)
	}
	for node := n - 1; node > 0; node-- {
		a, b := t.played[2*node], t.played[2*node+1]
		if t.beats(b, a) {
			a, b = b, a
		}
		t.played[node], t.loser[node] = a, b
	}
	if n > 1 {
		t.winner = t.played[1]
	}
}

func (t *tree) beats(a, b int32) bool {
	return t.due[a] < t.due[b] || t.due[a] == t.due[b] && a < b
}

// first returns when the winner is due.
func (t *tree) first() int64 {
	if len(t.due) == 0 {
		return Forever
	}
	return t.due[t.winner]
}

// replace gives the winner's lane a new due time.
func (t *tree) replace(due int64) {
	w := t.winner
	t.due[w] = due
	for node := (int(w) + len(t.due)) / 2; node > 0; node /= 2 {
		if l := t.loser[node]; t.due[l] < due || t.due[l] == due && l < w {
			t.loser[node], w, due = w, l, t.due[l]
		}
	}
	t.winner = w
}
