package bustest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// twoJobs: jobs beside each other do not touch, however alike their names are.
func twoJobs(t *testing.T, s Servers) {
	a, ctx := s.job(t, bus.JobConfig{}), within(t)
	name := a.Name() + "_records"
	b := s.connect(t, name)
	other, err := b.CreateJob(ctx, name, bus.JobConfig{Replicas: s.Replicas})
	must(t, err)
	again, err := b.CreateJob(ctx, name, bus.JobConfig{Replicas: s.Replicas}) // a second feeder
	must(t, err)
	push(t, a, "of-a")
	push(t, again, "of-b")
	_, err = a.Put(ctx, "k", []byte("a"))
	must(t, err)
	if _, err := other.Get(ctx, "k"); !errors.Is(err, bus.ErrNotFound) {
		t.Fatalf("%v: one job has the keys of another", err)
	}
	all := s.connect(t, "")
	list, err := all.Jobs(ctx)
	must(t, err)
	if !slices.Contains(list, a.Name()) || !slices.Contains(list, name) {
		t.Fatalf("jobs %q; expected %s and %s among them", list, a.Name(), name)
	}
	if list, err = b.Jobs(ctx); err != nil || !slices.Equal(list, []string{name}) {
		t.Fatalf("jobs %q, %v; expected the connection's own", list, err)
	}
	must(t, b.DeleteJob(ctx, name))
	must(t, b.DeleteJob(ctx, name))
	if list, err = b.Jobs(ctx); err != nil || len(list) != 0 {
		t.Fatalf("jobs %q, %v after the deletion", list, err)
	}
	if _, err := b.OpenJob(ctx, name); !errors.Is(err, bus.ErrNotFound) {
		t.Fatalf("%v; expected %v", err, bus.ErrNotFound)
	}
	depth(t, a, 1, 0)
	for _, bad := range []string{"", "a.b", "a b", "-a", "*", ">", "ä"} {
		if _, err := all.CreateJob(ctx, bad, bus.JobConfig{}); err == nil {
			t.Errorf("job %q is made", bad)
		}
	}
}

// deleted: whoever works on a job hears that it was deleted, instead of trying for ever.
func deleted(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	w, err := j.Watch(ctx)
	must(t, err)
	defer w.Stop()
	if e := <-w.Events(); !e.Synced {
		t.Fatalf("%+v; expected no keys", e)
	}
	p, err := j.Pull(ctx, bus.PullConfig{})
	must(t, err)
	defer shut(t, p)
	q, err := j.Queue(bus.QueueConfig{})
	must(t, err)
	must(t, s.connect(t, j.Name()).DeleteJob(ctx, j.Name()))
	gone := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("%s: %v; expected %v", what, err, bus.ErrNotFound)
		}
	}
	for range w.Events() {
		t.Error("an event of a deleted job")
	}
	gone("watch", w.Err())
	_, err = p.Next(ctx)
	gone("pull", err)
	must(t, q.Push(ctx, nil, ""))
	gone("flush", q.Flush(ctx))
	gone("push", q.Push(ctx, nil, ""))
	if err := q.Close(context.Background()); err == nil {
		t.Error("closing a queue with a lost record succeeds")
	}
	_, err = j.Append(ctx, "w", "1", nil)
	gone("append", err)
	gone("read", j.Read(ctx, 0, func(bus.LogEntry) error { return nil }))
}
