package cluster

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

// TestWorkersFollowDiscovery: every worker follows the members of a service for its own share. Those beyond private addresses are left out.
func TestWorkersFollowDiscovery(t *testing.T) {
	r := newRig(t)
	var second atomic.Int64
	late := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { second.Add(1) }))
	t.Cleanup(late.Close)
	member := func(url string) discovery.Member {
		e, err := discovery.ParseEndpoint(strings.TrimPrefix(url, "http://"), 0)
		if err != nil {
			t.Fatal(err)
		}
		return discovery.Member{Host: e.Host, Port: e.Port}
	}
	public := discovery.Member{Host: "192.0.2.1", Port: 80}
	service := discoverytest.NewService()
	service.Set(member(r.target.URL), public)
	sp := r.spec("rate: 300/s\nduration: 1m\narrival: uniform\n")
	sp.Target = "http+" + service.Address()
	stop, end := context.WithCancel(t.Context())
	defer end()
	done := r.feed(stop, FeedConfig{Spec: sp, Workers: 2, Restricted: true, Agreed: []string{"http://192.0.2.9:80"}})
	wait := r.work(never, never, "a", "b")
	await := func(n *atomic.Int64) {
		t.Helper()
		for limit, from := time.Now().Add(time.Minute), n.Load(); n.Load() < from+50; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatal("no requests come")
			}
		}
	}
	await(&r.served)
	service.Set(member(late.URL), public)
	await(&second)
	end()
	wait()
	s := r.summary(done)
	if q := s.Requests; q.Failed > 0 || q.Lost > 0 || q.Completed != r.served.Load()+second.Load() {
		t.Errorf("%+v, %d and %d served, %v", q, r.served.Load(), second.Load(), s.Errors)
	}
	if want := []string{"http+" + service.Address(), r.target.URL, late.URL}; !slices.Equal(s.Run.Targets, want) {
		t.Errorf("targets %q; expected %q", s.Run.Targets, want)
	}
}

// TestNoMembersEndTheJob: a job none of whose workers finds anybody to load says so.
func TestNoMembersEndTheJob(t *testing.T) {
	r := newRig(t)
	service := discoverytest.NewService()
	service.Set()
	sp := r.spec("rate: 300/s\nduration: 1m\ndiscovery_wait: 500ms\n")
	sp.Target = "http+" + service.Address()
	done := r.feed(never, FeedConfig{Spec: sp, Workers: 1})
	if err := Work(t.Context(), never, WorkerConfig{Bus: r.connect(), Name: "a", Keep: time.Second}); err == nil || !strings.Contains(err.Error(), "no members after 500ms") {
		t.Errorf("the worker: %v", err)
	}
	select {
	case o := <-done:
		if o.err == nil || !strings.Contains(o.err.Error(), "no members after 500ms (discovery_wait): it has none") {
			t.Errorf("the job: %v", o.err)
		}
	case <-time.After(time.Minute):
		t.Error("the job does not end")
	}
}
