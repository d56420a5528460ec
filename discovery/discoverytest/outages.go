package discoverytest

import (
	"context"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/discovery"
)

func runOutages(t *testing.T, open func(t *testing.T) Place) {
	for name := range newSuite(t, open(t)).Outages {
		for what, test := range map[string]func(*suite, Outage){
			"stands": (*suite).stands, "waits": (*suite).waits, "ends": (*suite).ends,
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				s := newSuite(t, open(t))
				test(s, s.Outages[name])
			})
		}
	}
}

// stands: the last set stands while the backend is away, which the log tells; what has changed is told when it is back.
func (s *suite) stands(o Outage) {
	s.Add(member(1))
	remove := s.Add(member(2))
	defer s.leaves()()
	w := s.watch()
	w.await(member(1), member(2))
	for range 2 {
		since, logged := len(w.told()), s.log.count()
		o.Down()
		w.quiet()
		if !Eventually(func() bool { return s.log.count() > logged }) {
			s.Error("the log says nothing of the outage")
		}
		w.quiet()
		o.Up()
		s.Add(member(3)) // nothing is told of it twice
		w.await(member(1), member(2), member(3))
		w.always(since, member(1), member(2))
	}
	remove()
	w.await(member(1), member(3))
	w.end()
}

// waits: a watch that begins while the backend is away tells nothing, and the set when it is back.
func (s *suite) waits(o Outage) {
	s.Add(member(1))
	defer s.leaves()()
	o.Down()
	w := s.watch()
	w.quiet()
	if _, known := w.last(); known {
		s.Errorf("told %v of a backend that cannot be reached", w.told())
	}
	o.Up()
	w.await(member(1))
	w.end()
}

// ends: watches and registrations end with their contexts while the backend is away.
func (s *suite) ends(o Outage) {
	defer s.leaves()()
	w := s.watch()
	w.await()
	var unregister func()
	registrar, err := discovery.RegistrarOf(s.backend)
	can := err == nil
	if can {
		unregister = s.register(registrar, member(9))
		w.await(member(9))
	}
	o.Down()
	w.quiet()
	started := time.Now()
	w.end()
	s.watch().end()
	if can {
		unregister()
		ctx, cancel := context.WithTimeout(s.Context(), calm)
		defer cancel()
		if _, err := registrar.Register(ctx, member(8)); err == nil {
			s.Error("a member is registered though the backend is away")
		}
	}
	if took := time.Since(started); took > patience/2 {
		s.Errorf("ending took %v", took)
	}
	o.Up()
	w = s.watch()
	w.await() // the backend has found out by itself that the member is gone
	w.end()
}
