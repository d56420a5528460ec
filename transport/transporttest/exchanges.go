package transporttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/load"
)

// all fails unless each of n requests was completed.
func (f *figures) all(n int) error {
	return f.want(f.Requests.Completed == int64(n) && (f.result.End == engine.EndSource || f.result.End == engine.EndSchedule),
		"%d requests to be completed", n)
}

// exchange: answers in one piece, in two and byte by byte, over a few connections and over every Unix scheme.
func (s *suite) exchange() error {
	mixed := func(k int) act {
		if s.scheme.Datagram {
			return answer
		}
		return []act{answer, answer, inTwo, answer, bytewise}[k%5]
	}
	n := s.few(100)
	f, err := s.run(job{n: n, gap: time.Millisecond, connections: 4, script: mixed})
	if err == nil {
		err = f.all(n)
	}
	errs := []error{err}
	for _, scheme := range s.unixSchemes() {
		f, err := s.run(job{n: 10, gap: time.Millisecond, connections: 1, script: mixed, scheme: scheme})
		if err == nil {
			err = f.all(10)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", scheme, err))
		}
	}
	return errors.Join(errs...)
}

// pipeline: many requests under way on one connection, whose answers come several at once and cut anywhere.
func (s *suite) pipeline() error {
	n := 4 * s.few(50)
	f, err := s.run(job{n: n, gap: 500 * time.Microsecond, connections: 1, pipeline: 8, script: func(k int) act {
		switch {
		case k%4 == 3:
			return release
		case k%40 == 0:
			return bytewise
		}
		return hold
	}})
	if err != nil {
		return err
	}
	return errors.Join(f.all(n), f.want(f.MaxConnections == 1, "one connection, not %d", f.MaxConnections))
}

// disorder: datagrams overtake each other.
func (s *suite) disorder() error {
	n := s.few(200)
	rng := rand.New(rand.NewPCG(1, 1))
	f, err := s.run(job{n: n, gap: 500 * time.Microsecond, script: func(int) act {
		return late(time.Duration(rng.IntN(20)) * time.Millisecond)
	}})
	if err != nil {
		return err
	}
	return f.all(n)
}

// stall: the server stands still for a while. Requests fall due all the same and none is given up; latency tells of the stall,
// lateness does not.
func (s *suite) stall() error {
	const n, gap, pause = 150, 4 * time.Millisecond, 400 * time.Millisecond
	f, err := s.run(job{n: n, gap: gap, connections: 4, script: func(k int) act {
		if k == 20 {
			return freeze(pause)
		}
		return answer
	}})
	if err != nil {
		return err
	}
	var errs []error
	slow := 0
	for i, o := range f.seen {
		if want := time.Duration(i) * gap; o.due != want && o.times > 0 && len(errs) == 0 {
			errs = append(errs, fmt.Errorf("request %d was due at %v; the schedule says %v", i, o.due, want))
		}
		if o.latency >= pause/2 {
			slow++
		}
	}
	late := time.Duration(f.Times.Lateness.Quantile(0.75))
	return errors.Join(append(errs,
		f.all(n),
		f.want(f.Requests.Scheduled == n, "%d requests were scheduled, not %d", n, f.Requests.Scheduled),
		f.want(f.Times.Latency.Max() >= int64(pause), "the request that met a stall of %v has a latency of that at least", pause),
		f.want(slow >= n/10, "the requests that fell due during a stall of %v wait for its end: only %d have latencies above %v", pause, slow, pause/2),
		f.want(late < pause/4, "one request in four is taken up %v late or more: the codec holds up the engine", late),
	)...)
}

