package exec

import (
	"time"

	"github.com/iagoloadgen/iago/load"
)

// readAll reads the source as far as there is room and deals the records to the programs.
func (s *Stage) readAll(read func(*load.Record) error) {
	var rec load.Record
	var id uint64
	var err error
	for {
		it := s.blank()
		if it == nil {
			break
		}
		if err = read(&rec); err != nil {
			break
		}
		id++
		it.key = key(id, false)
		it.line = appendRecord(it.line[:0], id, &rec)
		it.file, it.number = rec.File, rec.Line
		s.deal(it)
	}
	s.mu.Lock()
	s.ended, s.err = true, err
	s.wakeAll()
	s.mu.Unlock()
}

// blank waits for room and returns an empty item; nil: no more are wanted.
func (s *Stage) blank() *item {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && s.failed == nil && s.choose() == nil {
		s.room.Wait()
	}
	if s.closed || s.failed != nil {
		return nil
	}
	return s.fresh()
}

// fresh returns an empty item.
func (s *Stage) fresh() *item {
	if n := len(s.spare); n > 0 {
		it := s.spare[n-1]
		s.spare = s.spare[:n-1]
		it.answer.reset()
		*it = item{line: it.line[:0], answer: it.answer}
		return it
	}
	return new(item)
}

// deal gives a record to a program, the same one for a batch and then the one with the least to do.
func (s *Stage) deal(it *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.choose()
	for sl == nil && !s.closed && s.failed == nil { // a program died meanwhile
		s.room.Wait()
		sl = s.choose()
	}
	s.order = append(s.order, it)
	if sl == nil {
		it.ended, it.err = true, s.failed
		s.ready.Signal()
		return
	}
	if s.current != sl || s.dealt >= s.config.Batch {
		s.current, s.dealt = sl, 0
	}
	s.dealt++
	it.slot = sl
	it.weighs(len(it.line))
	sl.held++
	sl.queue = append(sl.queue, it)
	if sl.ready(s.config.Batch, false) > 0 {
		sl.write.Signal()
	}
}

// choose returns the slot that the next record goes to, nil where none has room.
func (s *Stage) choose() (best *slot) {
	if s.current != nil && s.dealt < s.config.Batch && s.hasRoom(s.current) {
		return s.current
	}
	for _, sl := range s.slots {
		if s.hasRoom(sl) && (best == nil || sl.busy() < best.busy()) {
			best = sl
		}
	}
	return best
}

func (s *Stage) hasRoom(sl *slot) bool {
	return sl.live && sl.held < s.config.Window && (sl.held == 0 || sl.bytes < s.config.WindowLimit)
}

// busy is how many items the slot's program has yet to answer.
func (sl *slot) busy() int { return len(sl.queue) + len(sl.sent) }

// writeAll writes what its slot is given, a batch a write, until its program is gone.
func (s *Stage) writeAll(sl *slot, p *process) {
	var buf []byte
	for {
		s.mu.Lock()
		n := 0
		for {
			if !sl.live || sl.proc != p || s.closed {
				s.mu.Unlock()
				return
			}
			if n = sl.ready(s.config.Batch, s.ended); n > 0 {
				break
			}
			sl.write.Wait()
		}
		buf = sl.take(n, buf[:0], time.Now())
		s.mu.Unlock()
		if _, err := p.stdin.Write(buf); err != nil {
			return // it is gone, or will be: its output's end tells, or the time-out
		}
		if cap(buf) > s.config.Batch*spareBytes {
			buf = nil
		}
	}
}
