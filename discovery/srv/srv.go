// Package srv finds members by SRV records of the DNS (RFC 2782): their names, ports and priorities, asked for again and again; see
// the README.
package srv

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/discovery"
)

//go:embed README.md
var readme string

func init() {
	discovery.Register(discovery.Kind{
		Scheme: "srv", Summary: "DNS SRV records: srv://_http._tcp.example.org", Doc: readme,
		Open: func(a discovery.Address, logf discovery.Logf) (discovery.Backend, error) { return open(a, logf) },
	})
}

const (
	defaultInterval = 30 * time.Second
	leastInterval   = 10 * time.Millisecond
	leastTTL        = time.Second // records that say less are asked for no more often
)

// backend is one name that has SRV records.
type backend struct {
	address  discovery.Address
	name     string        // absolute
	servers  []string      // empty: those of resolv.conf
	interval time.Duration // longest time between questions
	logf     discovery.Logf
}

func open(a discovery.Address, logf discovery.Logf) (*backend, error) {
	b := &backend{address: a, logf: func(format string, args ...any) {
		logf("discovery: %s: "+format, append([]any{a}, args...)...)
	}}
	_, valid := dns.IsDomainName(strings.Join(a.Hosts, ","))
	if len(a.Hosts) != 1 || !valid || strings.ContainsAny(a.Hosts[0], ": ") || a.Path != "" || a.User != "" {
		return nil, fmt.Errorf("discovery: address %s: expected one name after ://, as in srv://_http._tcp.example.org; a name server is given as ?server=HOST:PORT", a)
	}
	b.name = dns.Fqdn(a.Hosts[0])
	o := a.Options()
	b.interval = o.Duration("interval", defaultInterval, leastInterval)
	servers := o.Text("server", "")
	if err := o.Err(); err != nil {
		return nil, err
	}
	if servers == "" {
		return b, nil
	}
	for s := range strings.SplitSeq(servers, ",") {
		e, err := discovery.ParseEndpoint(s, 53)
		if err != nil {
			return nil, fmt.Errorf("discovery: address %s: option server: %q: %w", a, s, err)
		}
		b.servers = append(b.servers, e.String())
	}
	return b, nil
}

func (b *backend) String() string { return b.address.String() }

// watch is one call of Watch.
type watch struct {
	*backend
	set        *discovery.Tracker
	down       bool                // and that has been told
	complaints []string            // about the last answer, in order
	addresses  map[string][]string // of hosts, as they were last known
}

// Watch asks, waits for as long as the records say that they hold, and asks again.
func (b *backend) Watch(ctx context.Context, update func([]discovery.Member)) error {
	w := &watch{backend: b, set: discovery.Track(update), addresses: map[string][]string{}}
	least := min(leastTTL, b.interval)
	retry := discovery.Backoff{Least: least, Most: b.interval}
	for ctx.Err() == nil {
		found, err := w.resolve(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			w.failed(err)
			retry.Wait(ctx)
		default:
			retry.Reset()
			w.take(found)
			discovery.Pause(ctx, min(max(found.ttl, least), b.interval))
		}
	}
	return nil
}

func (w *watch) failed(err error) {
	switch {
	case w.down:
	case w.set.Known():
		w.logf("no answer (%v); the last %s stands", err, w.set)
	default:
		w.logf("no answer (%v); asking again", err)
	}
	w.down = true
}

// take hands on what was found, and tells what is odd about it, once.
func (w *watch) take(f found) {
	if w.down {
		w.logf("answered again")
	}
	w.down = false
	if slices.Sort(f.complaints); !slices.Equal(f.complaints, w.complaints) {
		for _, c := range f.complaints {
			w.logf("%s", c)
		}
	}
	w.complaints = f.complaints
	if w.set.Set(f.members) {
		w.logf("%s", w.set)
	}
}

// nameServers are the servers to ask, in order.
func (b *backend) nameServers() ([]string, error) {
	if len(b.servers) > 0 {
		return b.servers, nil
	}
	conf, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil, fmt.Errorf("no name server: %w; give one as ?server=HOST:PORT", err)
	}
	var list []string
	for _, s := range conf.Servers {
		list = append(list, net.JoinHostPort(s, conf.Port))
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no name server in /etc/resolv.conf; give one as ?server=HOST:PORT")
	}
	return list, nil
}
