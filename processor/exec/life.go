package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	firstBackoff = 50 * time.Millisecond // before a restart; doubled while programs answer nothing
	lastBackoff  = time.Second
	patience     = time.Second // for the source to return, when nothing more is wanted of it
	excerpt      = 80          // bytes of a wrong line that are shown
)

// StartError is why a program could not be had: it cannot be started, or did not say hello as it should.
type StartError struct {
	Program string // with its arguments
	Err     error
}

func (e *StartError) Error() string { return "processor/exec: " + e.Program + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// supervise runs one program after the other. The first one's start is told to hello: nil once it has answered.
func (s *Stage) supervise(sl *slot, hello chan<- error) {
	for first := true; ; first = false {
		cause, fault := s.live(sl, func() {
			if first {
				hello <- nil
				first = false
			}
		})
		if first {
			if s.isClosed() {
				cause = errClosed
			}
			hello <- &StartError{Program: sl.name, Err: cause}
			return
		}
		if !s.again(sl, cause, fault) {
			return
		}
	}
}

// live runs one program from start to end and says why it ended; fault: because it broke the protocol's rules, not by itself.
func (s *Stage) live(sl *slot, greeted func()) (cause error, fault bool) {
	p, err := s.start(sl)
	if err != nil {
		return err, false
	}
	in := newLineReader(p.stdout, s.config.LineLimit)
	err = s.greet(sl, p, in)
	if err == nil {
		greeted()
		err = s.serve(sl, p, in)
	}
	s.mu.Lock()
	sl.live = false
	s.wakeAll()
	s.mu.Unlock()
	how := p.finish()
	s.mu.Lock()
	sl.proc = nil
	s.mu.Unlock()
	if fault = !errors.Is(err, io.EOF); !fault {
		err = errors.New(how)
	}
	return fmt.Errorf("%w%s", err, p.log.words()), fault
}

// start starts the program, unless the stage is closed.
func (s *Stage) start(sl *slot) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	p, err := startProcess(&s.config, sl.name)
	if err != nil {
		return nil, fmt.Errorf("it cannot be started: %w", err)
	}
	sl.proc = p
	return p, nil
}

// helloAnswer is the program's first line.
type helloAnswer struct {
	Iago      int    `json:"iago"`
	Name      string `json:"name"`
	Responses bool   `json:"responses"`
}

// greet says hello and reads the answer.
func (s *Stage) greet(sl *slot, p *process, in *lineReader) error {
	var late atomic.Bool
	timer := time.AfterFunc(s.config.HelloTimeout, func() {
		late.Store(true)
		p.kill()
	})
	defer timer.Stop()
	const exact = 1<<53 - 1 // what every JSON reader gets right (RFC 8259, section 6)
	// Where writing fails, reading tells why.
	fmt.Fprintf(p.stdin, `{"iago":%d,"responses":%t,"instance":%d,"instances":%d,"seed":%d}`+"\n",
		Version, s.config.Responses, sl.index, s.config.Instances, s.config.Seed&exact)
	line, err := in.next()
	switch {
	case late.Load():
		return fmt.Errorf(`it did not answer the hello within %v (hello_timeout); expected a line {"iago":%d} on its standard output, flushed`, s.config.HelloTimeout, Version)
	case errors.Is(err, io.EOF):
		return err
	case err != nil:
		return outputError(in, nil, err)
	}
	answer, err := parseHello(line)
	switch {
	case err != nil:
		return outputError(in, line, err)
	case answer.Responses && !s.config.Responses:
		return errors.New("it wants responses; set responses: true beside exec, or have it not ask for them")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sl.live, sl.wants = true, answer.Responses
	s.room.Broadcast()
	return nil
}

// parseHello reads the program's first line.
func parseHello(line []byte) (a helloAnswer, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err = d.Decode(&a); err != nil || d.More() {
		return a, fmt.Errorf(`expected {"iago":%d} with "name" and "responses" where wanted (what is not an answer goes to standard error)`, Version)
	}
	if a.Iago != Version {
		return a, fmt.Errorf("it speaks version %d of the protocol; this Iago speaks version %d", a.Iago, Version)
	}
	return a, nil
}

func (s *Stage) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// outputError is a fault in the program's standard output: which line, what is wrong, how it begins.
func outputError(in *lineReader, line []byte, err error) error {
	if len(line) > excerpt {
		line = append(line[:excerpt:excerpt], "…"...)
	}
	if line == nil {
		return fmt.Errorf("line %d of its standard output: %w", in.count, err)
	}
	return fmt.Errorf("line %d of its standard output: %w: `%s`", in.count, err, bytes.ToValidUTF8(line, []byte("�")))
}

// again settles what a program left when it died, and waits for the moment of the next one; false: there is none.
func (s *Stage) again(sl *slot, cause error, fault bool) bool {
	s.mu.Lock()
	if s.closed || s.failed != nil {
		s.mu.Unlock()
		return false
	}
	cause = fmt.Errorf("processor/exec: %s: %w", sl.name, cause)
	back, lost := sl.died()
	for _, it := range lost {
		it.err = fmt.Errorf("%w; it was the second to end over this record", cause)
	}
	s.wakeAll()
	if s.ended && sl.busy() == 0 && !sl.wants {
		s.mu.Unlock()
		return false // there is nothing left to do for another one
	}
	if fault && !s.answered {
		s.fail(fmt.Errorf("%w; no record has been answered yet, so it is not started again", cause))
		s.mu.Unlock()
		return false
	}
	if s.restarts++; s.restarts > s.config.Restarts {
		s.fail(fmt.Errorf("%w; it was started again %d times (restarts) and is given up", cause, s.config.Restarts))
		s.mu.Unlock()
		return false
	}
	pause := min(firstBackoff<<min(sl.lives, 10), lastBackoff)
	sl.lives++
	count := s.restarts
	s.mu.Unlock()
	s.config.Logf("%v; started again in %v (%d of at most %d times), records given once more: %d, counted bad: %d",
		cause, pause, count, s.config.Restarts, back, len(lost))
	select {
	case <-time.After(pause):
		return true
	case <-s.closing:
		return false
	}
}

// fail gives up: what was not answered is bad, and Next tells err after that.
func (s *Stage) fail(err error) {
	s.failed = err
	for _, it := range s.order {
		if !it.ended {
			it.ended, it.err = true, err
		}
	}
	for _, sl := range s.slots {
		for _, it := range sl.sent {
			it.ended, it.err = true, err
		}
		for _, it := range sl.queue {
			it.ended, it.err = true, err
		}
		clear(sl.sent)
		sl.queue, sl.suspects = nil, 0
	}
	s.wakeAll()
	time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hopeless = true
		s.ready.Broadcast()
	})
}
