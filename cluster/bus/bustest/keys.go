package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/iagoloadgen/iago/cluster/bus"
)

func keys(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	expect := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("%v; expected %v", err, want)
		}
	}
	_, err := j.Get(ctx, "lease.w1")
	expect(err, bus.ErrNotFound)
	_, err = j.Update(ctx, "lease.w1", []byte("x"), 7)
	expect(err, bus.ErrConflict)
	r1, err := j.Create(ctx, "lease.w1", []byte("one"))
	must(t, err)
	_, err = j.Create(ctx, "lease.w1", []byte("two"))
	expect(err, bus.ErrExists)
	if errors.Is(err, bus.ErrUnavailable) || errors.Is(err, bus.ErrConflict) {
		t.Fatalf("%v is more than one thing", err)
	}
	r2, err := j.Update(ctx, "lease.w1", []byte("three"), r1)
	must(t, err)
	_, err = j.Update(ctx, "lease.w1", []byte("four"), r1)
	expect(err, bus.ErrConflict)
	e, err := j.Get(ctx, "lease.w1")
	must(t, err)
	if string(e.Value) != "three" || e.Revision != r2 || r2 <= r1 || e.Time.IsZero() {
		t.Fatalf("%+v after revisions %d and %d", e, r1, r2)
	}
	_, err = j.Put(ctx, "state", nil)
	must(t, err)
	list, err := j.Keys(ctx, "")
	must(t, err)
	if !slices.Equal(list, []string{"lease.w1", "state"}) {
		t.Fatalf("keys %q", list)
	}
	if list, err = j.Keys(ctx, "lease."); err != nil || !slices.Equal(list, []string{"lease.w1"}) {
		t.Fatalf("keys below lease: %q, %v", list, err)
	}
	expect(j.Delete(ctx, "lease.w1", r1), bus.ErrConflict)
	must(t, j.Delete(ctx, "lease.w1", r2))
	_, err = j.Get(ctx, "lease.w1")
	expect(err, bus.ErrNotFound)
	must(t, j.Delete(ctx, "never.there", 0))
	if list, err = j.Keys(ctx, "lease."); err != nil || len(list) != 0 {
		t.Fatalf("keys below lease: %q, %v", list, err)
	}
	_, err = j.Create(ctx, "lease.w1", []byte("again"))
	must(t, err)
	for _, bad := range []string{"", ".", "a.", "a..b", "a b", "a.*", ">", "ä"} {
		if _, err := j.Put(ctx, bad, nil); err == nil {
			t.Errorf("key %q is accepted", bad)
		}
	}
}

// race lets several count with compare-and-set: no count may be lost or made twice.
func race(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	_, err := j.Create(ctx, "count", []byte("0"))
	must(t, err)
	const each, people = 20, 4
	var wg sync.WaitGroup
	for range people {
		o := s.other(t, j)
		wg.Go(func() {
			for done := 0; done < each; {
				e, err := o.Get(ctx, "count")
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(e.Value))
				_, err = o.Update(ctx, "count", []byte(strconv.Itoa(n+1)), e.Revision)
				switch {
				case err == nil:
					done++
				case !errors.Is(err, bus.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if e, err := j.Get(ctx, "count"); err != nil || string(e.Value) != strconv.Itoa(each*people) {
		t.Fatalf("counted to %s, not to %d: %v", e.Value, each*people, err)
	}
}

func watch(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	for i := range 3 {
		_, err := j.Put(ctx, fmt.Sprint("member.", i), []byte("here"))
		must(t, err)
	}
	_, err := j.Put(ctx, "state", []byte("running"))
	must(t, err)
	must(t, j.Delete(ctx, "member.1", 0))
	w, err := s.other(t, j).Watch(ctx, "member.", "state")
	must(t, err)
	got := map[string]string{}
	for e := range w.Events() {
		if e.Synced {
			break
		}
		if !e.Deleted {
			got[e.Key] = string(e.Value)
		}
	}
	if fmt.Sprint(got) != "map[member.0:here member.2:here state:running]" {
		t.Fatalf("at the beginning %v", got)
	}
	r, err := j.Put(ctx, "member.2", []byte("changed"))
	must(t, err)
	_, err = j.Put(ctx, "other", nil)
	must(t, err)
	must(t, j.Delete(ctx, "member.0", 0))
	if e := <-w.Events(); e.Key != "member.2" || string(e.Value) != "changed" || e.Revision != r || e.Deleted || e.Synced {
		t.Fatalf("%+v; expected the change of member.2", e)
	}
	if e := <-w.Events(); e.Key != "member.0" || !e.Deleted {
		t.Fatalf("%+v; expected that member.0 is gone", e)
	}
	w.Stop()
	if _, open := <-w.Events(); open || w.Err() != nil {
		t.Fatalf("after Stop: open %v, %v", open, w.Err())
	}
	if w, err = j.Watch(ctx, "nothing.here."); err != nil {
		t.Fatal(err)
	}
	if e := <-w.Events(); !e.Synced {
		t.Fatalf("%+v of no keys", e)
	}
	w.Stop()
	if _, err := j.Watch(ctx, "a.*"); err == nil {
		t.Fatal("a watch by wildcard is accepted")
	}
}

// watchers: more watch the same job than servers allow readers of a stream by default.
func watchers(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	const n = 1050
	var all sync.WaitGroup
	defer all.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	synced := make(chan struct{}, n)
	gate := make(chan struct{}, 50)
	for range n {
		gate <- struct{}{}
		w, err := j.Watch(ctx, "k")
		must(t, err)
		all.Go(func() {
			for e := range w.Events() {
				if e.Synced {
					<-gate
				} else {
					synced <- struct{}{}
				}
			}
		})
	}
	_, err := j.Put(ctx, "k", []byte("told"))
	must(t, err)
	for i := range n {
		select {
		case <-synced:
		case <-ctx.Done():
			t.Fatalf("%d of %d watchers were told", i, n)
		}
	}
}

// watchMany: a watcher sees the last value of every key however fast they change.
func watchMany(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	w, err := s.other(t, j).Watch(ctx)
	must(t, err)
	defer w.Stop()
	const n, rounds = 50, 6
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for r := range rounds {
			for i := range n {
				if _, err := j.Put(ctx, fmt.Sprint("k.", i), []byte(strconv.Itoa(r))); err != nil {
					t.Error(err)
				}
			}
		}
	})
	last := map[string]string{}
	var revision uint64
	for done := 0; done < n; {
		e, open := <-w.Events()
		if !open {
			t.Fatal(w.Err())
		}
		if e.Synced {
			continue
		}
		if e.Revision <= revision {
			t.Fatalf("revision %d after %d", e.Revision, revision)
		}
		revision = e.Revision
		if last[e.Key] = string(e.Value); last[e.Key] == strconv.Itoa(rounds-1) {
			done++
		}
	}
}
