package engine

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lineServer answers lines over loopback and remembers them.
type lineServer struct {
	net.Listener
	wg      sync.WaitGroup
	mu      sync.Mutex
	seen    map[string]int
	conns   map[net.Conn]bool
	opened  atomic.Int64
	serving atomic.Int64             // connections
	reply   func(line string) string // "" never answers
}

func startLines(t *testing.T, conf *tls.Config, reply func(string) string) *lineServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	s := &lineServer{Listener: l, seen: map[string]int{}, conns: map[net.Conn]bool{}, reply: reply}
	s.wg.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

func (s *lineServer) accept() {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		s.opened.Add(1)
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.wg.Go(func() { s.serve(c) })
	}
}

func (s *lineServer) serve(c net.Conn) {
	s.serving.Add(1)
	defer s.serving.Add(-1)
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\n")
		s.mu.Lock()
		s.seen[line]++
		s.mu.Unlock()
		if answer := s.reply(line); answer != "" {
			if _, err := io.WriteString(c, answer+"\n"); err != nil {
				return
			}
		}
	}
}

// stop ends the server, connections included.
func (s *lineServer) stop() {
	_ = s.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *lineServer) target(tls bool) load.Target {
	a := s.Addr().(*net.TCPAddr)
	return load.Target{URL: "lines://" + a.String(), Host: "127.0.0.1", Port: a.Port, TLS: tls}
}

func always(answer string) func(string) string { return func(string) string { return answer } }

// numbers is a source of the numbers from 0 to n-1.
type numbers struct {
	n, next int64
	pause   func(int64)
}

func (s *numbers) Read(r *load.Record) error {
	if s.next == s.n {
		return io.EOF
	}
	if s.pause != nil {
		s.pause(s.next)
	}
	r.File, r.Line = "numbers", s.next+1
	r.URI = strconv.AppendInt(r.URI[:0], s.next, 10)
	s.next++
	return nil
}
func (s *numbers) Stats() source.Stats { return source.Stats{Read: s.next} }
func (s *numbers) Close() error        { return nil }

var asIs = processor.Func(func(rec *load.Record, add func() *load.Request) error {
	r := add()
	r.URI = r.Keep(rec.URI)
	return nil
})

// run runs c with the lines codec and checks what always holds.
func run(t *testing.T, c Config, control func(*Engine)) (*measure.Interval, Result) {
	t.Helper()
	total := measure.NewInterval()
	c.Codec = lines{}
	c.OnInterval = func(i *measure.Interval) { total.Merge(i, false) }
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Fixed == nil && c.Source == nil {
		c.Fixed = &load.Request{URI: []byte("x")}
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if control != nil {
		go control(e)
	}
	r, err := e.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	checkIdentities(t, total, &r)
	return total, r
}

// pollers are those that this system lets us have.
func pollers() (names []string) {
	for _, name := range poller.Names() {
		if p, _, err := poller.New(name); err == nil {
			p.Shut()
			names = append(names, name)
		}
	}
	return names
}

func descriptors(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux: goleak looks after the rest
	}
	return len(d)
}

func TestEveryRecordIsSentOnce(t *testing.T) {
	server, client := certificate(t)
	for _, kind := range pollers() {
		for _, secure := range []bool{false, true} {
			for _, shards := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s,tls=%v,shards=%d", kind, secure, shards), func(t *testing.T) {
					before := descriptors(t)
					conf, connections := server, 20 // a handshake is a millisecond of work on either side
					if !secure {
						conf, connections = nil, 0
					}
					s := startLines(t, conf, always("200"))
					n := 3000
					if testing.Short() {
						n = 500
					}
					m, r := run(t, Config{
						Targets: []load.Target{s.target(secure)}, TLS: client, Poller: kind, Shards: shards, Connections: connections,
						Source: &numbers{n: int64(n)}, Processor: asIs,
						Schedule: func(i, k int) Schedule { return &even{gap: second / 10_000 * int64(k), n: 1 << 40} },
						Label:    func(r *load.Request) string { return "ends in " + string(r.URI[len(r.URI)-1:]) },
					}, nil)
					if r.End != EndSource || m.Requests.Completed != int64(n) || len(m.Errors) > 0 {
						t.Errorf("end %q, %+v, %v", r.End, m.Requests, m.Errors)
					}
					s.mu.Lock()
					defer s.mu.Unlock()
					for i := range n {
						if k := s.seen[strconv.Itoa(i)]; k != 1 {
							t.Fatalf("record %d arrived %d times", i, k)
						}
					}
					if len(r.Labels) != 10 || r.Labels["ends in 3"].Requests.Completed != int64(n/10) {
						t.Errorf("labels: %v", r.Labels)
					}
					if after := descriptors(t); secure && after > before+2*int(s.opened.Load())+3 {
						t.Errorf("%d descriptors before, %d after", before, after)
					}
				})
			}
		}
	}
}

func TestASlowSourceStarves(t *testing.T) {
	s := startLines(t, nil, always("200"))
	gate := make(chan struct{})
	time.AfterFunc(primeWait+400*time.Millisecond, func() { close(gate) })
	m, r := run(t, Config{
		Targets: []load.Target{s.target(false)}, Processor: asIs,
		Source: &numbers{n: 300, pause: func(i int64) {
			if i == 100 {
				<-gate
			}
		}},
		Schedule: evenly(1000, 1<<40),
	}, nil)
	q := m.Requests
	if r.End != EndSource || q.Completed != 300 || q.Starved < 100 || q.Starved > 2000 {
		t.Errorf("end %q, %+v: want 300 sent and some hundred starved", r.End, q)
	}
}

