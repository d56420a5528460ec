package measure

import "slices"

// Label is what is kept of one label: outcomes and latency (without the warm-up's).
type Label struct {
	Requests Requests
	Latency  Histogram
}

// Add merges o into l.
func (l *Label) Add(o *Label) {
	l.Requests.Add(&o.Requests)
	l.Latency.Add(&o.Latency)
}

// Reset empties l and keeps its memory.
func (l *Label) Reset() {
	l.Requests = Requests{}
	l.Latency.Reset()
}

// Label returns the figures of label n, 0 or above, which come into being when they are first asked for.
func (i *Interval) Label(n int) *Label {
	if n < len(i.Labels) {
		if l := i.Labels[n]; l != nil {
			return l
		}
	}
	return i.newLabel(n)
}

// newLabel takes what the interval had for labels before it was last emptied, for whichever they were: so its memory follows the
// labels of a second, not those of the run.
func (i *Interval) newLabel(n int) *Label {
	for n >= len(i.Labels) {
		i.Labels = append(i.Labels, nil)
	}
	l := (*Label)(nil)
	if last := len(i.spare) - 1; last >= 0 {
		l, i.spare = i.spare[last], i.spare[:last]
	} else {
		l = new(Label)
	}
	i.Labels[n] = l
	return l
}

// AddLabels merges the figures of o's labels, and nothing else of o, into those of i.
func (i *Interval) AddLabels(o *Interval) {
	for n, l := range o.Labels {
		if l != nil {
			i.Label(n).Add(l)
		}
	}
}

// resetLabels empties the labels; the first is the next to be used again.
func (i *Interval) resetLabels() {
	for n, l := range slices.Backward(i.Labels) {
		if l != nil {
			l.Reset()
			i.spare = append(i.spare, l)
			i.Labels[n] = nil
		}
	}
	i.Labels = i.Labels[:0]
}
