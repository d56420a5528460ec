package bustest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// RunFaults kills servers under load, rounds times, and checks that nothing that the bus had confirmed is lost, that each
// result is there once, and that everybody goes on by himself.
func RunFaults(t *testing.T, s Servers, rounds int) {
	f := &faults{s: s, t: t, j: s.job(t, bus.JobConfig{AckWait: 5 * time.Second}), pulled: map[string]int{}, watched: map[string]string{}}
	f.ctx, f.stop = context.WithCancel(t.Context())
	defer f.stop()
	for _, role := range []func(){f.push, f.pull, f.pull, f.append(0), f.append(1), f.read, f.count, f.watch, f.ask} {
		f.roles.Go(role)
	}
	for r := range rounds {
		f.progress(fmt.Sprintf("round %d, before the kill", r+1))
		s.Kill(t, f.j.Name())
		began := time.Now()
		if s.Replicas == 1 {
			f.failFast()
		} else {
			f.progress("while one server is away")
			t.Logf("round %d: everybody went on %v after the kill", r+1, time.Since(began).Round(time.Millisecond))
		}
		s.Start(t, f.j.Name())
		f.progress(fmt.Sprintf("round %d, after the start", r+1))
		t.Logf("round %d: %v from the kill until everybody went on", r+1, time.Since(began).Round(time.Millisecond))
	}
	close(f.enough())
	f.settle()
	f.stop()
	f.roles.Wait()
}

// faults is one job under load and what is known of it.
type faults struct {
	s     Servers
	t     *testing.T
	j     *bus.Job
	ctx   context.Context
	stop  context.CancelFunc
	roles sync.WaitGroup

	mu       sync.Mutex
	end      chan struct{} // closed: make no more
	pushed   []string      // ids of confirmed records
	pulled   map[string]int
	appended []string // ids of confirmed results, with their subjects
	results  []string // as read
	counted  int      // confirmed increments
	unsure   int      // increments of which it is not known
	watched  map[string]string
	answers  int
	writers  int // roles that still write
}

// enough is closed when no more is to be written.
func (f *faults) enough() chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.end == nil {
		f.end = make(chan struct{})
	}
	return f.end
}

// writing calls fn again and again until it is enough; n counts up.
func (f *faults) writing(fn func(n int)) {
	f.mu.Lock()
	f.writers++
	f.mu.Unlock()
	for n := 0; ; n++ {
		select {
		case <-f.enough():
			f.mu.Lock()
			f.writers--
			f.mu.Unlock()
			return
		case <-f.ctx.Done():
			return
		case <-time.After(2 * time.Millisecond): // leave some of the machine to others
			fn(n)
		}
	}
}