func TestStopLetsWhatIsUnderWayFinish(t *testing.T) {
	s := startLines(t, nil, func(string) string { time.Sleep(200 * time.Millisecond); return "200" })
	began := time.Now()
	m, r := run(t, Config{Targets: []load.Target{s.target(false)}, Schedule: evenly(500, 1<<40)}, func(e *Engine) {
		time.Sleep(500 * time.Millisecond)
		e.Stop(EndInterrupted)
	})
	if q := m.Requests; r.End != EndInterrupted || q.InFlight != 0 || q.Failed != 0 || q.Completed == 0 || time.Since(began) > 5*time.Second {
		t.Errorf("end %q, %+v", r.End, q)
	}
}

func TestBreakLeavesThemInFlight(t *testing.T) {
	s := startLines(t, nil, always(""))
	began := time.Now()
	m, r := run(t, Config{Targets: []load.Target{s.target(false)}, Schedule: evenly(500, 1<<40), Shards: 2}, func(e *Engine) {
		time.Sleep(300 * time.Millisecond)
		e.Break(EndAborted)
	})
	if q := m.Requests; r.End != EndAborted || q.InFlight == 0 || q.InFlight != q.Sent || time.Since(began) > 5*time.Second {
		t.Errorf("end %q, %+v", r.End, q)
	}
}

func TestTargetThatDiesInTheMiddle(t *testing.T) {
	for _, kind := range pollers() {
		t.Run(kind, func(t *testing.T) {
			s := startLines(t, nil, always("200"))
			m, _ := run(t, Config{
				Targets: []load.Target{s.target(false)}, Schedule: evenly(500, 500), Poller: kind,
			}, func(*Engine) { time.Sleep(500 * time.Millisecond); s.stop() })
			if q := m.Requests; q.Completed < 100 || q.Failed < 100 || m.Errors[causeRefused] < 50 {
				t.Errorf("%+v, %v", q, m.Errors)
			}
		})
	}
}

func TestTLSCertificatesAreVerified(t *testing.T) {
	server, client := certificate(t)
	tests := []struct {
		name  string
		conf  *tls.Config
		cause string
	}{
		{"known authority", client, ""},
		{"unknown authority", &tls.Config{}, causeTLSVerify},
		{"other name", &tls.Config{RootCAs: client.RootCAs, ServerName: "other.example"}, causeTLSVerify},
		{"insecure by choice", &tls.Config{InsecureSkipVerify: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startLines(t, server, always("200"))
			m, _ := run(t, Config{Targets: []load.Target{s.target(true)}, TLS: tt.conf, Schedule: evenly(200, 50)}, nil)
			if tt.cause == "" && m.Requests.Completed != 50 || tt.cause != "" && m.Errors[tt.cause] != 50 {
				t.Errorf("%+v, %v", m.Requests, m.Errors)
			}
		})
	}
}

func TestTLSAgainstAPlainServer(t *testing.T) {
	s := startLines(t, nil, always("200"))
	m, _ := run(t, Config{Targets: []load.Target{s.target(true)}, Schedule: evenly(200, 20), Timeout: 2 * time.Second}, nil)
	if m.Requests.Completed != 0 || m.Errors[causeTLS] == 0 {
		t.Errorf("%+v, %v", m.Requests, m.Errors)
	}
}

func TestALargeRequestMeetsASlowReader(t *testing.T) {
	server, client := certificate(t)
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("tls=", secure), func(t *testing.T) {
			conf := server
			if !secure {
				conf = nil
			}
			s := startLines(t, conf, func(line string) string { return fmt.Sprint(len(line) % 900) })
			big := strings.Repeat("x", 8<<20)
			m, _ := run(t, Config{
				Targets: []load.Target{s.target(secure)}, TLS: client, Schedule: evenly(20, 5), Fixed: &load.Request{URI: []byte(big)},
			}, nil)
			if m.Requests.Completed != 5 || m.Status[len(big)%900] != 5 || m.BytesSent != 5*int64(len(big)+1) {
				t.Errorf("%+v %v, %d bytes", m.Requests, m.Errors, m.BytesSent)
			}
		})
	}
}

// TestNoAllocationInSteadyState compares two runs of different length: what a run allocates does not depend on its requests.
func TestNoAllocationInSteadyState(t *testing.T) {
	s := startQuiet(t)
	allocs := func(n int64) uint64 {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		m, _ := run(t, Config{
			Targets: []load.Target{s}, Closed: true, Connections: 8, N: 1 << 40,
			Source: &numbers{n: n}, Processor: asIs, RingSize: 256,
			Label: func(*load.Request) string { return "all" },
		}, nil)
		runtime.ReadMemStats(&b)
		if m.Requests.Completed != n {
			t.Fatalf("%+v, %v", m.Requests, m.Errors)
		}
		return b.Mallocs - a.Mallocs
	}
	short, long := int64(20_000), int64(120_000)
	if testing.Short() {
		short, long = 5_000, 30_000
	}
	allocs(short)
	few, many := allocs(short), allocs(long)
	if per := (float64(many) - float64(few)) / float64(long-short); per > 0.02 {
		t.Errorf("%.3f allocations a request (%d in %d, %d in %d)", per, few, short, many, long)
	}
}

// startQuiet serves lines without allocating.
func startQuiet(t testing.TB) load.Target {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answer := []byte("200\n")
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				b := make([]byte, 4096)
				for {
					n, err := c.Read(b)
					if err != nil || n == 0 || b[n-1] != '\n' {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	a := l.Addr().(*net.TCPAddr)
	return load.Target{URL: "lines://" + a.String(), Host: "127.0.0.1", Port: a.Port}
}

// certificate makes a server's configuration for 127.0.0.1 and a client's that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(64)}
}
