package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// logState remembers, for each subject that this process appends to, the last entry's sequence.
type logState struct {
	mu       sync.Mutex
	subjects map[string]*logSubject
}

type logSubject struct {
	turn  chan struct{} // holds the token of whoever may append
	known bool
	last  uint64
}

// LogEntry is an entry of a job's log of results.
type LogEntry struct {
	Seq     uint64 // grows; has gaps
	Subject string // as given to Append
	ID      string
	Data    []byte
	Time    time.Time // when it was stored, by the server's clock
	Pending uint64    // how many entries there are after this one, at present
}

// Append adds an entry to the log and returns its sequence when it is stored. It goes on trying until the context ends,
// and however long that takes the entry is stored once: each attempt names the entry that it must come after, and when
// that is no longer the last one, Append looks whether its own is among those that came since. Calls for one subject
// wait for each other; give every writer a subject of its own (words joined by dots, as a rule one: the worker's name).
//
// After the end of the context it is not known whether the entry was stored. Calling Append again with the same id, by
// the same Job, finds out and stores it if not; another process knows of the id for two minutes only.
func (j *Job) Append(ctx context.Context, subject, id string, data []byte) (uint64, error) {
	if err := errors.Join(plain("x."+subject, false), validID(id)); err != nil {
		return 0, err
	}
	s := j.log.subject(subject)
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return 0, fmt.Errorf("bus: append %s to the log of job %s: %w", id, j.n.job, ctx.Err())
	}
	id = subject + " " + id // the servers know ids by stream
	m, err := j.message(ctx, "results", j.n.subject("results."+subject), id, data)
	var seq uint64
	if err == nil {
		seq, err = j.append(ctx, s, m, id)
	}
	if err != nil {
		return 0, fmt.Errorf("bus: append %s to the log of job %s: %w", id, j.n.job, err)
	}
	return seq, nil
}

func (l *logState) subject(name string) *logSubject {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.subjects[name]
	if s == nil {
		s = &logSubject{turn: make(chan struct{}, 1)}
		if l.subjects == nil {
			l.subjects = map[string]*logSubject{}
		}
		l.subjects[name] = s
	}
	return s
}

func (j *Job) append(ctx context.Context, s *logSubject, m *nats.Msg, id string) (uint64, error) {
	for wait := retryFirst; ; wait = min(2*wait, retryLast) {
		seq, err := j.appendOnce(ctx, s, m, id)
		if err == nil {
			return seq, nil
		}
		if errors.Is(err, ErrConflict) && ctx.Err() == nil { // others append to this subject: after them
			wait = retryFirst
			continue
		}
		if err := j.again(ctx, m.Subject, err, wait); err != nil {
			return 0, err
		}
	}
}

// appendOnce makes one attempt; when another entry than the expected one was the last, it has looked through the new
// ones and returns ErrConflict if the entry is not among them.
func (j *Job) appendOnce(ctx context.Context, s *logSubject, m *nats.Msg, id string) (uint64, error) {
	if !s.known {
		seq, found, err := j.lastOf(ctx, m.Subject, id)
		if err != nil {
			return 0, err
		}
		if s.known, s.last = true, seq; found {
			return seq, nil
		}
	}
	ack, err := j.attempt(ctx, m, jetstream.WithExpectLastSequencePerSubject(s.last))
	if err == nil {
		s.last = max(s.last, ack.Sequence)
		return ack.Sequence, nil
	}
	if !errors.Is(err, ErrConflict) {
		return 0, err
	}
	before := s.last
	seq, found, err2 := j.since(ctx, s, m.Subject, id)
	if err2 != nil {
		return 0, err2
	}
	if found {
		return seq, nil
	}
	if s.last == before { // somebody else's entry, or an earlier attempt, is on its way and cannot be read yet
		_ = j.b.pause(ctx, logPoll)
	}
	return 0, err
}

// logPoll is the wait for an entry that is stored and cannot be read yet.
const logPoll = 10 * time.Millisecond

// lastOf finds the last entry of a subject; found says that it has this id.
func (j *Job) lastOf(ctx context.Context, subject, id string) (seq uint64, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	var m *jetstream.RawStreamMsg
	err = j.askStream(ctx, &j.infos.results, func(ctx context.Context, s jetstream.Stream) (err error) {
		m, err = s.GetLastMsgForSubject(ctx, subject)
		return err
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return m.Sequence, m.Header.Get(jetstream.MsgIDHeader) == id, nil
}

// since looks through the entries of a subject after the last one known for one with this id.
func (j *Job) since(ctx context.Context, s *logSubject, subject, id string) (seq uint64, found bool, err error) {
	for {
		var m *jetstream.RawStreamMsg
		err := j.askStream(ctx, &j.infos.results, func(ctx context.Context, results jetstream.Stream) (err error) {
			m, err = results.GetMsg(ctx, s.last+1, jetstream.WithGetMsgSubject(subject))
			return err
		})
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return seq, found, nil
		}
		if err != nil {
			return 0, false, err
		}
		s.last = m.Sequence
		if m.Header.Get(jetstream.MsgIDHeader) == id {
			seq, found = m.Sequence, true
		}
	}
}

// Read calls fn with the log's entries in order, from sequence from on (0 and 1: from the beginning), those too that are
// appended later, until the context ends or fn returns an error, which Read then returns; ErrStop ends it without one.
// It goes on where it was after the connection was lost. An entry that repeats the one before it is left out.
func (j *Job) Read(ctx context.Context, from uint64, fn func(LogEntry) error) error {
	last := map[string]string{} // id of the last entry by subject
	base := j.n.subject("results.")
	f := follower{b: j.b, stream: j.n.results(), filters: []string{base + ">"}}
	if from > 1 {
		f.last = from - 1
	}
	f.each = func(m *nats.Msg, meta *nats.MsgMetadata) error {
		e := LogEntry{
			Seq: meta.Sequence.Stream, Subject: strings.TrimPrefix(m.Subject, base),
			Time: meta.Timestamp, Pending: meta.NumPending,
		}
		full := m.Header.Get(jetstream.MsgIDHeader)
		_, e.ID, _ = strings.Cut(full, " ")
		if e.ID == last[e.Subject] {
			return nil
		}
		last[e.Subject] = e.ID
		var err error
		if e.Data, err = j.readChunks(ctx, "results", full, m); err != nil {
			return err
		}
		return fn(e)
	}
	if err := f.run(ctx); err != nil {
		return fmt.Errorf("bus: read the log of job %s: %w", j.n.job, err)
	}
	return nil
}

// readChunks is payload, tried again while the bus does not answer.
func (j *Job) readChunks(ctx context.Context, kind, id string, m *nats.Msg) ([]byte, error) {
	c, err := parseChunked(m.Header.Get(chunksHeader))
	if err != nil {
		return nil, err
	}
	for {
		data, err := j.payload(ctx, kind, id, c, m.Data)
		if err == nil || !passing(err) {
			return data, err
		}
		if err := j.b.pause(ctx, followRetry); err != nil {
			return nil, err
		}
	}
}

// End is the sequence of the log's last entry; 0 when there is none.
func (j *Job) End(ctx context.Context) (uint64, error) {
	var end uint64
	err := j.b.ask(ctx, func(ctx context.Context) error {
		s, err := j.b.js.Stream(ctx, j.n.results())
		if err == nil {
			end = s.CachedInfo().State.LastSeq
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("bus: end of the log of job %s: %w", j.n.job, err)
	}
	return end, nil
}
