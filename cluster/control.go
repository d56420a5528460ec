package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
)

// subjectControl is where orders go; the coordinator answers.
const subjectControl = "control"

// Orders that are no changes of the rate.
const (
	OrderStatus  = "status"
	OrderWorkers = "workers"
	OrderStop    = "stop"
	OrderKill    = "kill"
)

// Interrupted is why a job ends that somebody has stopped.
const Interrupted = "interrupted"

// answer is the coordinator's to an order.
type answer struct {
	Error  string  `json:"error,omitempty"`
	Status *Status `json:"status,omitempty"`
}

// Status is how a job stands.
type Status struct {
	Job         string         `json:"job"`
	Phase       Phase          `json:"phase"`
	Coordinator string         `json:"coordinator"`
	At          int64          `json:"at_ns"` // since the start; below 0 before it
	End         int64          `json:"end_ns,omitempty"`
	Rate        float64        `json:"rate"`           // asked for now, arrivals per second
	Said        string         `json:"said,omitempty"` // in answer to an order: what will happen when
	Count       int            `json:"workers_count"`
	States      map[State]int  `json:"workers_by_state"`
	Workers     []WorkerStatus `json:"workers"`      // by name; of more than 100 only in answer to "workers"
	Unheld      int            `json:"parts_unheld"` // of the arrival process, in nobody's hands
	Parts       int            `json:"parts"`
	Queued      int64          `json:"records_queued"` // batches in the queue when it was last looked at
	Events      []Event        `json:"events,omitempty"`
	Stop        string         `json:"stop,omitempty"`
}

// WorkerStatus is how a worker stands.
type WorkerStatus struct {
	ID       string  `json:"id"`
	Host     string  `json:"host"`
	PID      int     `json:"pid"`
	State    State   `json:"state"`
	Parts    int     `json:"parts"`
	Share    float64 `json:"share"` // of the whole rate
	Seen     int64   `json:"seen_ago_ns"`
	Offset   int64   `json:"clock_offset_ns"`
	Within   int64   `json:"clock_error_ns"`
	Sent     int64   `json:"sent"`
	Complete int64   `json:"completed"`
	Why      string  `json:"why,omitempty"`
}

// listen answers time probes and orders, and hears signs of life.
func (c *coordinator) listen() (stops []func(), err error) {
	subscribe := func(subject string, fn func(*bus.Message)) {
		stop, e := c.job.Subscribe(subject, fn)
		if err = errors.Join(err, e); e == nil {
			stops = append(stops, stop)
		}
	}
	ahead := c.ahead // it is settled by now
	subscribe(subjectTime, func(m *bus.Message) { answerTime(m, c.clock, ahead) })
	subscribe(subjectBeat+"*", func(m *bus.Message) {
		if b, err := decode[beat](m.Subject, m.Data); err == nil {
			c.beats.Store(strings.TrimPrefix(m.Subject, subjectBeat), b.At)
		}
	})
	subscribe(subjectControl, func(m *bus.Message) {
		text := string(m.Data)
		o := order{do: func(c *coordinator) (any, error) { return c.obey(text) }, answer: make(chan reply, 1)}
		select {
		case c.orders <- o:
		case <-c.clock.After(time.Second):
			return
		}
		select {
		case r := <-o.answer:
			a := answer{}
			if r.err != nil {
				a.Error = r.err.Error()
			} else {
				a.Status, _ = r.value.(*Status)
			}
			_ = m.Reply(pack(encode(a)))
		case <-c.clock.After(5 * time.Second): // deposed meanwhile
		}
	})
	return stops, err
}

// obey carries out an order.
func (c *coordinator) obey(text string) (*Status, error) {
	verb, _, _ := strings.Cut(text, " ")
	switch verb {
	case OrderStatus, OrderWorkers:
		return c.status("", verb == OrderWorkers), nil
	case OrderStop:
		return c.status(c.stop(Interrupted), false), nil
	case OrderKill:
		c.plan.Stop, c.plan.Kill, c.dirty = Interrupted, true, true
		c.event("killed")
		return c.status("the job ends now", false), nil
	}
	return c.change(text)
}

// stop ends the schedule in a moment.
func (c *coordinator) stop(why string) string {
	if c.plan.Stop == "" {
		c.plan.Stop = why
	}
	c.dirty = true
	if c.plan.Phase != Running {
		return "the job ends before it has begun"
	}
	at := max(c.now()+c.soon(changeIn), 1)
	if c.plan.End == 0 || c.plan.End > at {
		c.plan.End = at
	}
	c.event("stopped: %s", why)
	return fmt.Sprintf("the schedule ends at %s; what is under way is waited for", clockText(c.plan.End))
}

