package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
)

// addrSet is what a target's name stands for. A new set has a new generation, so that connections to addresses that may be
// gone are closed once idle.
type addrSet struct {
	generation int32
	addrs      []poller.Addr
}

// resolver keeps the addresses of the targets; addresses may be called by any goroutine.
type resolver struct {
	targets []load.Target
	sets    []atomic.Pointer[addrSet]
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	probe   func(ctx context.Context, a poller.Addr) error
	logf    func(string, ...any)
}

const (
	lookupTimeout = 5 * time.Second
	probeTimeout  = time.Second
)

func newResolver(targets []load.Target, logf func(string, ...any)) *resolver {
	return &resolver{
		targets: targets, sets: make([]atomic.Pointer[addrSet], len(targets)), logf: logf,
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		probe: func(ctx context.Context, a poller.Addr) error {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.AddrPort.String())
			if err == nil {
				_ = c.Close()
			}
			return err
		},
	}
}

// start resolves every target; a name that does not resolve is an error.
func (r *resolver) start(ctx context.Context) error {
	for i := range r.targets {
		addrs, err := r.resolve(ctx, i)
		if err != nil {
			return fmt.Errorf("engine: target %s: %w", r.targets[i].URL, err)
		}
		r.sets[i].Store(&addrSet{addrs: addrs})
	}
	return nil
}

// follow resolves names again at every interval, until ctx ends.
func (r *resolver) follow(ctx context.Context, every time.Duration) {
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for i, t := range r.targets {
			if t.Unix != "" || isIP(t.Host) {
				continue
			}
			addrs, err := r.resolve(ctx, i)
			if err != nil {
				r.logf("target %s: %v; its old addresses stay", t.URL, err)
				continue
			}
			if old := r.sets[i].Load(); !slices.Equal(old.addrs, addrs) {
				r.logf("target %s: now at %v", t.URL, addrs)
				r.sets[i].Store(&addrSet{generation: old.generation + 1, addrs: addrs})
			}
		}
	}
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// resolve looks one target up. Where a name has several addresses, those that refuse a connection while others
// take one are left out (localhost often names ::1 beside 127.0.0.1 when only one is listened on).
func (r *resolver) resolve(ctx context.Context, i int) ([]poller.Addr, error) {
	t := r.targets[i]
	if t.Unix != "" {
		return []poller.Addr{{Unix: t.Unix}}, nil
	}
	if ip, err := netip.ParseAddr(t.Host); err == nil {
		return []poller.Addr{{AddrPort: netip.AddrPortFrom(ip.Unmap(), uint16(t.Port))}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	ips, err := r.lookup(ctx, t.Host)
	if err != nil {
		return nil, err
	}
	addrs := make([]poller.Addr, 0, len(ips))
	for _, ip := range ips {
		addrs = append(addrs, poller.Addr{AddrPort: netip.AddrPortFrom(ip.Unmap(), uint16(t.Port))})
	}
	slices.SortFunc(addrs, func(a, b poller.Addr) int { return a.Compare(b.AddrPort) })
	addrs = slices.Compact(addrs)
	if len(addrs) > 1 && !t.Datagram {
		addrs = r.answering(ctx, addrs)
	}
	return addrs, nil
}

// answering returns the addresses that take a connection; all of them if none does.
func (r *resolver) answering(ctx context.Context, addrs []poller.Addr) []poller.Addr {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	errs := make([]error, len(addrs))
	var wg sync.WaitGroup
	for i, a := range addrs {
		wg.Go(func() { errs[i] = r.probe(ctx, a) })
	}
	wg.Wait()
	var up []poller.Addr
	for i, a := range addrs {
		if errs[i] == nil {
			up = append(up, a)
		} else {
			r.logf("address %v left out: %v", a.AddrPort, errs[i])
		}
	}
	if len(up) == 0 {
		return addrs
	}
	return up
}
