package measure

// Followups are the figures of requests that a processor made out of responses, outside the schedule. The identities of
// [Requests] hold for them too, with those that wait or think counted as waiting.
type Followups struct {
	Requests Requests
	Latency  Histogram        // due (the response's end plus think time) → last byte
	Status   map[string]int64 // answers by status
	Errors   map[string]int64 // failures by cause
	Refused  int64            // asked for beyond the bounds on depth and number
	Bad      int64            // that could not be encoded
}

// Check counts the outcomes of a named check.
type Check struct {
	Passed int64 `json:"passed"`
	Failed int64 `json:"failed"`
}

// Datagrams counts answers that came to no request under way.
type Datagrams struct {
	Late      int64 `json:"late"`      // to a request that had timed out
	Duplicate int64 `json:"duplicate"` // to a request that had its answer
	Unmatched int64 `json:"unmatched"` // to none that was known
}

// Add adds o to d.
func (d *Datagrams) Add(o *Datagrams) {
	d.Late += o.Late
	d.Duplicate += o.Duplicate
	d.Unmatched += o.Unmatched
}

func newFollowups() Followups {
	return Followups{Status: map[string]int64{}, Errors: map[string]int64{}}
}

// Add merges o into f.
func (f *Followups) Add(o *Followups) {
	f.Requests.Add(&o.Requests)
	f.Latency.Add(&o.Latency)
	addMap(f.Status, o.Status)
	addMap(f.Errors, o.Errors)
	f.Refused += o.Refused
	f.Bad += o.Bad
}

// Reset empties f and keeps its memory.
func (f *Followups) Reset() {
	f.Requests = Requests{}
	f.Latency.Reset()
	clear(f.Status)
	clear(f.Errors)
	f.Refused, f.Bad = 0, 0
}

// Checked counts a check.
func (i *Interval) Checked(name string, passed bool) {
	c := i.Checks[name]
	if passed {
		c.Passed++
	} else {
		c.Failed++
	}
	i.Checks[name] = c
}
