package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
)

func addr(s string) poller.Addr { return poller.Addr{AddrPort: netip.MustParseAddrPort(s)} }

func TestAddressesThatRefuseAreLeftOut(t *testing.T) {
	r := newResolver([]load.Target{{URL: "u", Host: "many.example", Port: 80}}, func(string, ...any) {})
	r.lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.1")}, nil
	}
	down := map[string]bool{"[::1]:80": true}
	r.probe = func(_ context.Context, a poller.Addr) error {
		if down[a.String()] {
			return errors.New("refused")
		}
		return nil
	}
	check := func(want ...poller.Addr) {
		t.Helper()
		if err := r.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.sets[0].Load().addrs; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	check(addr("10.0.0.1:80"), addr("10.0.0.2:80"))
	down["10.0.0.1:80"], down["10.0.0.2:80"] = true, true
	check(addr("10.0.0.1:80"), addr("10.0.0.2:80"), addr("[::1]:80")) // none answers: the run will tell
}

func TestANameThatDoesNotResolveIsAnError(t *testing.T) {
	r := newResolver([]load.Target{{URL: "http://none.example", Host: "none.example", Port: 80}}, func(string, ...any) {})
	r.lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") }
	if err := r.start(t.Context()); err == nil || err.Error() != "engine: target http://none.example: no such host" {
		t.Error(err)
	}
}

func TestNamesAreResolvedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		r := newResolver([]load.Target{{URL: "u", Host: "a.example", Port: 1}, {URL: "v", Host: "10.0.0.9", Port: 1}},
			func(f string, args ...any) { said = append(said, fmt.Sprintf(f, args...)) })
		answers := []string{"10.0.0.1", "10.0.0.1", "", "10.0.0.2"}
		n := 0
		r.lookup = func(context.Context, string) ([]netip.Addr, error) {
			a := answers[min(n, len(answers)-1)]
			n++
			if a == "" {
				return nil, errors.New("server misbehaving")
			}
			return []netip.Addr{netip.MustParseAddr(a)}, nil
		}
		if err := r.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.follow(ctx, time.Minute); close(done) }()
		for i, want := range []struct {
			addr       string
			generation int32
		}{{"10.0.0.1:1", 0}, {"10.0.0.1:1", 0}, {"10.0.0.2:1", 1}, {"10.0.0.2:1", 1}} {
			time.Sleep(time.Minute)
			synctest.Wait()
			if s := r.sets[0].Load(); s.generation != want.generation || s.addrs[0] != addr(want.addr) {
				t.Errorf("after %d minutes: %+v, want %+v", i+1, *s, want)
			}
		}
		cancel()
		<-done
		if len(said) != 2 {
			t.Errorf("said %q", said)
		}
	})
}

func TestConnectionsToOldAddressesAreClosed(t *testing.T) {
	s := newSim()
	s.serveAfter(time.Millisecond)
	c := Config{Schedule: evenly(100, 300), Targets: []load.Target{simTarget}, Fixed: &load.Request{URI: []byte("x")}, Codec: lines{}, Timeout: time.Second}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var to []poller.Addr
	s.open = func(a poller.Addr) error { to = append(to, a); return nil }
	s.at(second, func() {
		e.resolver.sets[0].Store(&addrSet{generation: 1, addrs: []poller.Addr{addr("10.0.0.2:7")}})
	})
	e.newPoller = func() (poller.Poller, error) { return s, nil }
	e.newClock = func() func() int64 { return func() int64 { return s.now } }
	if _, err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(to) != "[10.0.0.1:7 10.0.0.2:7]" {
		t.Errorf("connected to %v", to)
	}
}