// change changes the rate at an instant that all workers know of before it comes.
func (c *coordinator) change(text string) (*Status, error) {
	next, err := arrival.ParseChange(text)
	if err != nil {
		return nil, err
	}
	if c.plan.Phase == Ending || c.plan.Phase == Done {
		return nil, errors.New("cluster: the schedule is over: its rate cannot be changed any more")
	}
	next.At = max(c.now()+c.soon(changeIn), 0)
	if c.plan.Phase != Running {
		next.At = 0
	}
	if n := len(c.plan.Changes); n > 0 {
		next.At = max(next.At, c.plan.Changes[n-1].At)
	}
	changes := append(slices.Clip(c.plan.Changes), next)
	profile, err := arrival.Splice(c.base, changes...)
	if err != nil {
		return nil, err
	}
	c.plan.Changes, c.dirty = changes, true
	if c.spec.Requests > 0 {
		c.plan.End = c.endOf(profile)
	}
	c.diary.add(Event{At: next.At, Text: next.String()})
	return c.status(fmt.Sprintf("%s at %s", next, clockText(next.At)), false), nil
}

// endOf is when the schedule is over under a profile.
func (c *coordinator) endOf(p arrival.Profile) int64 {
	end := int64(c.spec.Duration)
	if n := c.spec.Requests; n > 0 {
		if due := c.whole.DueOf(p, n); end == 0 || due < end {
			end = due
		}
	}
	return end
}

// clockText is a moment of the job.
func clockText(at int64) string { return time.Duration(at).Round(time.Millisecond).String() }

// statusMost is how many workers are listed unasked.
const statusMost = 100

// status is how the job stands, with a list of the workers if it is asked for or short.
func (c *coordinator) status(said string, list bool) *Status {
	now := c.now()
	s := &Status{
		Job: c.job.Name(), Phase: c.plan.Phase, Coordinator: c.id, At: now, End: c.plan.End, Said: said, Parts: len(c.parts.list),
		Events: c.diary.list, Stop: c.plan.Stop, Workers: []WorkerStatus{}, States: map[State]int{},
	}
	if p, err := arrival.Splice(c.base, c.plan.Changes...); err == nil {
		s.Rate = p.Rate(float64(max(now, 0)) / 1e9)
	}
	s.Unheld = c.parts.count("")
	all := c.members.sorted()
	s.Count = len(all)
	for _, m := range all {
		s.States[m.lease.State]++
		if !list && len(all) > statusMost {
			continue
		}
		w := WorkerStatus{
			ID: m.id, Host: m.lease.Host, PID: m.lease.PID, State: m.lease.State, Parts: c.parts.count(m.id), Share: float64(c.parts.count(m.id)) / float64(len(c.parts.list)),
			Seen: int64(c.clock.Since(m.seen)), Offset: m.lease.Offset, Within: m.lease.Error, Why: m.lease.Why,
		}
		w.Sent, w.Complete = c.ledger.counted(m.id)
		s.Workers = append(s.Workers, w)
	}
	return s
}

// rateAsked is the mean of the rate between two moments, by all changes so far.
func (c *coordinator) rateAsked(from, to int64) float64 {
	p, err := arrival.Splice(c.base, c.plan.Changes...)
	if err != nil {
		return 0
	}
	return meanRate(p, from, to, c.plan.End)
}

// counted is what a worker has reported so far.
func (l *ledger) counted(id string) (sent, completed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.workers[id]; a != nil {
		return a.total.Requests.Sent, a.total.Requests.Completed
	}
	return 0, 0
}

// For so long an order that nobody has heard is given again.
const nobodyWait, nobodyStep = 800 * time.Millisecond, 100 * time.Millisecond

// Control gives an order to a job's coordinator and returns how the job stands after it: "status", "stop", "kill", or a change of
// the rate as [arrival.ParseChange] reads it. bus.ErrNobody: nobody coordinates, and does not begin to within a second.
func Control(ctx context.Context, j *bus.Job, text string) (*Status, error) {
	b, err := j.Request(ctx, subjectControl, []byte(text))
	for wait := nobodyWait; errors.Is(err, bus.ErrNobody) && wait > 0 && ctx.Err() == nil; wait -= nobodyStep {
		time.Sleep(nobodyStep) // a job that has just been made is there a moment before its coordinator listens
		b, err = j.Request(ctx, subjectControl, []byte(text))
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: job %s: %w", j.Name(), err)
	}
	var a answer
	if b, err = unpack(b); err == nil {
		a, err = decode[answer](subjectControl, b)
	}
	switch {
	case err != nil:
		return nil, err
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.Status, nil
}

// Over tells whether a job has come to its end, and has been summed up. An error says that this is not known.
func Over(ctx context.Context, j *bus.Job) (bool, error) {
	e, err := j.Get(ctx, keyPlan)
	if err != nil {
		return false, fmt.Errorf("cluster: job %s: %w", j.Name(), err)
	}
	p, err := decode[Plan](keyPlan, e.Value)
	return p.Phase == Done, err
}

// Logs returns the last lines of a worker's log.
func Logs(ctx context.Context, j *bus.Job, worker string) (lines []string, err error) {
	b, err := j.Request(ctx, subjectWorker+worker+"."+askLogs, nil)
	if err != nil {
		return nil, fmt.Errorf("cluster: job %s: worker %s: %w", j.Name(), worker, err)
	}
	err = json.Unmarshal(b, &lines)
	return lines, err
}
