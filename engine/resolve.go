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

// resolver keeps the addresses of the targets. Its methods may be called by any goroutine. What is in its lists does not change (a
// changed list is another one), so that it may be read by whoever was given a part of them.
type resolver struct {
	mu      sync.Mutex
	targets []load.Target
	sets    []*atomic.Pointer[addrSet] // nil in them: not looked up yet
	away    []bool                     // not wanted at present, so not looked up again
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	probe   func(ctx context.Context, a poller.Addr) error
	logf    func(string, ...any)
}

const (
	lookupTimeout = 5 * time.Second
	probeTimeout  = time.Second
)

func newResolver(targets []load.Target, logf func(string, ...any)) *resolver {
	r := &resolver{
		logf: logf,
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
	for _, t := range targets {
		r.add(t)
	}
	return r
}

// add takes one more target up; its number is the next.
func (r *resolver) add(t load.Target) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets, r.sets, r.away = append(r.targets, t), append(r.sets, new(atomic.Pointer[addrSet])), append(r.away, false)
}

// start resolves every target; a name that does not resolve is an error.
func (r *resolver) start(ctx context.Context) error {
	for i := range r.targets {
		addrs, err := r.resolve(ctx, &r.targets[i])
		if err != nil {
			return fmt.Errorf("engine: target %s: %w", r.targets[i].URL, err)
		}
		r.put(i, r.targets[i].URL, addrs)
	}
	return nil
}

// put notes the addresses of target i, if it still is that of url; true: they are others than before.
func (r *resolver) put(i int, url string, addrs []poller.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.targets[i].URL != url { // the number has been given to another
		return false
	}
	set := &addrSet{addrs: addrs}
	if old := r.sets[i].Load(); old != nil {
		if slices.Equal(old.addrs, addrs) {
			return false
		}
		set.generation = old.generation + 1
	}
	r.sets[i].Store(set)
	return true
}

// want says whether target i is to be looked up again from now on.
func (r *resolver) want(i int, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away[i] = !on
}

// named are the targets that are wanted and whose names may come to stand for other addresses, by number.
func (r *resolver) named() map[int]load.Target {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := map[int]load.Target{}
	for i := range r.targets {
		if t := &r.targets[i]; isName(t) && !r.away[i] && r.sets[i].Load() != nil {
			m[i] = *t
		}
	}
	return m
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
		for i, t := range r.named() {
			addrs, err := r.resolve(ctx, &t)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				r.logf("target %s: %v; its old addresses stay", t.URL, err)
			case r.put(i, t.URL, addrs):
				r.logf("target %s: now at %v", t.URL, addrs)
			}
		}
	}
}

// isName tells whether t must be looked up.
func isName(t *load.Target) bool {
	_, err := netip.ParseAddr(t.Host)
	return t.Unix == "" && err != nil
}

// resolve looks one target up. Where a name has several addresses, those that refuse a connection while others
// take one are left out (localhost often names ::1 beside 127.0.0.1 when only one is listened on).
func (r *resolver) resolve(ctx context.Context, t *load.Target) ([]poller.Addr, error) {
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