func (f *faults) note(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

// push pushes records, every 50th a large one.
func (f *faults) push() {
	q, err := f.j.Queue(bus.QueueConfig{Messages: 16})
	if err != nil {
		f.t.Error(err)
		return
	}
	var sent []string
	f.writing(func(n int) {
		data := []byte("data")
		if n%50 == 49 {
			data = make([]byte, 5<<20)
		}
		id := fmt.Sprint("r", n)
		if err := q.Push(f.ctx, data, id); err != nil {
			f.t.Errorf("push: %v", err)
			return
		}
		if sent = append(sent, id); n%10 != 0 {
			return
		}
		if err := q.Flush(f.ctx); err != nil {
			f.t.Errorf("flush: %v", err)
		}
		f.note(func() { f.pushed, sent = append(f.pushed, sent...), nil })
	})
	if err := q.Close(f.ctx); err != nil {
		f.t.Errorf("close the queue: %v", err)
	}
	f.note(func() { f.pushed = append(f.pushed, sent...) })
}

func (f *faults) pull() {
	p, err := f.s.other(f.t, f.j).Pull(f.ctx, bus.PullConfig{Messages: 8, KeepAlive: true})
	if err != nil {
		f.t.Error(err)
		return
	}
	defer shut(f.t, p)
	for {
		i, err := p.Next(f.ctx)
		if f.ctx.Err() != nil {
			return
		}
		if err != nil {
			f.t.Errorf("pull: %v", err)
			return
		}
		f.note(func() { f.pulled[i.ID]++ })
		i.Ack()
	}
}

// append appends results, by two writers of which each has a subject of its own and one that they share.
func (f *faults) append(writer int) func() {
	return func() {
		o := f.s.other(f.t, f.j)
		f.writing(func(n int) {
			for _, subject := range []string{fmt.Sprint("w", writer), "all"} {
				id := fmt.Sprint(writer, "-", n)
				if _, err := o.Append(f.ctx, subject, id, []byte("result")); err != nil {
					f.t.Errorf("append: %v", err)
					return
				}
				f.note(func() { f.appended = append(f.appended, subject+" "+id) })
			}
		})
	}
}

func (f *faults) read() {
	err := f.s.other(f.t, f.j).Read(f.ctx, 0, func(e bus.LogEntry) error {
		f.note(func() { f.results = append(f.results, e.Subject+" "+e.ID) })
		return nil
	})
	if f.ctx.Err() == nil {
		f.t.Errorf("read: %v", err)
	}
}

// count counts up a key by compare-and-set.
func (f *faults) count() {
	o := f.s.other(f.t, f.j)
	f.writing(func(int) {
		ctx, cancel := context.WithTimeout(f.ctx, time.Second)
		defer cancel()
		var n int
		e, err := o.Get(ctx, "count")
		if err == nil {
			n, _ = strconv.Atoi(string(e.Value))
			_, err = o.Update(ctx, "count", []byte(strconv.Itoa(n+1)), e.Revision)
		} else if errors.Is(err, bus.ErrNotFound) {
			_, err = o.Create(ctx, "count", []byte("1"))
		} else {
			return // nothing was written
		}
		switch {
		case err == nil:
			f.note(func() { f.counted++ })
		case errors.Is(err, bus.ErrUnavailable):
			f.note(func() { f.unsure++ })
		case errors.Is(err, bus.ErrConflict), errors.Is(err, bus.ErrExists): // an earlier one of ours was done late
		default:
			f.t.Errorf("count: %v", err)
		}
	})
}

func (f *faults) watch() {
	w, err := f.s.other(f.t, f.j).Watch(f.ctx)
	if err != nil {
		f.t.Error(err)
		return
	}
	for e := range w.Events() {
		f.note(func() { f.watched[e.Key] = string(e.Value) })
	}
	if f.ctx.Err() == nil {
		f.t.Errorf("watch: %v", w.Err())
	}
}

// ask asks a question over plain messages; those of a bad time are simply not answered.
func (f *faults) ask() {
	stop, err := f.s.other(f.t, f.j).Subscribe("question", func(m *bus.Message) { _ = m.Reply([]byte("answer")) })
	if err != nil {
		f.t.Error(err)
		return
	}
	defer stop()
	f.writing(func(int) {
		ctx, cancel := context.WithTimeout(f.ctx, time.Second)
		defer cancel()
		if _, err := f.j.Request(ctx, "question", nil); err == nil {
			f.note(func() { f.answers++ })
		}
	})
}

// progress waits until everybody has done something more.
func (f *faults) progress(when string) {
	f.t.Helper()
	state := func() []int {
		f.mu.Lock()
		defer f.mu.Unlock()
		seen, _ := strconv.Atoi(f.watched["count"])
		return []int{len(f.pushed), len(f.pulled), len(f.appended), len(f.results), f.counted, seen, f.answers}
	}
	began := state()
	eventually(f.t, fmt.Sprintf("%s: everybody goes on from %v (pushed, pulled, appended, read, counted, watched, asked)", when, began), func() bool {
		if f.t.Failed() {
			f.t.FailNow()
		}
		now := state()
		for i := range now {
			if now[i] <= began[i]+5 {
				return false
			}
		}
		return true
	})
}

// failFast: with the only server dead, plain messages and keys fail instead of waiting.
func (f *faults) failFast() {
	f.t.Helper()
	eventually(f.t, "the connection is seen to be lost", func() bool { return errors.Is(f.j.Publish("late", nil), bus.ErrUnavailable) })
	began := time.Now()
	if _, err := f.j.Put(f.ctx, "late", nil); !errors.Is(err, bus.ErrUnavailable) || time.Since(began) > 2*time.Second {
		f.t.Errorf("put with no server: %v after %v", err, time.Since(began))
	}
}

// settle waits until all that was written has arrived, and compares.
func (f *faults) settle() {
	f.t.Helper()
	eventually(f.t, "writers end", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.writers == 0
	})
	depth(f.t, f.j, 0, 0)
	end, err := f.j.End(f.ctx)
	must(f.t, err)
	var list []string
	must(f.t, f.j.Read(f.ctx, 0, func(e bus.LogEntry) error {
		if list = append(list, e.Subject+" "+e.ID); e.Seq >= end {
			return bus.ErrStop
		}
		return nil
	}))
	e, err := f.j.Get(f.ctx, "count")
	must(f.t, err)
	eventually(f.t, "the reader and the watcher are at the end", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.results) >= len(list) && f.watched["count"] == string(e.Value)
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	twice := 0
	for _, id := range f.pushed {
		if f.pulled[id] == 0 {
			f.t.Errorf("record %s was confirmed and did not come", id)
		}
		twice += max(0, f.pulled[id]-1)
	}
	if !slices.Equal(list, f.results) {
		f.t.Errorf("the reader that lived through it has %d results, a new one %d, or in another order", len(f.results), len(list))
	}
	each := map[string]int{}
	for _, r := range list {
		each[r]++
	}
	for _, r := range f.appended {
		if each[r] != 1 {
			f.t.Errorf("result %s was confirmed and is there %d times", r, each[r])
		}
	}
	if n := len(slices.Collect(maps.Keys(each))); n != len(f.appended) {
		f.t.Errorf("%d results are there, %d were confirmed", n, len(f.appended))
	}
	if n, _ := strconv.Atoi(string(e.Value)); n < f.counted || n > f.counted+f.unsure {
		f.t.Errorf("counted to %d; expected %d to %d", n, f.counted, f.counted+f.unsure)
	}
	f.t.Logf("%d records (%d came again), %d results, counted to %s (%d unsure), %d answers", len(f.pushed), twice, len(list), e.Value, f.unsure, f.answers)
}
