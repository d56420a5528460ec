// Package discovery finds the members of a service, wherever it keeps the list of them: ZooKeeper, etcd, DNS, Kubernetes, or the
// address itself. Targets, workers and the bus are found through it.
//
// A [Backend] is had by [Open] from a URL such as zk://host:2181/path. It can be watched ([Resolver]) and, where its system has a
// notion of that, announced in ([Registrar]). Backends with a dependency have a folder below this one and register themselves under
// their scheme; a program imports those that it wants, or package standard.
//
// Two rules make a backend fit to aim a load test by. The last known set stands while the backend cannot be reached: an outage of
// ZooKeeper is none of the target's. And an empty set is only told when the backend itself says that there is nobody.
package discovery

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// Endpoint is a place to connect to.
type Endpoint struct {
	Host string // name or address, without brackets
	Port int
}

// String is the endpoint as host:port, with brackets around an address of IPv6.
func (e Endpoint) String() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// Member is one live instance of a service.
type Member struct {
	Host  string // name or address, without brackets
	Port  int
	Name  string              // what its backend calls it (znode, key, host name, pod); for messages. Register does not look at it
	Extra map[string]Endpoint // its further endpoints by name; nil: none
	Shard int                 // its number among its like, where the service numbers them; else 0
}

// Endpoint is where the member is reached.
func (m Member) Endpoint() Endpoint { return Endpoint{m.Host, m.Port} }

// Validate says what keeps m from being connected to.
func (m Member) Validate() error {
	if err := m.Endpoint().validate(); err != nil {
		return err
	}
	for name, e := range m.Extra {
		if err := e.validate(); err != nil {
			return fmt.Errorf("endpoint %q: %w", name, err)
		}
	}
	return nil
}

func (e Endpoint) validate() error {
	switch {
	case e.Host == "":
		return fmt.Errorf("no host")
	case e.Port < 1 || e.Port > 65535:
		return fmt.Errorf("port %d of %s; expected 1 to 65535", e.Port, e.Host)
	}
	return nil
}

// Resolver follows the members of a service.
type Resolver interface {
	// Watch calls update with the complete set as soon as it is known, and again whenever it has changed, until ctx ends; it then
	// returns nil. Sets are ordered by host and port and name each of these once, so that the same members always come in the same
	// order. They may be kept, but not altered.
	//
	// Watch outlives the loss of its session or connection, and says in the log what has happened. Meanwhile the last set stands:
	// update is not called. An empty set means that the backend says there are no members.
	//
	// An error is one that waiting does not mend, such as being refused before anything was known.
	//
	// update is called by one goroutine at a time, and holds up the watch while it runs. Watch may be called several times at once.
	Watch(ctx context.Context, update func([]Member)) error
}

// Registrar announces this process as a member.
type Registrar interface {
	// Register announces m, returns once that is done, and keeps it so, across the loss of sessions and leases, until ctx ends or
	// unregister is called. If the process dies, the backend drops the member by itself. While the backend cannot be reached,
	// Register waits. The error is ctx's, or one that waiting does not mend.
	//
	// unregister takes the member back and returns once that is done, or after a few seconds without an answer; the backend then
	// drops it as if the process had died. It may be called again, from anywhere, and must be, unless ctx ends, to free what is held.
	Register(ctx context.Context, m Member) (unregister func(), err error)
}

// Backend is a place where members are found. Having one connects to nothing: connections live as long as a Watch or registration.
// Those that can announce a member are a [Registrar] as well; [RegistrarOf] asks.
type Backend interface {
	Resolver
	fmt.Stringer // its URL, without secrets
}

// RegistrarOf is b as a Registrar; the error says that b is none.
func RegistrarOf(b Backend) (Registrar, error) {
	if r, ok := b.(Registrar); ok {
		return r, nil
	}
	return nil, fmt.Errorf("discovery: %s can be watched, but members cannot register there; use zk:// or etcd:// for that", b)
}

// Logf takes a message about what happened to a watch or registration, as Printf does. Backends call it from several goroutines.
type Logf = func(format string, args ...any)

// Await watches r until it has at least n members (0: until it is known which there are), and returns them. The error is ctx's, with the number found so far, or Watch's.
func Await(ctx context.Context, r Resolver, n int) ([]Member, error) {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	var found []Member
	enough := false
	err := r.Watch(watching, func(ms []Member) {
		if enough {
			return
		}
		if found = ms; len(ms) >= n {
			enough = true
			cancel()
		}
	})
	switch {
	case err != nil:
		return nil, err
	case !enough:
		return nil, fmt.Errorf("discovery: found %d of %d members: %w", len(found), n, context.Cause(ctx))
	}
	return found, nil
}
