package engine

import (
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
)

// recorder is a shard's book-keeping: every arrival passes taken (or starved) and ends in exactly one of dropped,
// unsent, completed, failed or abandoned.
type recorder struct {
	cur      *measure.Interval
	out      chan<- handIn
	id       int
	spare    <-chan *measure.Interval
	nextTick int64
	warm     int64

	inFlight  int64
	following int64 // the part of it that are follow-ups
	since     int64 // inFlight is what it is since then

	only     bool // all requests have one label, number 0: it gets the seconds' sums
	sample   *measure.Sample
	arrivals int64
	targets  []load.Target
	codec    interface {
		ServerError(int) bool
		StatusName(int) string
	}
}

// requests is where a is counted.
func (r *recorder) requests(a *arrival) *measure.Requests {
	if a.depth > 0 {
		return &r.cur.Followups.Requests
	}
	return &r.cur.Requests
}

// times is where a's times go; a follow-up's are gone with the interval's follow-ups, but for latency.
func (r *recorder) times(a *arrival) *measure.Times {
	if a.due < r.warm {
		return &r.cur.Warmup
	}
	return &r.cur.Times
}

// label returns the figures of the request's label; nil: none. Follow-ups are outside the labels' figures.
func (r *recorder) label(a *arrival) *measure.Label {
	n := a.item.label
	if n < 0 || a.depth > 0 {
		return nil
	}
	return r.cur.Label(int(n))
}

// flow adds d to the number of requests in flight at now.
func (r *recorder) flow(now, d int64) {
	r.cur.InFlightTime += uint64(r.inFlight * (now - r.since))
	r.since = now
	r.inFlight += d
	r.cur.MaxInFlight = max(r.cur.MaxInFlight, r.inFlight)
}

func (r *recorder) taken(a *arrival) {
	r.requests(a).Scheduled++
	if a.depth > 0 {
		return
	}
	r.arrivals++
	r.cur.Arrivals++
	r.times(a).Lateness.Record(a.taken - a.due)
	if l := r.label(a); l != nil {
		l.Requests.Scheduled++
	}
}

func (r *recorder) starved() {
	r.cur.Requests.Scheduled++
	r.cur.Requests.Starved++
	r.arrivals++
	r.cur.Arrivals++
}

func (r *recorder) dropped(a *arrival, rule string) {
	r.requests(a).Dropped++
	if a.depth == 0 {
		r.cur.DroppedBy[rule]++
	}
	if l := r.label(a); l != nil {
		l.Requests.Dropped++
	}
}

func (r *recorder) unsent(a *arrival, why string) {
	r.requests(a).Unsent++
	if a.depth == 0 {
		r.cur.UnsentBy[why]++
	}
	if l := r.label(a); l != nil {
		l.Requests.Unsent++
	}
}

// sent notes that an attempt was begun at now.
func (r *recorder) sent(f *flight, now int64) {
	r.requests(&f.arrival).Sent++
	r.flow(now, 1)
	if f.depth > 0 {
		r.following++
	}
	if l := r.label(&f.arrival); l != nil {
		l.Requests.Sent++
	}
}

// firstByte notes that f's first byte was handed over.
func (r *recorder) firstByte(f *flight) {
	if f.depth == 0 {
		r.times(&f.arrival).Wait.Record(f.first - f.taken)
	}
}

// ended notes that f has its outcome.
func (r *recorder) ended(f *flight, now int64) {
	r.flow(now, -1)
	r.cur.AttemptTime += uint64(now - f.attempt)
	if f.depth > 0 {
		r.following--
	}
}

// completed notes that f's answer has been read to its end, whose last byte came at end: before now where only the silence since
// then has shown that it was the last.
func (r *recorder) completed(f *flight, target int32, status int, now, end int64) {
	r.ended(f, now)
	r.requests(&f.arrival).Completed++
	if f.depth > 0 {
		r.cur.Followups.Status[r.codec.StatusName(status)]++
		r.cur.Followups.Latency.Record(end - f.due)
	} else {
		r.cur.Status[status]++
		t := r.times(&f.arrival)
		t.Latency.Record(end - f.due)
		t.Service.Record(end - f.first)
		if l := r.label(&f.arrival); l != nil {
			l.Requests.Completed++
			if f.due >= r.warm {
				l.Latency.Record(end - f.due)
			}
		}
	}
	if r.codec.ServerError(status) {
		if f.depth == 0 {
			r.cur.ServerErrors++
		}
		r.keep(&f.arrival, target, end, "status "+r.codec.StatusName(status), status)
	}
}

