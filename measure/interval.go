package measure

import "github.com/iagoloadgen/iago/load"

// Requests counts what became of requests. Over a whole run:
//
//	Scheduled = Sent + Dropped + Starved + Unsent
//	Sent      = Completed + Failed + InFlight + Lost
//
// While it goes on, a request that waits for a connection is neither sent nor unsent yet, and one that was sent has no
// outcome yet; counted from the run's start to the end of any [Interval], WaitingEnd and InFlightEnd make up for them:
//
//	Scheduled = Sent + Dropped + Starved + Unsent + WaitingEnd
//	Sent      = Completed + Failed + InFlight + Lost + InFlightEnd
type Requests struct {
	Scheduled int64 `json:"scheduled"` // called for by the schedule
	Sent      int64 `json:"sent"`      // an attempt was begun
	Completed int64 `json:"completed"` // a whole answer came, whatever its status
	Failed    int64 `json:"failed"`    // refused, reset, closed early, malformed, time-out, …
	TimedOut  int64 `json:"timed_out"` // the part of Failed that timed out
	Dropped   int64 `json:"dropped"`   // given up on purpose, by the overload or late rule
	Starved   int64 `json:"starved"`   // due when no record was there though the source had not ended
	Unsent    int64 `json:"unsent"`    // still waiting when the run ended
	InFlight  int64 `json:"in_flight"` // sent, without an outcome when the run broke off
	Lost      int64 `json:"lost"`      // died with a killed worker
}

// Add adds o to r.
func (r *Requests) Add(o *Requests) {
	r.Scheduled += o.Scheduled
	r.Sent += o.Sent
	r.Completed += o.Completed
	r.Failed += o.Failed
	r.TimedOut += o.TimedOut
	r.Dropped += o.Dropped
	r.Starved += o.Starved
	r.Unsent += o.Unsent
	r.InFlight += o.InFlight
	r.Lost += o.Lost
}

// Times are the four histograms of a request's life.
type Times struct {
	Latency  Histogram // due → last byte; completed, and time-outs with due → expiry
	Lateness Histogram // due → taken; every request taken up
	Wait     Histogram // taken → first byte; every request whose first byte was handed over
	Service  Histogram // first → last byte; completed
}

// Add merges o into t.
func (t *Times) Add(o *Times) {
	t.Latency.Add(&o.Latency)
	t.Lateness.Add(&o.Lateness)
	t.Wait.Add(&o.Wait)
	t.Service.Add(&o.Service)
}

// Reset empties t and keeps its memory.
func (t *Times) Reset() {
	t.Latency.Reset()
	t.Lateness.Reset()
	t.Wait.Reset()
	t.Service.Reset()
}

// Interval is what one shard saw between two moments. The shard fills it alone, then hands it over whole;
// intervals of the same second from all shards merge into one.
type Interval struct {
	Index      int   // the number of the second it began in, from 0
	Start, End int64 // ns since the run's start

	Arrivals int64 // of the schedule: a request of weight w stands for w of them
	Requests Requests
	Times    Times // without what was due during the warm-up
	Warmup   Times // only that; Requests counts both

	Status       [load.MaxStatus + 1]int64 // answers by status
	ServerErrors int64                     // the part of Completed that the protocol calls server errors
	Errors       map[string]int64          // failures by cause
	DroppedBy    map[string]int64          // drops by rule: "late", "overload"
	UnsentBy     map[string]int64          // unsent by what they waited for: "connection limit", "file descriptors", …

	BytesSent, BytesReceived int64

	// InFlightTime is the time integral of the number of requests between attempt and outcome, in ns;
	// AttemptTime the sum of attempt → outcome over the requests that had their outcome in this interval.
	// Over a whole run that ended by itself they are equal (Little's law as an identity).
	InFlightTime, AttemptTime uint64
	MaxInFlight               int64 // the most in flight at any moment
	InFlightEnd               int64 // in flight at End
	WaitingEnd                int64 // requests waiting for a connection at End
	MaxConnections            int64 // the most connections open at any moment
	DescriptorWaits           int64 // requests that had to wait because the process was out of file descriptors

	Followups Followups        // requests made out of responses; in none of the above but the bytes and what is in flight
	Checks    map[string]Check // named checks of responses, follow-ups' included
	CheckFail int64            // of the schedule's completed requests, those with a failed check that are not server errors
	Unseen    int64            // outcomes that a processor which was behind has not been shown
	Datagrams Datagrams        // answers that answer nothing

	// Labels are the figures of each label, by its number in this run; nil: no request had it. They come into being by
	// [Interval.Label].
	Labels []*Label
	spare  []*Label // empty ones, kept for their memory
}

