package exec

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// serve writes to a program that has said hello and reads its answers until something ends it: io.EOF or a fault.
func (s *Stage) serve(sl *slot, p *process, in *lineReader) error {
	written := make(chan struct{})
	go func() {
		s.writeAll(sl, p)
		close(written)
	}()
	w := &watch{stage: s, slot: sl, process: p}
	w.begin()
	err := s.answers(sl, in)
	s.mu.Lock()
	sl.live, w.done = false, true
	sl.write.Broadcast()
	w.timer.Stop()
	if w.fault != nil {
		err = w.fault
	}
	s.mu.Unlock()
	p.stdin.Close() // ends a write that is under way
	<-written
	return err
}

// answers takes the program's lines until the last.
func (s *Stage) answers(sl *slot, in *lineReader) error {
	var d decoder
	take := func(a *answer, size int) error { return s.settle(sl, a, size) }
	for {
		line, err := in.next()
		if timedOut(err) {
			return io.EOF // killed, and something that it started still holds the pipe
		}
		if errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			err = d.decode(line, take)
		}
		if err != nil {
			return outputError(in, line, err)
		}
	}
}

// settle ends the item that a answers, and leaves a with memory to be used again.
func (s *Stage) settle(sl *slot, a *answer, size int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.failed != nil {
		return nil // nobody waits for it
	}
	it := sl.answered(key(a.id, a.response), time.Now())
	if it == nil {
		kind := "record"
		if a.response {
			kind = "response"
		}
		return fmt.Errorf("%s %d: it was not asked for that one, or has answered it before", kind, a.id)
	}
	s.answered = true
	it.answer, *a = *a, it.answer
	if it.answer.response {
		s.told.Signal()
	} else {
		it.weighs(size)
		if s.order[0] == it {
			s.ready.Signal()
		}
	}
	if len(sl.queue) > 0 && sl.ready(s.config.Batch, s.ended) > 0 {
		sl.write.Signal()
	}
	return nil
}

// watch ends a program that has something to answer and does not.
type watch struct {
	stage   *Stage
	slot    *slot
	process *process
	timer   *time.Timer
	done    bool // guarded, as fault is, by the stage's lock
	fault   error
}

func (w *watch) begin() {
	w.stage.mu.Lock()
	defer w.stage.mu.Unlock()
	w.timer = time.AfterFunc(w.stage.config.Timeout, w.look)
}

func (w *watch) look() {
	w.stage.mu.Lock()
	defer w.stage.mu.Unlock()
	if w.done {
		return
	}
	timeout := w.stage.config.Timeout
	left := timeout
	if oldest := w.slot.waiting(); oldest != nil {
		left = timeout - time.Since(w.slot.progress)
		if left <= 0 {
			w.fault = fmt.Errorf("no answer for %v (timeout) with %d records waiting for one, the first from %s:%d",
				timeout, len(w.slot.sent), oldest.file, oldest.number)
			w.process.kill()
			return
		}
	}
	w.timer.Reset(left)
}
