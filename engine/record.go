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

	inFlight int64
	since    int64 // inFlight is what it is since then

	labels   []*measure.Label // by label number
	only     *measure.Label   // where all requests have one label: it gets the seconds' sums; nil: they differ
	sample   *measure.Sample
	arrivals int64
	targets  []load.Target
	codec    interface {
		ServerError(int) bool
		StatusName(int) string
	}
}

func (r *recorder) times(a *arrival) *measure.Times {
	if a.due < r.warm {
		return &r.cur.Warmup
	}
	return &r.cur.Times
}

// label returns the figures of the request's label; nil: none.
func (r *recorder) label(it *item) *measure.Label {
	if it.label < 0 {
		return nil
	}
	for int(it.label) >= len(r.labels) {
		r.labels = append(r.labels, nil)
	}
	l := r.labels[it.label]
	if l == nil {
		l = new(measure.Label)
		r.labels[it.label] = l
	}
	return l
}

// flow adds d to the number of requests in flight at now.
func (r *recorder) flow(now, d int64) {
	r.cur.InFlightTime += uint64(r.inFlight * (now - r.since))
	r.since = now
	r.inFlight += d
	r.cur.MaxInFlight = max(r.cur.MaxInFlight, r.inFlight)
}

func (r *recorder) taken(a *arrival) {
	r.cur.Requests.Scheduled++
	r.arrivals += int64(max(a.item.req.Weight, 1))
	r.times(a).Lateness.Record(a.taken - a.due)
	if l := r.label(a.item); l != nil {
		l.Requests.Scheduled++
	}
}

func (r *recorder) starved() {
	r.cur.Requests.Scheduled++
	r.cur.Requests.Starved++
	r.arrivals++
}

func (r *recorder) dropped(it *item, rule string) {
	r.cur.Requests.Dropped++
	r.cur.DroppedBy[rule]++
	if l := r.label(it); l != nil {
		l.Requests.Dropped++
	}
}

func (r *recorder) unsent(it *item, why string) {
	r.cur.Requests.Unsent++
	r.cur.UnsentBy[why]++
	if l := r.label(it); l != nil {
		l.Requests.Unsent++
	}
}

// sent notes that an attempt was begun at now.
func (r *recorder) sent(it *item, now int64) {
	r.cur.Requests.Sent++
	r.flow(now, 1)
	if l := r.label(it); l != nil {
		l.Requests.Sent++
	}
}

func (r *recorder) firstByte(c *conn) {
	r.times(&c.at).Wait.Record(c.first - c.at.taken)
}

func (r *recorder) completed(c *conn, now int64) {
	r.flow(now, -1)
	r.cur.AttemptTime += uint64(now - c.attempt)
	r.cur.Requests.Completed++
	r.cur.Status[c.resp.Status]++
	t := r.times(&c.at)
	t.Latency.Record(now - c.at.due)
	t.Service.Record(now - c.first)
	if l := r.label(c.at.item); l != nil {
		l.Requests.Completed++
		if c.at.due >= r.warm {
			l.Latency.Record(now - c.at.due)
		}
	}
	if r.codec.ServerError(c.resp.Status) {
		r.cur.ServerErrors++
		r.keep(c, now, "status "+r.codec.StatusName(c.resp.Status), c.resp.Status)
	}
}

func (r *recorder) failed(c *conn, now int64, cause string) {
	r.flow(now, -1)
	r.cur.AttemptTime += uint64(now - c.attempt)
	r.cur.Requests.Failed++
	r.cur.Errors[cause]++
	late := timedOut(cause)
	if late {
		r.cur.Requests.TimedOut++
		r.times(&c.at).Latency.Record(now - c.at.due)
	}
	if l := r.label(c.at.item); l != nil {
		l.Requests.Failed++
		if late {
			l.Requests.TimedOut++
			if c.at.due >= r.warm {
				l.Latency.Record(now - c.at.due)
			}
		}
	}
	r.keep(c, now, cause, 0)
}

func (r *recorder) abandoned(c *conn, now int64) {
	r.flow(now, -1)
	r.cur.Requests.InFlight++
	if l := r.label(c.at.item); l != nil {
		l.Requests.InFlight++
	}
}

// keep adds a failure to the sample, if it is wanted there.
func (r *recorder) keep(c *conn, now int64, cause string, status int) {
	if !r.sample.Want(cause) {
		return
	}
	req := &c.at.item.req
	r.sample.Put(measure.Failure{
		At: now, Due: c.at.due, Latency: now - c.at.due, Cause: cause, Status: status,
		Target: r.targets[c.target].URL, Method: string(req.Method), URI: string(req.URI), Label: req.Label,
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
	r.cur.InFlightEnd = r.inFlight
	r.cur.WaitingEnd = int64(s.waiting.len())
}

// share adds the interval, which is about to be handed over, to the label that all requests have.
func (r *recorder) share() {
	if r.only != nil {
		r.only.Requests.Add(&r.cur.Requests)
		r.only.Latency.Add(&r.cur.Times.Latency)
	}
}

// last hands over what is left; it waits until that is taken.
func (r *recorder) last(s *shard) {
	r.close(s)
	r.share()
	r.out <- handIn{shard: r.id, iv: r.cur, last: true}
	r.cur = nil
}
