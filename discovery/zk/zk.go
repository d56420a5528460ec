// Package zk finds members in ZooKeeper and announces them there, as server sets: a znode whose ephemeral, sequential children
// member_… hold a member each in JSON. Iago at Twitter found its processes and targets so; see the README.
package zk

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/iagoloadgen/iago/discovery"
)

//go:embed README.md
var readme string

func init() {
	discovery.Register(discovery.Kind{
		Scheme: "zk", Summary: "ZooKeeper server sets: zk://host:2181,host2:2181/path", Doc: readme,
		Open: func(a discovery.Address, logf discovery.Logf) (discovery.Backend, error) { return open(a, logf) },
	})
}

const (
	defaultPort    = 2181
	patience       = 5 * time.Second // with servers, for a session
	defaultSession = 10 * time.Second
	leastSession   = time.Second
	prefix         = "member_" // of the children that are members
)

// backend is one server set.
type backend struct {
	address  discovery.Address
	servers  []string
	path     string // of the set
	endpoint string // additional endpoint to reach members at; "": the service endpoint
	session  time.Duration
	logf     discovery.Logf
}

func open(a discovery.Address, logf discovery.Logf) (*backend, error) {
	hosts, err := a.Endpoints(defaultPort)
	if err != nil {
		return nil, err
	}
	b := &backend{address: a, path: strings.TrimSuffix(a.Path, "/"), logf: func(format string, args ...any) {
		logf("discovery: %s: "+format, append([]any{a}, args...)...)
	}}
	for _, h := range hosts {
		b.servers = append(b.servers, h.String())
	}
	o := a.Options()
	b.endpoint = o.Text("endpoint", "")
	b.session = o.Duration("session", defaultSession, leastSession)
	if err := o.Err(); err != nil {
		return nil, err
	}
	if err := checkPath(b.path); err != nil {
		return nil, fmt.Errorf("discovery: address %s: %w", a, err)
	}
	return b, nil
}

func checkPath(path string) error {
	if path == "" {
		return errors.New("expected the path of a server set after the hosts: zk://host:2181/service/web")
	}
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsRune(part, 0) {
			return fmt.Errorf("path %s: part %q cannot be the name of a znode", path, part)
		}
	}
	return nil
}

func (b *backend) String() string { return b.address.String() }

// acl is who may do what with what is created: anybody anything, as in the original; where there is a user, others may read only.
func (b *backend) acl() []zk.ACL {
	if b.address.User == "" {
		return zk.WorldACL(zk.PermAll)
	}
	return append(zk.AuthACL(zk.PermAll), zk.WorldACL(zk.PermRead)...)
}

// watch is one call of Watch.
type watch struct {
	*backend
	set   *discovery.Tracker
	retry discovery.Backoff
	down  bool // and that has been told
}

// Watch follows the set. Each connection is followed by a fresh one with watches of its own: nothing is carried over from a lost
// connection, so that nothing can be missed, not even when a server comes back with less than it knew before.
func (b *backend) Watch(ctx context.Context, update func([]discovery.Member)) error {
	w := &watch{backend: b, set: discovery.Track(update)}
	for {
		err := w.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case final(err) && !w.set.Known():
			return fmt.Errorf("discovery: %s: %w", b, err)
		case w.down:
		case w.set.Known():
			b.logf("connection lost (%v); the last %s stands", err, w.set)
		default:
			b.logf("not reached yet (%v); trying again", err)
		}
		if w.down = true; !w.retry.Wait(ctx) {
			return nil
		}
	}
}

// current is called when the set is known and watched.
func (w *watch) current() {
	w.retry.Reset()
	if w.down {
		w.logf("connected again")
	}
	w.down = false
}

// final tells whether waiting does not mend err.
func final(err error) bool {
	return errors.Is(err, zk.ErrNoAuth) || errors.Is(err, zk.ErrAuthFailed) || errors.Is(err, zk.ErrInvalidACL) ||
		errors.Is(err, zk.ErrNoChildrenForEphemerals) || errors.Is(err, zk.ErrInvalidPath)
}
