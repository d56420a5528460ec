package http

import (
	"encoding/json"
	"time"

	"github.com/iagoloadgen/iago/target/model"
)

// desk takes whole requests in, counts them, asks the model for their fate, and says what is to be done at which moment.
// It is safe for concurrent use.
type desk struct {
	model   *model.Model
	answers *answers
	record  *recorder // nil: none
	status  int
	timed   bool // the model delays answers
}

// reply is what is to be done about a request.
type reply struct {
	answer  answer
	status  int   // counted when the answer goes out; 0: not counted
	arrival int64 // ns on the server's clock
	depart  int64
	kind    model.Kind // 0 and Error: answer; else what happens in its place
	last    bool       // the connection ends after it
	stats   bool       // to be answered with the figures
}

// lingering bounds how long a finished connection waits for its client to close.
const lingering = time.Second

// take takes the request that s has just read, of which the last byte came in at arrival.
// The caller holds t.
func (d *desk) take(s *session, arrival int64, t *tally) reply {
	r := &s.req
	out := reply{status: d.status, arrival: arrival, depart: arrival, last: !r.persists()}
	if isStats(r) {
		out.stats, out.status = true, 0
		return out
	}
	t.count(r, s.body.size, arrival)
	if d.record != nil {
		d.record.add(r)
	}
	fate := d.model.Arrive(arrival)
	out.kind = fate.Kind
	if fate.Kind == model.Error {
		out.status = fate.Status
	}
	if fate.Kind != model.Hang {
		out.depart = fate.Depart
		t.sojourn.Record(out.depart - arrival)
	}
	out.answer = d.answers.of(out.status, r)
	return out
}

// refuse says what is to be done about bytes that are no request.
func (d *desk) refuse(bad *refusal, arrival int64, t *tally) reply {
	t.malformed[bad.cause]++
	return reply{
		answer: d.answers.byStatus[bad.status][closes], status: bad.status,
		arrival: arrival, depart: arrival, last: true,
	}
}

// goOn is the reply that asks for a request's content.
func (d *desk) goOn(arrival int64) reply {
	return reply{answer: answer{head: goOn}, arrival: arrival, depart: arrival}
}

// isStats tells whether r asks for the figures.
func isStats(r *request) bool {
	return string(r.target) == StatsPath && string(r.method) == "GET"
}

// statsAnswer is the answer to r that holds the figures. The caller holds no tally.
func (s *Server) statsAnswer(r *request) answer {
	text, err := json.MarshalIndent(s.Stats(), "", "  ")
	if err != nil {
		return s.desk.answers.of(501, r) // a struct of numbers and texts has no way to fail
	}
	return s.desk.answers.json(append(text, '\n'), r)
}
