package job

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/discovery"
)

// lookup finds the addresses of a name.
type lookup = func(ctx context.Context, host string) ([]netip.Addr, error)

const (
	lookupTime    = 5 * time.Second
	lookupsAtOnce = 16
	lookFirst     = time.Second // a name that could not be looked up is tried again after this, then after twice as long each time,
	lookMost      = 30 * time.Second
)

func lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Beyond tells whether host has, or resolves to, an address that is neither loopback nor private. The error is that of looking it up.
func Beyond(ctx context.Context, host string) (bool, error) { return beyond(ctx, host, lookUp) }

func beyond(ctx context.Context, host string, look lookup) (bool, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return !local(ip), nil
	}
	ips, err := look(ctx, host)
	for _, ip := range ips {
		if !local(ip) {
			return true, nil
		}
	}
	return false, err
}

func local(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

// verdict is what is known of a host: whether it can be loaded, and whether that must have been agreed to.
type verdict struct {
	beyond bool
	err    error
	wait   time.Duration // before it is looked up again, if there was an error
	due    time.Time     // and when that is
}

// judge sees to it that there is a verdict on every host, and on no others. Some are to be tried again at the time it returns, if that is
// not zero. working is held.
func (f *follower) judge(ctx context.Context, sets [][]discovery.Member) (again time.Time) {
	next, now := map[string]verdict{}, time.Now()
	var ask []string
	for _, set := range sets {
		for _, m := range set {
			if _, asked := next[m.Host]; asked {
				continue
			}
			v, known := f.verdicts[m.Host]
			if next[m.Host] = v; !known || v.err != nil && !now.Before(v.due) {
				ask = append(ask, m.Host)
			}
		}
	}
	var (
		mu    sync.Mutex
		all   sync.WaitGroup
		limit = make(chan struct{}, lookupsAtOnce)
	)
	for _, host := range ask {
		limit <- struct{}{}
		all.Go(func() {
			defer func() { <-limit }()
			is, err := beyond(ctx, host, f.lookup)
			v := verdict{beyond: is}
			if err != nil {
				v.err = fmt.Errorf("member %s: %w", host, err)
				v.wait = min(max(2*f.verdicts[host].wait, lookFirst), lookMost)
				v.due = now.Add(v.wait)
			}
			mu.Lock()
			defer mu.Unlock()
			next[host] = v
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return again
	}
	for host, v := range next {
		if v.err == nil {
			continue
		}
		if f.verdicts[host].err == nil {
			f.say("%v; it is not used, looking again", v.err)
		}
		if again.IsZero() || v.due.Before(again) {
			again = v.due
		}
	}
	f.verdicts = next
	return again
}
