package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a-token-for-tests"

// serve starts a bus that ends with the test, or before by the function.
func serve(t *testing.T, dir string) (url string, end func()) {
	t.Helper()
	s, err := bus.Serve(t.Context(), bus.ServerConfig{Token: token, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return s.URL(), end
}

// at is a point that is impatient, and says what happens to the test's log while the test runs.
func at(t *testing.T, address string) *Point {
	t.Helper()
	p, err := At(address, func(format string, args ...any) {
		if t.Context().Err() == nil {
			t.Logf(format, args...)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.patience = 200 * time.Millisecond
	return p
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func endpoints(s *discoverytest.Service) string {
	var list []string
	for _, m := range s.Members() {
		list = append(list, m.Endpoint().String())
	}
	return strings.Join(list, " ")
}

func TestWorkersFindTheBusAndAreSeen(t *testing.T) {
	service := discoverytest.NewService()
	url, _ := serve(t, "")
	type result struct {
		b   *bus.Bus
		err error
	}
	done := make(chan result, 1)
	worker := at(t, service.Address())
	go func() {
		b, err := worker.Connect(t.Context(), bus.Config{Token: token})
		done <- result{b, err}
	}()
	service.Set(discovery.Member{Host: "127.0.0.1", Port: discoverytest.FreePort(t)}) // of one that has died
	withdraw, err := at(t, service.Address()).Announce(t.Context(), strings.Replace(url, "nats://", "nats://secret@", 1))
	if err != nil {
		t.Fatal(err)
	}
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	defer r.b.Close()
	if _, err := r.b.RTT(); err != nil {
		t.Error(err)
	}
	workers := service.At("/workers")
	leave := worker.Join(r.b)
	eventually(t, "the worker is announced", func() bool { return endpoints(workers) == r.b.LocalAddr() })
	leave()
	if got := endpoints(workers); got != "" {
		t.Errorf("after it has left: %s", got)
	}
	withdraw()
	if n := len(service.Members()); n != 1 {
		t.Errorf("%d members after the bus was withdrawn", n)
	}
}

// TestABusThatMoves: a connection follows the bus to where it is announced next, with all that it has kept.
func TestABusThatMoves(t *testing.T) {
	service := discoverytest.NewService()
	dir := t.TempDir()
	first, end := serve(t, dir)
	p := at(t, service.Address())
	withdraw, err := p.Announce(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Connect(t.Context(), bus.Config{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { p.Follow(ctx, b) })
	defer following.Wait()
	defer stop()
	j, err := b.CreateJob(t.Context(), "shop", bus.JobConfig{})
	if err == nil {
		_, err = j.Create(t.Context(), "key", []byte("value"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // and again, by the same connection
		withdraw()
		end()
		eventually(t, "the connection is lost", func() bool { return !b.Connected() })
		var next string
		next, end = serve(t, dir)
		if withdraw, err = p.Announce(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		eventually(t, "what was kept is there", func() bool {
			e, err := j.Get(t.Context(), "key")
			return err == nil && string(e.Value) == "value"
		})
	}
	withdraw()
}

func TestNoBus(t *testing.T) {
	service := discoverytest.NewService()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := at(t, service.Address()).Connect(ctx, bus.Config{}); !errors.Is(err, ErrNoBus) || !strings.Contains(err.Error(), service.Address()) {
		t.Error(err)
	}
	service.Fail(errors.New("not for you"))
	if _, err := at(t, service.Address()).Connect(t.Context(), bus.Config{}); err == nil || !strings.Contains(err.Error(), "not for you") {
		t.Error(err)
	}
	url, _ := serve(t, "")
	other := discoverytest.NewService()
	withdraw, err := at(t, other.Address()).Announce(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer withdraw()
	if _, err := at(t, other.Address()).Connect(t.Context(), bus.Config{Token: "wrong"}); !errors.Is(err, bus.ErrDenied) {
		t.Errorf("a wrong token: %v", err)
	}
}

func TestAnnounceRefuses(t *testing.T) {
	if _, err := At("statik://a:1", nil); err == nil {
		t.Error("an unknown backend")
	}
	if _, err := at(t, "static://127.0.0.1:1").Announce(t.Context(), "nats://127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "members cannot register there") {
		t.Error(err)
	}
	if _, err := at(t, discoverytest.NewService().Address()).Announce(t.Context(), "http://127.0.0.1:1"); err == nil {
		t.Error("no URL of a bus")
	}
}

func TestAddresses(t *testing.T) {
	member := func(host string, tls bool) discovery.Member {
		m := discovery.Member{Host: host, Port: 4222}
		if tls {
			m.Extra = map[string]discovery.Endpoint{tlsEndpoint: m.Endpoint()}
		}
		return m
	}
	for want, members := range map[string][]discovery.Member{
		"nats://a:4222":             {member("a", false)},
		"tls://a:4222,b:4222":       {member("a", true), member("b", false)},
		"nats://[2001:db8::1]:4222": {member("2001:db8::1", false)},
	} {
		if got := url(members); got != want {
			t.Errorf("%s; expected %s", got, want)
		}
	}
	for text, want := range map[string]string{
		"zk://a,b/iago/shop": "zk://a,b/iago/shop/workers", "zk://a/iago/?session=4s": "zk://a/iago/workers?session=4s", "etcd://a/x?ttl=5s&tls=true": "etcd://a/x/workers?ttl=5s&tls=true",
	} {
		if got := below(text, workersPath); got != want {
			t.Errorf("%s; expected %s", got, want)
		}
	}
	host, err := at(t, fmt.Sprintf("static://127.0.0.1:%d", discoverytest.FreePort(t))).Here(t.Context())
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		t.Errorf("%s, %v", host, err)
	}
}
