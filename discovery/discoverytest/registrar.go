package discoverytest

import (
	"context"
	"maps"
	"testing"

	"github.com/iagoloadgen/iago/discovery"
)

func runRegistrar(t *testing.T, open func(t *testing.T) Place) {
	for name, test := range map[string]func(*suite, discovery.Registrar){
		"registers": (*suite).registers, "whole": (*suite).whole, "several": (*suite).several, "refuses": (*suite).refuses,
	} {
		t.Run("registrar/"+name, func(t *testing.T) {
			s := newSuite(t, open(t))
			test(s, s.registrar())
		})
	}
	if testing.Short() {
		return
	}
	s := newSuite(t, open(t))
	for name := range s.Outages {
		t.Run("registrar/"+name, func(t *testing.T) {
			s := newSuite(t, open(t))
			s.stays(s.registrar(), s.Outages[name])
		})
	}
	if s.proxy != nil {
		t.Run("registrar/expires", func(t *testing.T) {
			s := newSuite(t, open(t))
			s.expires(s.registrar())
		})
	}
}

func (s *suite) registrar() discovery.Registrar {
	s.Helper()
	r, err := discovery.RegistrarOf(s.backend)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *suite) register(r discovery.Registrar, m discovery.Member) (unregister func()) {
	s.Helper()
	unregister, err := r.Register(s.Context(), m)
	if err != nil {
		s.Fatal(err)
	}
	return unregister
}

// registers: a member is there once Register has returned, and gone once it has taken itself back or its context has ended.
func (s *suite) registers(r discovery.Registrar) {
	defer s.leaves()()
	w := s.watch()
	w.await()
	unregister := s.register(r, member(1))
	w.await(member(1))
	unregister()
	unregister()
	w.await()

	ctx, cancel := context.WithCancel(s.Context())
	if _, err := r.Register(ctx, member(2)); err != nil {
		s.Fatal(err)
	}
	now := s.watch()
	now.await(member(2))
	now.end()
	cancel()
	w.await()
	w.end()
}

// whole: what is registered is found as it was given.
func (s *suite) whole(r discovery.Registrar) {
	defer s.leaves()()
	m := discovery.Member{
		Host: "2001:db8::1", Port: 65535, Shard: 7,
		Extra: map[string]discovery.Endpoint{"admin": {Host: "2001:db8::1", Port: 1}, `odd "name"`: {Host: "host.example", Port: 2}},
	}
	unregister := s.register(r, m)
	defer unregister()
	w := s.watch()
	w.await(m)
	set, _ := w.last()
	if got := set[0]; got.Shard != m.Shard || !maps.Equal(got.Extra, m.Extra) || got.Name == "" {
		s.Errorf("registered %+v, found %+v", m, got)
	}
	w.end()
}

// several: members of one process, some of them alike, come and go by themselves.
func (s *suite) several(r discovery.Registrar) {
	defer s.leaves()()
	w := s.watch()
	w.await()
	one, again, two := s.register(r, member(1)), s.register(r, member(1)), s.register(r, member(2))
	w.await(member(1), member(2))
	one()
	w.await(member(1), member(2))
	two()
	w.await(member(1))
	again()
	w.await()
	w.end()
}

// refuses: what cannot be connected to is not registered, nor does anything happen after the end of the context.
func (s *suite) refuses(r discovery.Registrar) {
	defer s.leaves()()
	for _, m := range []discovery.Member{
		{Port: 1},
		{Host: "host"},
		{Host: "host", Port: 65536},
		{Host: "host", Port: 1, Extra: map[string]discovery.Endpoint{"admin": {Host: "host"}}},
	} {
		if _, err := r.Register(s.Context(), m); err == nil {
			s.Errorf("%+v is registered", m)
		}
	}
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, err := r.Register(ctx, member(1)); err == nil {
		s.Error("a member is registered after the end of its context")
	}
	w := s.watch()
	w.await()
	w.end()
}

// stays: a registration outlives outages, however long, and can still be taken back.
func (s *suite) stays(r discovery.Registrar, o Outage) {
	defer s.leaves()()
	w := s.watch()
	w.await()
	unregister := s.register(r, member(1))
	w.await(member(1))
	for i := range 2 {
		o.Down()
		w.quiet()
		o.Up()
		remove := s.Add(member(2 + i)) // by that we know that the watch goes on
		w.await(member(1), member(2+i))
		remove()
		w.await(member(1))
	}
	unregister()
	w.await()
	w.end()
}

// expires: a member that is cut off is gone for the others after a while, and there again when it is back.
func (s *suite) expires(r discovery.Registrar) {
	defer s.leaves()()
	others := s.elsewhere()
	w := others.watch()
	w.await()
	unregister := s.register(r, member(1))
	for range 2 {
		w.await(member(1))
		s.proxy.silence()
		w.await()
		s.proxy.pass()
	}
	w.await(member(1))
	unregister()
	w.await()
	w.end()
}