func (r *recorder) failed(f *flight, target int32, now int64, cause string) {
	r.ended(f, now)
	q, late := r.requests(&f.arrival), timedOut(cause)
	q.Failed++
	if late {
		q.TimedOut++
	}
	r.keep(&f.arrival, target, now, cause, 0)
	if f.depth > 0 {
		r.cur.Followups.Errors[cause]++
		if late {
			r.cur.Followups.Latency.Record(now - f.due)
		}
		return
	}
	r.cur.Errors[cause]++
	if late {
		r.times(&f.arrival).Latency.Record(now - f.due)
	}
	if l := r.label(&f.arrival); l != nil {
		l.Requests.Failed++
		if late {
			l.Requests.TimedOut++
			if f.due >= r.warm {
				l.Latency.Record(now - f.due)
			}
		}
	}
}

func (r *recorder) abandoned(f *flight, now int64) {
	r.flow(now, -1)
	if f.depth > 0 {
		r.following--
	}
	r.requests(&f.arrival).InFlight++
	if l := r.label(&f.arrival); l != nil {
		l.Requests.InFlight++
	}
}

// keep adds a failure to the sample, if it is wanted there.
func (r *recorder) keep(a *arrival, target int32, now int64, cause string, status int) {
	if !r.sample.Want(cause) {
		return
	}
	req := &a.item.req
	r.sample.Put(measure.Failure{
		At: now, Due: a.due, Latency: now - a.due, Cause: cause, Status: status,
		Target: r.targets[target].URL, Method: string(req.Method), URI: string(req.URI), Label: req.Label,
	})
}

// keepCheck adds a failed check to the sample, if it is wanted there.
func (r *recorder) keepCheck(x *exchange, cause string) {
	if !r.sample.Want(cause) {
		return
	}
	req := &x.item.req
	r.sample.Put(measure.Failure{
		At: x.at, Due: int64(x.Due), Latency: int64(x.Latency), Cause: cause, Status: x.Response.Status,
		Target: x.Target, Method: string(req.Method), URI: string(req.URI), Label: req.Label,
	})
}

// tick hands the interval over at the end of each second. While the collector has not taken the last ones yet, the
// interval goes on into the next second.
func (r *recorder) tick(s *shard) {
	if s.now < r.nextTick {
		return
	}
	r.nextTick = (s.now/second + 1) * second
	if len(r.out) == cap(r.out) {
		return
	}
	r.close(s)
	r.share()
	r.out <- handIn{shard: r.id, iv: r.cur}
	select {
	case r.cur = <-r.spare:
	default:
		r.cur = measure.NewInterval()
	}
	r.open(s)
}

// begin begins the first interval, of a shard that starts in the middle of a job maybe.
func (r *recorder) begin(s *shard) {
	if s.now <= 0 {
		return
	}
	r.since, r.nextTick = s.now, (s.now/second+1)*second
	r.open(s)
}

// open begins an interval.
func (r *recorder) open(s *shard) {
	r.cur.Index = int(max(s.now, 0) / second)
	r.cur.Start = max(s.now, 0)
	r.cur.MaxInFlight = r.inFlight
	r.cur.MaxConnections = int64(s.open)
}

// close brings the interval up to now.
func (r *recorder) close(s *shard) {
	r.flow(max(s.now, r.since), 0)
	r.cur.End = max(s.now, 0)
	r.cur.InFlightEnd = r.inFlight - r.following
	r.cur.WaitingEnd = int64(s.waiting) - s.followWaiting
}

// share gives the sums of the interval, which is about to be handed over, to the label that all requests have.
func (r *recorder) share() {
	if r.only {
		l := r.cur.Label(0)
		l.Requests.Add(&r.cur.Requests)
		l.Latency.Add(&r.cur.Times.Latency)
	}
}

// last hands over what is left; it waits until that is taken.
func (r *recorder) last(s *shard) {
	r.close(s)
	r.share()
	r.out <- handIn{shard: r.id, iv: r.cur, last: true}
	r.cur = nil
}