// NewInterval returns an empty interval.
func NewInterval() *Interval {
	return &Interval{
		Errors: map[string]int64{}, DroppedBy: map[string]int64{}, UnsentBy: map[string]int64{},
		Followups: newFollowups(), Checks: map[string]Check{},
	}
}

// Reset empties i and keeps its memory.
func (i *Interval) Reset() {
	i.Index, i.Start, i.End = 0, 0, 0
	i.Arrivals, i.Requests = 0, Requests{}
	i.Times.Reset()
	i.Warmup.Reset()
	clear(i.Status[:])
	clear(i.Errors)
	clear(i.DroppedBy)
	clear(i.UnsentBy)
	i.ServerErrors, i.BytesSent, i.BytesReceived = 0, 0, 0
	i.InFlightTime, i.AttemptTime = 0, 0
	i.MaxInFlight, i.InFlightEnd, i.WaitingEnd, i.MaxConnections = 0, 0, 0, 0
	i.DescriptorWaits, i.CheckFail, i.Unseen, i.Datagrams = 0, 0, 0, Datagrams{}
	i.Followups.Reset()
	clear(i.Checks)
	i.resetLabels()
}

// Merge adds o, of the same stretch of time and another shard or of another stretch and the same shards, to i.
// Maxima and ends of simultaneous intervals add up (an upper bound for maxima); of successive ones the larger,
// or the later, stands. Labels merge by number. An interval as [NewInterval] gives it changes nothing and takes on what is
// merged into it.
func (i *Interval) Merge(o *Interval, simultaneous bool) {
	i.MergeTotals(o, simultaneous)
	i.AddLabels(o)
}

// MergeTotals is [Interval.Merge] for all but the labels.
func (i *Interval) MergeTotals(o *Interval, simultaneous bool) {
	fresh := i.Start == 0 && i.End == 0
	if o.Start != 0 || o.End != 0 {
		if fresh || o.Start < i.Start {
			i.Index, i.Start = o.Index, o.Start
		}
	}
	i.Arrivals += o.Arrivals
	i.Requests.Add(&o.Requests)
	i.Times.Add(&o.Times)
	i.Warmup.Add(&o.Warmup)
	for s, n := range o.Status {
		i.Status[s] += n
	}
	addMap(i.Errors, o.Errors)
	addMap(i.DroppedBy, o.DroppedBy)
	addMap(i.UnsentBy, o.UnsentBy)
	i.ServerErrors += o.ServerErrors
	i.BytesSent += o.BytesSent
	i.BytesReceived += o.BytesReceived
	i.InFlightTime += o.InFlightTime
	i.AttemptTime += o.AttemptTime
	i.DescriptorWaits += o.DescriptorWaits
	i.Followups.Add(&o.Followups)
	for name, c := range o.Checks {
		mine := i.Checks[name]
		i.Checks[name] = Check{mine.Passed + c.Passed, mine.Failed + c.Failed}
	}
	i.CheckFail += o.CheckFail
	i.Unseen += o.Unseen
	i.Datagrams.Add(&o.Datagrams)
	if simultaneous {
		i.MaxInFlight += o.MaxInFlight
		i.MaxConnections += o.MaxConnections
		i.InFlightEnd += o.InFlightEnd
		i.WaitingEnd += o.WaitingEnd
	} else {
		i.MaxInFlight = max(i.MaxInFlight, o.MaxInFlight)
		i.MaxConnections = max(i.MaxConnections, o.MaxConnections)
		if o.End >= i.End {
			i.InFlightEnd, i.WaitingEnd = o.InFlightEnd, o.WaitingEnd
		}
	}
	i.End = max(i.End, o.End)
}

func addMap(dst, src map[string]int64) {
	for k, n := range src {
		dst[k] += n
	}
}

// Failure is one sampled failure.
type Failure struct {
	At      int64  `json:"at_ns"`      // when it failed, ns since the run's start
	Due     int64  `json:"due_ns"`     // when the request was due
	Latency int64  `json:"latency_ns"` // due → failure
	Cause   string `json:"cause"`
	Target  string `json:"target"`
	Method  string `json:"method"`
	URI     string `json:"uri"`
	Label   string `json:"label,omitempty"`
	Status  int    `json:"status,omitempty"` // where an answer had one: the sample holds server errors too
}
