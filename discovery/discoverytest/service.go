package discoverytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/iagoloadgen/iago/discovery"
)

// Service is a service in memory, for tests of those who follow services or register: what its members are is said by the test, and by
// [discovery.Registrar]. At first nothing is known of it. Its methods may be called by any goroutine.
type Service struct {
	number int
	path   string

	mu         sync.Mutex
	known      bool
	set        []discovery.Member
	registered map[int]discovery.Member
	next       int
	err        error
	says       string
	changed    chan struct{} // closed and made anew with every change
}

var services struct {
	sync.Once
	sync.Mutex
	number int
	all    map[string]*Service
}

// NewService makes a service. Its backend has the scheme test.
func NewService() *Service {
	services.Do(func() {
		services.all = map[string]*Service{}
		discovery.Register(discovery.Kind{Scheme: "test", Summary: "for tests", Open: func(a discovery.Address, logf discovery.Logf) (discovery.Backend, error) {
			if len(a.Hosts) != 1 {
				return nil, fmt.Errorf("discovery: address %s: expected one number", a)
			}
			n, err := strconv.Atoi(a.Hosts[0])
			if err != nil {
				return nil, fmt.Errorf("discovery: address %s: expected a number", a)
			}
			return &opened{serviceAt(n, a.Path), logf}, a.Options().Err()
		}})
	})
	services.Lock()
	services.number++
	n := services.number
	services.Unlock()
	return serviceAt(n, "")
}

func serviceAt(n int, path string) *Service {
	services.Lock()
	defer services.Unlock()
	key := fmt.Sprintf("test://%d%s", n, path)
	s := services.all[key]
	if s == nil {
		s = &Service{number: n, path: path, registered: map[int]discovery.Member{}, changed: make(chan struct{})}
		services.all[key] = s
	}
	return s
}

// At is the service at a path below.
func (s *Service) At(path string) *Service { return serviceAt(s.number, s.path+path) }

// Address is the URL of the service.
func (s *Service) Address() string { return fmt.Sprintf("test://%d%s", s.number, s.path) }

// Set makes members the ones that there are, besides those that have registered.
func (s *Service) Set(members ...discovery.Member) {
	s.change(func() { s.set, s.known = members, true })
}

// Fail ends watches, those that are under way and later ones, in an error.
func (s *Service) Fail(err error) { s.change(func() { s.err = err }) }

// Say has later watches begin with a word to the log.
func (s *Service) Say(line string) { s.change(func() { s.says = line }) }

// Members are the members of the moment.
func (s *Service) Members() []discovery.Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.members()
}

func (s *Service) members() []discovery.Member {
	return slices.AppendSeq(slices.Clone(s.set), maps.Values(s.registered))
}

func (s *Service) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// opened is a service as the backend.
type opened struct {
	*Service
	logf discovery.Logf
}

func (o *opened) String() string { return o.Address() }

// Watch implements discovery.Resolver.
func (o *opened) Watch(ctx context.Context, update func([]discovery.Member)) error {
	told := discovery.Track(update)
	for first := true; ; first = false {
		o.mu.Lock()
		set, known, err, says, changed := o.members(), o.known, o.err, o.says, o.changed
		o.mu.Unlock()
		switch {
		case first && says != "":
			o.logf("%s", says)
		case err != nil:
			return err
		}
		if known {
			told.Set(set)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// Register implements discovery.Registrar.
func (o *opened) Register(ctx context.Context, m discovery.Member) (unregister func(), err error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return discovery.Hold(ctx, o.logf, func(ctx context.Context, ready func()) error {
		var id int
		o.change(func() {
			o.next++
			id = o.next
			o.registered[id], o.known = m, true
		})
		ready()
		<-ctx.Done()
		o.change(func() { delete(o.registered, id) })
		return nil
	})
}
