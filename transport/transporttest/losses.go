package transporttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// behind is why a request failed that was behind another one in a pipeline.
const behind = "closed: another request of its pipeline failed"

// faults are ways to lose a connection, and the causes that are right for the request which waits for its answer.
var faults = []struct {
	name   string
	do     act
	causes []string
}{
	{"closed before the answer", closes, []string{"closed before answer*"}},
	{"half-closed before the answer", shutsBefore, []string{"closed before answer*"}},
	{"closed inside the answer", closesInside, []string{"closed early"}},
	{"half-closed inside the answer", shutsInside, []string{"closed early"}},
	{"reset before the answer", resets, []string{"connection reset*"}},
	{"reset inside the answer", resetsInside, []string{"connection reset", "closed early"}},
}

// lost: a connection that ends before or within an answer, a fresh one and a kept one, fails the request that waits for it and
// no other; in a pipeline also those behind it.
func (s *suite) lost() error {
	var errs []error
	for _, fault := range faults {
		at := func(first, second int) script {
			return func(k int) act {
				if k == first || k == second {
					return fault.do
				}
				return answer
			}
		}
		f, err := s.run(job{n: 12, gap: 2 * time.Millisecond, connections: 1, script: at(0, 6)})
		if err == nil {
			err = errors.Join(
				f.want(f.Requests.Failed == 2 && f.Requests.Completed == 10, "2 requests fail, the other 10 are completed"),
				f.want(f.caused(fault.causes...) == f.Requests.Failed, "the causes are among %q", fault.causes),
			)
		}
		if err == nil && pipelines(s) {
			f, err = s.run(job{n: 24, gap: time.Millisecond / 2, connections: 1, pipeline: 4, script: at(6, 13)})
			if err == nil {
				// What the server has not read when it closes makes a reset of it.
				right := append([]string{behind, "connection reset*", "closed*"}, fault.causes...)
				err = f.want(f.Requests.Failed >= 2 && f.caused(right...) == f.Requests.Failed, "in a pipeline: failures for the causes %q", right)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", fault.name, err))
		}
	}
	return errors.Join(errs...)
}

// lostGreeting: a connection that ends during the greeting, or greets with garbage, fails the request that it was opened for.
func (s *suite) lostGreeting() error {
	var errs []error
	try := func(name string, do act, causes ...string) {
		f, err := s.run(job{n: 5, gap: 2 * time.Millisecond, connections: 1, greet: do})
		if err == nil {
			err = f.want(f.Requests.Failed == 1 && f.caused(causes...) == 1, "one request fails for a cause among %q", causes)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	for _, fault := range faults {
		try(fault.name, fault.do, "closed*", "connection reset*")
	}
	for _, b := range s.Garbage {
		try(fmt.Sprintf("garbage %q", excerpt(b)), says(b), "malformed answer: *", "refused: *")
	}
	return errors.Join(errs...)
}

// halfClose: an answer counts though the server has closed its half behind it; the connection is not used again.
func (s *suite) halfClose() error {
	const n = 20
	f, err := s.run(job{n: n, gap: 5 * time.Millisecond, connections: 1, script: always(shutsAfter)})
	if err != nil {
		return err
	}
	// A request may be sent just before the end is seen.
	kept := f.caused("closed before answer (kept connection)")
	return errors.Join(
		f.want(f.Requests.Failed == kept, "requests fail on kept connections only"),
		f.want(f.Requests.Completed >= n/2 && f.seen[0].cause == "", "answers before the end count"),
	)
}

// refusedPort: nobody listens.
func (s *suite) refusedPort() error {
	f, err := s.run(job{n: 5, gap: 5 * time.Millisecond, timeout: 300 * time.Millisecond, deaf: true})
	if err != nil {
		return err
	}
	causes := []string{"connection refused"}
	if s.scheme.Datagram { // only some of them come back
		causes = append(causes, "timeout*")
	}
	return f.want(f.Requests.Failed == 5 && f.caused(causes...) == 5, "all fail for the causes %q", causes)
}

// garbage: what is no answer fails the request that waits for one, for a cause that the codec has declared.
func (s *suite) garbage() error {
	for _, b := range s.Garbage {
		j := job{n: 8, gap: 2 * time.Millisecond, connections: 1, timeout: min(s.patience, 5*time.Second), script: func(k int) act {
			if k == 3 {
				return says(b)
			}
			return answer
		}}
		causes := []string{"malformed answer: *"}
		if s.scheme.Datagram { // it may not even say whom it is for
			j.connections, j.timeout, causes = 0, 300*time.Millisecond, append(causes, "timeout*")
		}
		f, err := s.run(j)
		if err == nil {
			err = f.want(f.Requests.Failed == 1 && f.caused(causes...) == 1, "one request fails for a cause among %q", causes)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", excerpt(b), err)
		}
	}
	return nil
}

// slowReader: the server takes requests more slowly than they are written, so that writing blocks.
func (s *suite) slowReader() error {
	const size = 700 << 10
	n, fill, least := 4, s.Request, 0
	if s.Large != nil {
		least = size
		fill = func(req *load.Request, i int) { s.Large(req, i, size) }
	}
	try := func(scheme string, depth int) error {
		f, err := s.run(job{n: n, gap: 10 * time.Millisecond, connections: 1, pipeline: depth, slow: true, fill: fill, scheme: scheme})
		if err == nil {
			err = errors.Join(f.all(n), f.want(f.BytesSent >= int64(n*least), "%d bytes are sent at least, not %d", n*least, f.BytesSent))
		}
		if err != nil {
			return fmt.Errorf("%s, pipeline %d: %w", scheme, depth, err)
		}
		return nil
	}
	errs := []error{try(s.Scheme, 1)}
	if pipelines(s) {
		errs = append(errs, try(s.Scheme, 4))
	}
	for _, scheme := range s.unixSchemes() { // their buffers are smaller
		errs = append(errs, try(scheme, 1))
	}
	return errors.Join(errs...)
}

// limits: large answers are read, in many pieces; those above the limit fail their request.
func (s *suite) limits() error {
	const limit = 4 << 10
	size := 500 << 10
	if s.scheme.Datagram {
		size = 8 << 10
	}
	f, err := s.run(s.sized(size))
	if err == nil {
		err = errors.Join(f.all(6), f.want(f.BytesReceived >= int64(2*size), "%d bytes are received at least, not %d", 2*size, f.BytesReceived))
	}
	if err != nil || s.Limit == nil {
		return err
	}
	j := s.sized(10 * limit)
	j.config = func(c transport.Config) { s.Limit(c, limit) }
	if f, err = s.run(j); err != nil {
		return err
	}
	// A codec may hold requests to the same limit.
	refused := f.result.Source.Bad + f.caused("malformed answer: *")
	return f.want(refused == 2 && f.Requests.Completed == 4, "two answers of %d bytes are refused, and no other", 10*limit)
}

// sized makes six requests, every third of which has an answer of that size.
func (s *suite) sized(size int) job {
	j := job{n: 6, gap: 2 * time.Millisecond, connections: 1}
	if s.LargeAnswer == nil { // answers are what requests are
		j.fill = func(req *load.Request, i int) {
			if i%3 == 2 {
				s.Large(req, i, size)
			} else {
				s.Request(req, i)
			}
		}
		return j
	}
	j.script = func(k int) act {
		if k%3 < 2 {
			return answer
		}
		return func(p *peer, _ []byte) bool { return p.send(s.LargeAnswer(nil, p.last, size)) }
	}
	return j
}

// leftovers: everything that can happen, by chance; the figures add up all the same, and nothing is left behind.
func (s *suite) leftovers() error {
	acts := []act{never, late(100 * time.Millisecond), answer}
	if !s.scheme.Datagram {
		acts = append(acts, closes, closesInside, resets, resetsInside, shutsBefore, shutsAfter, shutsInside, twice, inTwo, bytewise)
	}
	for _, b := range s.Garbage {
		acts = append(acts, says(b))
	}
	rng := rand.New(rand.NewPCG(3, 3))
	n := s.few(400)
	f, err := s.run(job{n: n, gap: 2 * time.Millisecond, timeout: 80 * time.Millisecond, connections: 20, script: func(int) act {
		if rng.IntN(3) > 0 {
			return answer
		}
		return acts[rng.IntN(len(acts))]
	}})
	if err != nil {
		return err
	}
	return f.want(f.Requests.Scheduled == int64(n) && f.Requests.Completed > 0 && f.Requests.Failed > 0, "%d requests, some of which fail", n)
}
