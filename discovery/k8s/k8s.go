// Package k8s finds the members of a Kubernetes service by its EndpointSlices (discovery.k8s.io/v1), listed and watched over the API's
// plain HTTP; see the README.
package k8s

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/discovery"
)

//go:embed README.md
var readme string

func init() {
	discovery.Register(discovery.Kind{
		Scheme: "k8s", Summary: "a Kubernetes service: k8s://namespace/service?port=name", Doc: readme,
		Open: func(a discovery.Address, logf discovery.Logf) (discovery.Backend, error) { return open(a, logf) },
	})
}

const (
	defaultTimeout = 5 * time.Minute // of one watch; the server ends it, and the next goes on from there
	leastTimeout   = time.Second
	grace          = 10 * time.Second // that a server may be late
)

// backend is one service.
type backend struct {
	address            discovery.Address
	namespace, service string
	port               string // name or number; "": the only one
	timeout            time.Duration
	access             func() (*access, error) // how to reach the API server, as it is now
	logf               discovery.Logf
}

func open(a discovery.Address, logf discovery.Logf) (*backend, error) {
	b := &backend{address: a, logf: func(format string, args ...any) {
		logf("discovery: %s: "+format, append([]any{a}, args...)...)
	}}
	b.service = strings.TrimPrefix(a.Path, "/")
	if len(a.Hosts) != 1 || !isName(a.Hosts[0]) || !isName(b.service) || a.User != "" {
		return nil, fmt.Errorf("discovery: address %s: expected a namespace and a service, as in k8s://default/web?port=http", a)
	}
	b.namespace = a.Hosts[0]
	o := a.Options()
	b.port = o.Text("port", "")
	b.timeout = o.Duration("timeout", defaultTimeout, leastTimeout)
	s := settings{
		server: o.Text("server", ""), ca: o.Text("ca", ""), token: o.Text("token", ""), tokenFile: o.Text("tokenfile", ""),
		kubeconfig: o.Text("kubeconfig", ""), context: o.Text("context", ""),
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	b.access = s.access
	if _, err := b.access(); err != nil {
		return nil, fmt.Errorf("discovery: address %s: %w", a, err)
	}
	return b, nil
}

// isName tells whether s can be the name of a namespace or a service (RFC 1123, section 2.1).
func isName(s string) bool {
	return s != "" && len(s) <= 63 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-' && s[len(s)-1] != '-'
}

func (b *backend) String() string { return b.address.String() }

// watch is one call of Watch.
type watch struct {
	*backend
	set        *discovery.Tracker
	retry      discovery.Backoff
	down       bool             // and that has been told
	slices     map[string]slice // by name
	version    string           // of the list, from which the next watch goes on; "": a list is needed
	complaints string           // about the slices
}

// Watch lists the slices and watches them from there. Each loss of the connection is followed by another list, so that the set is right
// also when the server comes back with an older state than it had.
func (b *backend) Watch(ctx context.Context, update func([]discovery.Member)) error {
	w := &watch{backend: b, set: discovery.Track(update)}
	for {
		err := w.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case refused(err) && !w.set.Known():
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

// current is called when the server has answered with a list.
func (w *watch) current() {
	if w.down {
		w.logf("connected again")
	}
	w.down = false
}