// late: answers come after the time-out, whole or in part, while others use the connections. None finds another request.
func (s *suite) late() error {
	const timeout, delay = 250 * time.Millisecond, 350 * time.Millisecond
	n := max(s.few(60), 30)
	slow := 0
	j := job{n: n, gap: 10 * time.Millisecond, timeout: timeout, script: func(k int) act {
		switch {
		case k%6 == 1:
			slow++
			return late(delay)
		case k%6 == 4 && !s.scheme.Datagram:
			slow++
			return halfLate(delay)
		}
		return answer
	}}
	f, err := s.run(j)
	if err != nil {
		return err
	}
	errs := []error{
		f.want(f.caused("timeout*") == f.Requests.Failed && f.Requests.TimedOut == f.Requests.Failed, "requests fail by time-out only"),
		f.want(f.Requests.TimedOut >= int64(slow), "%d requests time out at least", slow),
		f.want(f.Requests.Completed > 0, "the others are answered"),
	}
	if keyed(s) {
		errs = append(errs, f.want(f.Datagrams.Late > 0, "late answers are counted"))
	}
	if pipelines(s) {
		j.connections, j.pipeline = 2, 4
		if f, err = s.run(j); err == nil {
			err = f.want(f.caused("timeout*", behind) == f.Requests.Failed && f.Requests.TimedOut > 0, "requests fail by time-out, or with others that do")
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// twice: an answer too many does not pass for the next request's.
func (s *suite) twice() error {
	n := s.few(60)
	j := job{n: n, gap: 2 * time.Millisecond, connections: 1, script: func(k int) act {
		if k%5 == 2 {
			return twice
		}
		return answer
	}}
	f, err := s.run(j)
	if err != nil {
		return err
	}
	errs := []error{f.all(n)}
	if keyed(s) {
		errs = append(errs, f.want(f.Datagrams.Duplicate > 0, "answers too many are counted"))
	}
	if s.Numbered && pipelines(s) {
		j.pipeline = 8
		if f, err = s.run(j); err == nil {
			err = f.want(f.caused("malformed answer: *", behind, "closed*", "connection reset*") == f.Requests.Failed && f.Requests.Completed > 0,
				"requests fail by an answer too many, or with others that do")
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// oneWay: requests without an answer end when they are sent, and the others get theirs, side by side on one connection.
func (s *suite) oneWay() error {
	n := s.few(80)
	for _, depth := range []int{1, 4} {
		if depth > 1 && !pipelines(s) {
			break
		}
		f, err := s.run(job{n: n, gap: time.Millisecond, connections: 1, pipeline: depth, fill: s.everyOther()})
		if err != nil {
			return fmt.Errorf("pipeline %d: %w", depth, err)
		}
		if err := f.all(n); err != nil {
			return fmt.Errorf("pipeline %d: %w", depth, err)
		}
	}
	return nil
}

// badRecords: what cannot be encoded is counted, and the rest goes on.
func (s *suite) badRecords() error {
	n := 30
	f, err := s.run(job{n: n, gap: time.Millisecond, bad: s.everyThird()})
	if err != nil {
		return err
	}
	bad := f.result.Source.Bad
	short := slices.ContainsFunc(f.result.Source.FirstBad, func(line string) bool { return len(strings.TrimSpace(line)) < len("numbers:1: ?") })
	return errors.Join(
		f.want(bad == int64(n/3), "%d records are bad, not %d", n/3, bad),
		f.want(f.Requests.Completed == int64(n-n/3), "the other %d are completed", n-n/3),
		f.want(len(f.result.Source.FirstBad) == 3 && !short, "the first bad records are told of: %q", f.result.Source.FirstBad),
	)
}

// everyOther makes requests with and without an answer in turn.
func (s *suite) everyOther() func(req *load.Request, i int) {
	return func(req *load.Request, i int) {
		if i%2 == 0 {
			s.OneWay(req, i)
		} else {
			s.Request(req, i)
		}
	}
}

// everyThird makes requests that are refused of every third record.
func (s *suite) everyThird() func(i int) *load.Request {
	return func(i int) *load.Request {
		if i%3 != 2 {
			return nil
		}
		return s.Refused[i/3%len(s.Refused)]
	}
}
