package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/discovery"
)

// workersPath is where workers are, below the bus.
const workersPath = "/workers"

// tlsEndpoint is the additional endpoint of a server that speaks TLS.
const tlsEndpoint = "tls"

// Point is an address at which the processes of a job meet. Its methods may be called by any goroutine.
type Point struct {
	backend discovery.Backend
	address discovery.Address
	text    string
	logf    discovery.Logf

	patience time.Duration // with a lost bus, before it is looked up again
}

// At is the point of a URL such as zk://host:2181/iago/shop; nothing is connected to. What happens there is told to logf; nil: to nobody.
func At(url string, logf discovery.Logf) (*Point, error) {
	if logf == nil {
		logf = func(string, ...any) {}
	}
	b, err := discovery.Open(url, logf)
	if err != nil {
		return nil, err
	}
	a, err := discovery.ParseAddress(url)
	return &Point{backend: b, address: a, text: url, logf: logf, patience: lostFor}, err
}

// String is the address without secrets.
func (p *Point) String() string { return p.backend.String() }

// announceTime is how long an announcement is waited for that may only be late.
const announceTime = 10 * time.Second

// Announce announces the servers of the bus at a URL in the form of [bus.Config] until withdraw is called. While the backend cannot
// be reached it goes on trying, and returns after some seconds. The error says that nothing can be announced there.
func (p *Point) Announce(ctx context.Context, url string) (withdraw func(), err error) {
	addresses, tls, err := bus.Servers(url)
	if err != nil {
		return nil, err
	}
	r, err := discovery.RegistrarOf(p.backend)
	if err != nil {
		return nil, err
	}
	held, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	withdraw = func() {
		cancel()
		all.Wait()
	}
	done := make(chan error, len(addresses))
	for _, a := range addresses {
		e, err := discovery.ParseEndpoint(a, 0)
		if err != nil {
			withdraw()
			return nil, fmt.Errorf("rendezvous: %s: %w", a, err)
		}
		m := discovery.Member{Host: e.Host, Port: e.Port}
		if tls {
			m.Extra = map[string]discovery.Endpoint{tlsEndpoint: e}
		}
		all.Go(func() { p.register(held, r, m, done) })
	}
	limit := time.NewTimer(announceTime)
	defer limit.Stop()
	for i := range addresses {
		select {
		case err := <-done:
			if err != nil {
				withdraw()
				return nil, err
			}
		case <-limit.C:
			p.logf("%s: the bus is not announced yet; trying on", p)
			all.Go(func() {
				for range addresses[i:] {
					if err := <-done; err != nil && held.Err() == nil {
						p.logf("%s: the bus is not announced: %v", p, err)
					}
				}
			})
			return withdraw, nil
		case <-ctx.Done():
			withdraw()
			return nil, ctx.Err()
		}
	}
	return withdraw, nil
}

// register keeps m registered until ctx ends; done gets what became of the beginning.
func (p *Point) register(ctx context.Context, r discovery.Registrar, m discovery.Member, done chan<- error) {
	unregister, err := r.Register(ctx, m)
	done <- err
	if err != nil {
		return
	}
	p.logf("%s: announced %s", p, m.Endpoint())
	<-ctx.Done()
	unregister()
}

// Join announces a worker that is connected to b, until leave is called. It does not wait; where members cannot register, the log says
// so and nothing else happens.
func (p *Point) Join(b *bus.Bus) (leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := p.join(ctx, b); err != nil && ctx.Err() == nil {
			p.logf("%s: this worker is not announced: %v", p, err)
		}
	})
	return func() {
		cancel()
		all.Wait()
	}
}

func (p *Point) join(ctx context.Context, b *bus.Bus) error {
	backend, err := discovery.Open(below(p.text, workersPath), p.logf)
	if err != nil {
		return err
	}
	r, err := discovery.RegistrarOf(backend)
	if err != nil {
		return err
	}
	e, err := discovery.ParseEndpoint(b.LocalAddr(), 0)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	p.register(ctx, r, discovery.Member{Host: e.Host, Port: e.Port}, done)
	return <-done
}

// below is the URL of a path below that of another.
func below(url, path string) string {
	url, query, asked := strings.Cut(url, "?")
	url = strings.TrimSuffix(url, "/") + path
	if asked {
		url += "?" + query
	}
	return url
}

// ErrNoBus says that nobody has announced a bus.
var ErrNoBus = errors.New("no bus is announced there")

// url makes the URL of a bus of its members.
func url(members []discovery.Member) string {
	scheme := "nats://"
	addresses := make([]string, len(members))
	for i, m := range members {
		addresses[i] = m.Endpoint().String()
		if _, tls := m.Extra[tlsEndpoint]; tls {
			scheme = "tls://"
		}
	}
	return scheme + strings.Join(addresses, ",")
}

// Here is the address of this machine on its way to the backend, for a bus that listens on all addresses.
func (p *Point) Here(ctx context.Context) (string, error) {
	ends, err := p.address.Endpoints(9)
	if err != nil {
		return "", err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(ends[0].Host, strconv.Itoa(ends[0].Port))) // sends nothing
	if err != nil {
		return "", fmt.Errorf("rendezvous: %s: the address of this machine: %w; say it by --bus-advertise", p, err)
	}
	defer c.Close()
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	return host, err
}
