package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/batch"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// counting is a source of numbered records that waits before one of them.
type counting struct {
	n, most, stop int
	ctx           context.Context
}

func (s *counting) Read(r *load.Record) error {
	if s.n == s.stop {
		<-s.ctx.Done()
	}
	if s.n == s.most {
		return io.EOF
	}
	r.URI = fmt.Append(nil, "/", s.n)
	s.n++
	return nil
}

func (s *counting) Stats() source.Stats { return source.Stats{Read: int64(s.n)} }
func (s *counting) Close() error        { return nil }

// queueOf makes a job with nothing but its queue.
func queueOf(t *testing.T) *bus.Job {
	t.Helper()
	j, err := newRig(t).connect().CreateJob(t.Context(), "shop", bus.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func feederOf(t *testing.T, j *bus.Job, id string, s source.Source) *feeder {
	return &feeder{job: j, id: id, source: s, rate: 100, workers: 1, depth: Depth{time.Hour, 1 << 30}, logf: t.Logf}
}

// drain takes all records out of the queue, and counts them.
func drain(t *testing.T, j *bus.Job) map[string]int {
	t.Helper()
	p, err := j.Pull(t.Context(), bus.PullConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.WithoutCancel(t.Context())) }()
	got := map[string]int{}
	for {
		d, err := j.Depth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d.Undelivered+d.Unacked == 0 {
			return got
		}
		one, cancel := context.WithTimeout(t.Context(), time.Second)
		i, err := p.Next(one)
		cancel()
		if err != nil {
			continue
		}
		var b batch.Reader
		if err := b.Reset(i.Data, batchMost); err != nil {
			t.Fatal(err)
		}
		for range b.Len() {
			var r load.Record
			if err := b.Read(&r); err != nil {
				t.Fatal(err)
			}
			got[string(r.URI)]++
		}
		i.Ack()
	}
}

// TestTakeOverLosesNothing: the one who feeds a part dies after it has pushed a short batch and before it has written that down. Its successor's
// batches begin at the same record and are longer.
func TestTakeOverLosesNothing(t *testing.T) {
	j := queueOf(t)
	ctx, die := context.WithCancel(t.Context())
	first := feederOf(t, j, "first", &counting{most: 60, stop: 3, ctx: ctx})
	if ok, err := first.claim(ctx, 1, true, nil, map[string]sighting{}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	before, err := j.Get(ctx, first.key)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = first.run(ctx)
	}()
	for d, err := j.Depth(t.Context()); err == nil && d.Undelivered == 0; d, err = j.Depth(t.Context()) {
		time.Sleep(10 * time.Millisecond)
	}
	die()
	<-done
	if _, err := j.Put(t.Context(), first.key, before.Value); err != nil { // as if it had not come to write
		t.Fatal(err)
	}
	second := feederOf(t, j, "second", &counting{most: 60, stop: -1})
	seen := map[string]sighting{}
	for ok := false; !ok; time.Sleep(100 * time.Millisecond) {
		if ok, err = second.claim(t.Context(), 1, false, nil, seen); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := drain(t, j)
	for i := range 60 {
		if got[fmt.Sprint("/", i)] == 0 {
			t.Errorf("record %d is lost", i)
		}
	}
}

// TestTakenPart: a feeder whose part another goes on with stops.
func TestTakenPart(t *testing.T) {
	j := queueOf(t)
	f := feederOf(t, j, "first", &counting{most: 1 << 40, stop: -1})
	f.depth.Time = time.Second // so that it waits
	if ok, err := f.claim(t.Context(), 1, true, nil, map[string]sighting{}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, _ := f.claim(t.Context(), 1, true, map[int]bool{0: true}, map[string]sighting{f.key: {f.revision, time.Now().Add(-time.Hour)}}); ok {
		t.Error("a feeder takes its own part over")
	}
	if _, err := j.Put(t.Context(), f.key, encode(Progress{Owner: "second"})); err != nil {
		t.Fatal(err)
	}
	if err := f.run(t.Context()); !errors.Is(err, errTaken) {
		t.Errorf("%v", err)
	}
}

func TestRoom(t *testing.T) {
	now := time.Now()
	var r room
	if r.left(now) {
		t.Error("there is room before the queue was looked at")
	}
	r.see(now, bus.Depth{}, 1000, 1<<20, 2)
	for range 5 {
		if !r.left(now) {
			t.Fatal("no room in an empty queue")
		}
		r.pushed(100, 1000)
	}
	if r.left(now) {
		t.Error("more than half of the room of two")
	}
	now = now.Add(depthEvery)
	if r.wait(now) > 0 {
		t.Error("the queue may not be looked at again")
	}
	r.see(now, bus.Depth{Undelivered: 4, Unacked: 5, Bytes: 9000}, 1000, 1<<20, 2)
	if !r.left(now) || r.records != 50 {
		t.Errorf("room for %v records beside 9 batches of 100 each", r.records)
	}
	if r.left(now.Add(depthEvery)) {
		t.Error("room is there for ever")
	}
	r.see(now, bus.Depth{Undelivered: 1, Bytes: 1 << 20}, 1000, 1<<20, 2)
	if r.left(now) {
		t.Error("more bytes than asked for")
	}
}
