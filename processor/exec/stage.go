package exec

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

var (
	errClosed  = fmt.Errorf("processor/exec: %w", os.ErrClosed)
	errProcess = errors.New("processor/exec: a program works on many records at once: use Open and Next instead of Process")
)

// spareBytes is the memory above which an item's is not kept.
const spareBytes = 1 << 20

// Stage makes requests by a program. It implements processor.Stage; a [Responder] has the outcomes told as well.
type Stage struct {
	config Config
	name   string // of the program, for messages

	mu       sync.Mutex
	ready    sync.Cond // the first of order has ended, or the end
	room     sync.Cond // a slot may have room
	told     sync.Cond // a response was answered
	slots    []*slot
	current  *slot   // that records are dealt to
	dealt    int     // to it, of a batch
	order    []*item // records as they were read
	taken    *item   // by Next last time
	spare    []*item
	ended    bool  // nothing more will be read
	err      error // why: io.EOF, the source's error, or failed
	failed   error // no program can be had any more
	hopeless bool  // failed, and the source does not return
	closed   bool
	restarts int
	answered bool // by any program, anything

	reading chan struct{} // closed when readAll has ended; nil: it has not begun
	grace   time.Duration
	closing chan struct{}
	running sync.WaitGroup // programs
}

// New makes a stage of c; with responses it is a [*Responder], else a [*Stage]. It starts nothing yet. The error joins all that
// is wrong with c.
func New(c Config) (processor.Stage, error) {
	if err := c.Validate(); err != nil {
		var errs []error
		for line := range strings.Lines(err.Error()) {
			errs = append(errs, errors.New("processor/exec: "+strings.TrimSuffix(line, "\n")))
		}
		return nil, errors.Join(errs...)
	}
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	s := &Stage{config: c, name: commandLine(c.Exec), closing: make(chan struct{}), grace: defaultGrace}
	s.ready.L, s.room.L, s.told.L = &s.mu, &s.mu, &s.mu
	for i := range c.Instances {
		sl := &slot{index: i, name: s.name, sent: map[uint64]*item{}}
		if c.Instances > 1 {
			sl.name = fmt.Sprintf("%s (%d of %d)", s.name, i+1, c.Instances)
		}
		sl.write.L = &s.mu
		sl.origin.slot = sl
		s.slots = append(s.slots, sl)
	}
	if c.Responses {
		return &Responder{Stage: s}, nil
	}
	return s, nil
}

// commandLine names a program in messages.
func commandLine(argv []string) string {
	var words []string
	for _, word := range argv {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r == '"' }) {
			word = strconv.Quote(word)
		}
		words = append(words, word)
	}
	const most = 100
	line := strings.Join(words, " ")
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return line
}

// Process implements processor.Processor for registries, and refuses: the stage reads the source by itself.
func (s *Stage) Process(*load.Record, func() *load.Request) error { return errProcess }

// Open starts the programs, waits until each has answered the hello, and then begins to read. An error is a
// [*StartError], or that the stage is closed; no record has been read then, and no program is left.
//
// read is called by one goroutine of the stage, for as long as there is room in a window.
func (s *Stage) Open(read func(*load.Record) error) error {
	hello := make(chan error, len(s.slots))
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	s.running.Add(len(s.slots))
	s.mu.Unlock()
	for _, sl := range s.slots {
		go func() {
			defer s.running.Done()
			s.supervise(sl, hello)
		}()
	}
	var first error
	for range s.slots {
		if err := <-hello; err != nil && first == nil {
			first = err
			_ = s.Close() // it has no errors of its own
		}
	}
	if first != nil {
		return first
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.reading = make(chan struct{})
	go func() {
		s.readAll(read)
		close(s.reading)
	}()
	return nil
}

// Next implements processor.Stage. After the programs have been given up it returns what was answered, the other records as bad
// ones, and then the error, which names the program.
func (s *Stage) Next(add func() *load.Request) error {
	it, err := s.next()
	if err != nil {
		return err
	}
	switch {
	case it.err != nil:
		return &processor.BadRecord{File: it.file, Line: it.number, Err: it.err}
	case it.answer.bad != "":
		return &processor.BadRecord{File: it.file, Line: it.number, Err: errors.New("processor/exec: " + s.name + ": " + it.answer.bad)}
	case len(it.answer.made) == 0:
		return processor.ErrFiltered
	}
	for i := range it.answer.made {
		m := &it.answer.made[i]
		req := add()
		m.copyTo(req)
		if s.config.Responses {
			req.State = it.slot.originOf(m.tag)
		}
	}
	return nil
}

// next waits for the next record to end and takes it; its memory is given back by the following call.
func (s *Stage) next() (*item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
	for {
		switch {
		case s.closed:
			return nil, errClosed
		case len(s.order) > 0 && s.order[0].ended:
			s.taken = s.order[0]
			s.order = s.order[1:]
			return s.taken, nil
		case len(s.order) == 0 && (s.ended || s.hopeless):
			if s.failed != nil {
				return nil, s.failed
			}
			return nil, s.err
		}
		s.ready.Wait()
	}
}

// release gives back the memory of the record that was taken last, and its room.
func (s *Stage) release() {
	it := s.taken
	if it == nil {
		return
	}
	s.taken = nil
	if it.slot != nil {
		it.slot.held--
		it.slot.bytes -= it.bytes
		s.room.Signal()
	}
	if it.bytes <= spareBytes {
		s.spare = append(s.spare, it)
	}
}

// copyTo copies a request that was read from an answer.
func (m *made) copyTo(req *load.Request) {
	from := &m.req
	req.Method, req.URI, req.Body = req.Keep(from.Method), req.Keep(from.URI), req.Keep(from.Body)
	req.Key, req.Client = req.Keep(from.Key), req.Keep(from.Client)
	req.Label, req.Weight = from.Label, from.Weight
	for i := range from.Header {
		f := &from.Header[i]
		req.Header = append(req.Header, load.Field{Name: req.Keep(f.Name), Value: req.Keep(f.Value)})
	}
}

// Close ends the programs: their standard input ends, then after 2 s each they and all they started in their group are asked and
// made to end. Next and RespondAll return. A call of read that is under way is waited for, but for 1 s only: it may be stuck.
func (s *Stage) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.wakeAll()
	var ending sync.WaitGroup
	for _, sl := range s.slots {
		if p := sl.proc; p != nil {
			ending.Go(func() { p.end(s.grace) })
		}
	}
	reading := s.reading
	s.mu.Unlock()
	ending.Wait()
	s.running.Wait()
	if reading != nil {
		select {
		case <-reading:
		case <-time.After(patience):
		}
	}
	return nil
}

// wakeAll wakes all that wait for something that will not come.
func (s *Stage) wakeAll() {
	s.ready.Broadcast()
	s.room.Broadcast()
	s.told.Broadcast()
	for _, sl := range s.slots {
		sl.write.Broadcast()
	}
}
