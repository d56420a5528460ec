package discovery

import "context"

func init() {
	Register(Kind{
		Scheme: "static", Summary: "a fixed list: static://host:port,host:port",
		Doc:  "The members stand in the address itself: `static://10.0.0.1:8080,[2001:db8::1]:8080`. The set never changes; there are no options.\n",
		Open: func(a Address, _ Logf) (Backend, error) { return openStatic(a) },
	})
}

// static is the list in the address.
type static struct {
	address Address
	members []Member
}

func openStatic(a Address) (Backend, error) {
	list, err := a.Endpoints(0)
	if err != nil {
		return nil, err
	}
	if err := a.refuse(); err != nil {
		return nil, err
	}
	s := &static{address: a}
	for _, e := range list {
		s.members = append(s.members, Member{Host: e.Host, Port: e.Port, Name: e.String()})
	}
	return s, nil
}

func (s *static) String() string { return s.address.String() }

// Watch tells the list and waits.
func (s *static) Watch(ctx context.Context, update func([]Member)) error {
	Track(update).Set(s.members)
	<-ctx.Done()
	return nil
}
