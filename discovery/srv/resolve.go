package srv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/discovery"
)

const parallel = 16 // hosts looked up at once

// found is what the DNS said.
type found struct {
	members    []discovery.Member
	ttl        time.Duration // how long all of it holds
	complaints []string
}

func (f *found) complain(format string, args ...any) {
	f.complaints = append(f.complaints, fmt.Sprintf(format, args...))
}

// holds takes notice of a record that holds for so many seconds.
func (f *found) holds(seconds uint32) {
	f.ttl = min(f.ttl, time.Duration(seconds)*time.Second)
}

// resolve asks for the records and for the addresses of the hosts that they name.
func (w *watch) resolve(ctx context.Context) (found, error) {
	f := found{ttl: w.interval}
	answer, err := w.ask(ctx, w.name, dns.TypeSRV)
	if err != nil {
		return f, err
	}
	if s := soa(answer, w.name); s != nil && !has(answer, dns.TypeSRV) {
		f.holds(min(s.Hdr.Ttl, s.Minttl)) // RFC 2308, section 5
	}
	records := f.inUse(answer)
	hosts := w.lookups(ctx, records)
	known, failed := map[string][]string{}, []error(nil)
	for _, r := range records {
		host := hosts[r.Target]
		list := host.addresses
		f.holds(r.Hdr.Ttl)
		f.holds(host.ttl)
		switch {
		case host.err != nil:
			list = w.addresses[r.Target]
			failed = append(failed, fmt.Errorf("%s: %w", r.Target, host.err))
			if len(list) > 0 {
				f.complain("host %s: %v; its last addresses stand", r.Target, host.err)
			} else {
				f.complain("host %s: %v; left out", r.Target, host.err)
			}
		case len(list) == 0:
			f.complain("host %s has no address; left out", r.Target)
		}
		known[r.Target] = list
		for _, a := range list {
			f.members = append(f.members, discovery.Member{Host: a, Port: int(r.Port), Name: r.Target})
		}
	}
	if len(f.members) == 0 && len(failed) > 0 {
		return f, errors.Join(failed...)
	}
	w.addresses = known
	return f, nil
}

// inUse are the records of the lowest priority; the others are for when none of these can be reached, which is not for us to say.
func (f *found) inUse(answer *dns.Msg) (list []*dns.SRV) {
	weights := map[uint16]bool{}
	for _, r := range answer.Answer {
		s, ok := r.(*dns.SRV)
		if !ok || s.Target == "." { // "the service is decidedly not available" (RFC 2782)
			continue
		}
		if len(list) > 0 && s.Priority < list[0].Priority {
			list = nil
			clear(weights)
		}
		if len(list) == 0 || s.Priority == list[0].Priority {
			list = append(list, s)
			weights[s.Weight] = true
		}
	}
	if len(weights) > 1 {
		f.complain("the records have different weights, which are not followed: members are members")
	}
	return list
}

// host is what is known of one name.
type host struct {
	addresses []string
	ttl       uint32
	err       error
}

// lookups finds the addresses of all hosts that the records name.
func (w *watch) lookups(ctx context.Context, records []*dns.SRV) map[string]host {
	var (
		all   = map[string]host{}
		asked = map[string]bool{}
		mu    sync.Mutex
		wg    sync.WaitGroup
		limit = make(chan struct{}, parallel)
	)
	for _, r := range records {
		if asked[r.Target] {
			continue
		}
		asked[r.Target] = true
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			h := w.lookup(ctx, r.Target)
			mu.Lock()
			defer mu.Unlock()
			all[r.Target] = h
		})
	}
	wg.Wait()
	return all
}

// lookup finds a host's addresses: those of IPv4, or where there are none those of IPv6, so that one host is not two members.
func (b *backend) lookup(ctx context.Context, name string) (h host) {
	h.ttl = 1<<32 - 1
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		answer, err := b.ask(ctx, name, kind)
		if err != nil {
			return host{ttl: 1, err: err} // ask again soon
		}
		for _, r := range answer.Answer {
			switch a := r.(type) {
			case *dns.A:
				h.addresses = append(h.addresses, a.A.String())
			case *dns.AAAA:
				h.addresses = append(h.addresses, a.AAAA.String())
			}
			h.ttl = min(h.ttl, r.Header().Ttl)
		}
		if len(h.addresses) > 0 {
			return h
		}
		if s := soa(answer, name); s != nil {
			h.ttl = min(h.ttl, s.Hdr.Ttl, s.Minttl)
		}
	}
	return h
}
