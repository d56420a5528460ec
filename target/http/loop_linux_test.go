//go:build linux && (amd64 || arm64)

package http

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/iagoloadgen/iago/target/model"
)

func TestLoopIsUsed(t *testing.T) {
	if got := start(t, Options{Listen: "127.0.0.1:0"}).Stats().Path; got != "epoll" {
		t.Errorf("path %q", got)
	}
	if got := start(t, Options{Listen: "127.0.0.1:0", Portable: true}).Stats().Path; got != "portable" {
		t.Errorf("path %q", got)
	}
}

// Several threads share a port, and one model: the queue has one order whoever takes a request in.
func TestThreads(t *testing.T) {
	o := Options{Listen: "127.0.0.1:0", Threads: 3}
	o.Model.Service, o.Model.Servers = model.Constant{Time: 100 * time.Microsecond}, 1
	s := start(t, o)
	const clients, each = 40, 5
	var wg sync.WaitGroup
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			p := dial(t, s)
			for range each {
				if p.get("/") != 200 {
					t.Error("no answer")
				}
			}
		})
	}
	wg.Wait()
	st := s.Stats()
	if st.Requests != clients*each || st.Threads != 3 || st.Connections.Opened != clients {
		t.Errorf("figures %+v", st)
	}
	if took := time.Since(begin); took < clients*each*100*time.Microsecond {
		t.Errorf("%d requests of 100 µs on one server took only %v", clients*each, took)
	}
	busy := 0
	for _, tally := range s.tallies {
		if tally.requests > 0 {
			busy++
		}
	}
	if busy < 2 { // 40 connections on one thread of three by chance: 1 in 10^18
		t.Errorf("%d threads served", busy)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestNoDescriptorLeft(t *testing.T) {
	use := func(o Options) {
		s, err := Start(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			p := dial(t, s)
			p.get("/")
			_ = p.Close()
		}
		p := dial(t, s)
		p.get("/")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		_ = p.Close()
	}
	for _, portable := range []bool{false, true} {
		o := Options{Listen: "127.0.0.1:0", Portable: portable, Threads: 2}
		use(o) // what the runtime opens once for all is open now
		before := descriptors(t)
		for range 5 {
			use(o)
		}
		if after := descriptors(t); after != before {
			t.Errorf("portable %v: %d descriptors before, %d after", portable, before, after)
		}
	}
}

// Without descriptors connections wait, and are served when there are some again.
func TestOutOfDescriptors(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		s := start(t, o)
		first := dial(t, s)
		first.get("/")
		var clients [8]int
		for i := range clients {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = unix.Close(fd) }()
			clients[i] = fd
		}
		restore := useUpDescriptors(t)
		defer restore()
		for _, fd := range clients {
			address := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: s.Addr().(*net.TCPAddr).Port}
			if err := unix.Connect(fd, address); err != nil {
				t.Fatal(err)
			}
			if _, err := unix.Write(fd, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		if first.get("/") != 200 {
			t.Error("open connections are not served")
		}
		if n := s.Stats().Connections.Opened; n != 1 {
			t.Errorf("%d connections were opened without descriptors", n)
		}
		restore()
		for _, fd := range clients {
			b := make([]byte, 512)
			_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20})
			if n, err := unix.Read(fd, b); err != nil || !strings.HasPrefix(string(b[:n]), "HTTP/1.1 200") {
				t.Fatalf("got %q, %v", b[:n], err)
			}
		}
	})
}

// useUpDescriptors leaves the process without a free descriptor until it calls what is returned.
func useUpDescriptors(t *testing.T) (restore func()) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	lowest, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(lowest)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(lowest), Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
}

func TestTimersAreOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h timers
		var in, out []int64
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			if len(h) > 0 && rapid.Bool().Draw(t, "pop") {
				least := slices.Min(in)
				if got := h.pop(); got.depart != least || got.timed {
					t.Fatalf("popped %d of %v", got.depart, in)
				}
				in = slices.Delete(in, slices.Index(in, least), slices.Index(in, least)+1)
				continue
			}
			at := rapid.Int64Range(0, 20).Draw(t, "at")
			in = append(in, at)
			h.push(&ticket{reply: reply{depart: at}})
		}
		for len(h) > 0 {
			out = append(out, h.pop().depart)
		}
		if slices.Sort(in); !slices.Equal(in, out) {
			t.Fatalf("popped %v of %v", out, in)
		}
	})
}

// The kernel's time stamps: a request's arrival is when it came, not when a thread that was away got round to it.
func TestArrivalIsTheKernels(t *testing.T) {
	o := Options{Listen: "127.0.0.1:0"}
	o.Model.Service = model.Constant{Time: time.Millisecond}
	s := start(t, o)
	p := dial(t, s)
	p.get("/")
	// Keep the loop from its work by holding its tally, as the scheduler might.
	const away = 50 * time.Millisecond
	s.tallies[0].mu.Lock()
	begin := time.Now()
	p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	time.Sleep(away)
	s.tallies[0].mu.Unlock()
	p.hear("GET")
	// Had it arrived when it was read, it would depart 1 ms after that, and the late answer would look punctual.
	took := time.Since(begin)
	if st := s.Stats(); st.Sojourn.Max > int64(3*time.Millisecond/2) || st.Late.Max < int64(away-10*time.Millisecond) {
		t.Errorf("sojourn %v, late %v, took %v", time.Duration(st.Sojourn.Max), time.Duration(st.Late.Max), took)
	}
}

// A request costs no allocation, plain or delayed.
func TestNoAllocation(t *testing.T) {
	for name, service := range map[string]model.Service{"none": model.None{}, "exp": model.Exponential{Mean: 10 * time.Microsecond}} {
		t.Run(name, func(t *testing.T) {
			o := Options{Listen: "127.0.0.1:0", BodySize: 100}
			o.Model.Service, o.Model.Servers = service, 1
			p := dial(t, start(t, o))
			request, answer := []byte("GET /some/path HTTP/1.1\r\nHost: x\r\nX-Iago: true\r\n\r\n"), make([]byte, 4096)
			turn := func() {
				if _, err := p.Write(request); err != nil {
					t.Fatal(err)
				}
				if _, err := p.TCPConn.Read(answer); err != nil {
					t.Fatal(err)
				}
			}
			for range 500 {
				turn()
			}
			if n := testing.AllocsPerRun(500, turn); n >= 1 {
				t.Errorf("%v allocations a request", n)
			}
		})
	}
}

// Connections that come, go and break off at random leave the figures in balance.
func TestChurn(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Model.Service, o.Model.Servers = model.Exponential{Mean: 50 * time.Microsecond}, 2
		s := start(t, faulty(t, o, "close:share=3%", "reset:share=3%", "hang:share=1%", "garbage:share=3%", "error:status=500,share=10%"))
		var wg sync.WaitGroup
		for client := range uint64(8) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(client, 1))
				for range 60 {
					p := dial(t, s)
					n := 1 + r.IntN(5)
					for i := range n {
						if _, err := fmt.Fprintf(p, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i); err != nil {
							break
						}
					}
					switch r.IntN(3) {
					case 0:
						_ = p.SetLinger(0)
					case 1:
						_ = p.CloseWrite()
						_ = p.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
						_, _ = io.Copy(io.Discard, p)
					}
					_ = p.Close()
				}
			})
		}
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		balance(t, s)
		if st := s.Stats(); st.Requests < 100 || st.Connections.Opened == 0 {
			t.Errorf("figures %+v", st)
		}
	})
}
