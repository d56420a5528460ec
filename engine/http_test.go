package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/transport/http1"
)

// runHTTP sends req n times to a server of Go's own, over HTTP/1.1.
func runHTTP(t *testing.T, srv *httptest.Server, req load.Request, n int64, change func(*Config, *http1.Config)) (*measure.Interval, Result) {
	t.Helper()
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	conf := http1.NewConfig()
	c := Config{
		Targets:  []load.Target{{URL: srv.URL, Scheme: u.Scheme, Host: u.Hostname(), Port: port, TLS: u.Scheme == "https"}},
		Schedule: evenly(500, n), Fixed: &req, Timeout: 5 * time.Second,
	}
	if change != nil {
		change(&c, conf)
	}
	codec, err := conf.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	total := measure.NewInterval()
	c.Codec, c.OnInterval = codec, func(i *measure.Interval) { total.Merge(i, false) }
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkIdentities(t, total, &r)
	return total, r
}

// everyPoller runs test over every poller of this system.
func everyPoller(t *testing.T, test func(t *testing.T, over func(*Config, *http1.Config))) {
	t.Helper()
	for _, kind := range pollers() {
		t.Run(kind, func(t *testing.T) {
			test(t, func(c *Config, _ *http1.Config) { c.Poller = kind })
		})
	}
}

func get(uri string) load.Request { return load.Request{Method: []byte("GET"), URI: []byte(uri)} }

func TestHTTPAnswersOfEveryShape(t *testing.T) {
	shapes := map[string]http.HandlerFunc{
		"length": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
		"chunked": func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "hello")
		},
		"trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-T")
			_, _ = io.WriteString(w, "a")
			w.Header().Set("X-T", "1")
		},
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"unchanged":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) },
		"interim":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); _, _ = io.WriteString(w, "x") },
		"large":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 3<<20)) },
		"closes": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "x")
		},
		"http/1.0": func(w http.ResponseWriter, _ *http.Request) {
			c, b, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = b.WriteString("HTTP/1.0 200 OK\r\n\r\nuntil the close")
				_ = b.Flush()
				_ = c.Close()
			}
		},
	}
	for name, h := range shapes {
		t.Run(name, func(t *testing.T) {
			everyPoller(t, func(t *testing.T, over func(*Config, *http1.Config)) {
				srv := httptest.NewServer(h)
				defer srv.Close()
				m, _ := runHTTP(t, srv, get("/"), 25, over)
				if m.Requests.Completed != 25 {
					t.Errorf("%+v, %v", m.Requests, m.Errors)
				}
			})
		})
	}
}

func TestHeadHasNoBody(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
	}))
	defer srv.Close()
	m, _ := runHTTP(t, srv, load.Request{Method: []byte("HEAD"), URI: []byte("/")}, 50, func(c *Config, _ *http1.Config) { c.Connections = 1 })
	if m.Requests.Completed != 50 {
		t.Errorf("%+v, %v", m.Requests, m.Errors)
	}
}

func TestBodyWaitsForContinue(t *testing.T) {
	body := strings.Repeat("b", 100_000)
	for _, accept := range []bool{true, false} {
		t.Run(fmt.Sprint("accepted=", accept), func(t *testing.T) {
			everyPoller(t, func(t *testing.T, over func(*Config, *http1.Config)) {
				var received atomic.Int64
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !accept {
						w.WriteHeader(413)
						return
					}
					n, _ := io.Copy(io.Discard, r.Body)
					received.Add(n)
				}))
				defer srv.Close()
				req := load.Request{Method: []byte("POST"), URI: []byte("/"), Body: []byte(body)}
				m, _ := runHTTP(t, srv, req, 10, func(c *Config, h *http1.Config) { over(c, h); h.ExpectContinue = true })
				status, want := 200, int64(10*len(body))
				if !accept {
					status, want = 413, 0
				}
				if m.Requests.Completed != 10 || m.Status[status] != 10 || received.Load() != want {
					t.Errorf("%+v, %v, %d bytes of bodies read", m.Requests, m.Errors, received.Load())
				}
				if !accept && m.BytesSent > 10*1000 {
					t.Errorf("%d bytes sent for bodies that were refused", m.BytesSent)
				}
			})
		})
	}
}

func TestBodyIsSentWithoutContinueAfterAWhile(t *testing.T) {
	// A server that never says 100 but waits for the body, as HTTP/1.0 ones do.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	defer wg.Wait()
	defer l.Close()
	srv := &httptest.Server{URL: "http://" + l.Addr().String()}
	req := load.Request{Method: []byte("PUT"), URI: []byte("/"), Body: []byte("body")}
	m, _ := runHTTP(t, srv, req, 1, func(_ *Config, h *http1.Config) { h.ExpectContinue = true })
	if m.Requests.Completed != 1 || m.Times.Service.Min() < holdFor {
		t.Errorf("%+v, %v, after %v", m.Requests, m.Errors, time.Duration(m.Times.Service.Min()))
	}
}

func TestAnswerBeforeTheWholeRequestWasSent(t *testing.T) {
	everyPoller(t, func(t *testing.T, over func(*Config, *http1.Config)) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(413)
		}))
		defer srv.Close()
		req := load.Request{Method: []byte("POST"), URI: []byte("/"), Body: make([]byte, 16<<20)}
		m, _ := runHTTP(t, srv, req, 5, over)
		// The server closes while bytes are on their way, so that its answer may be lost to a reset: either way it is counted.
		if m.Status[413]+m.Requests.Failed != 5 {
			t.Errorf("%+v, %v", m.Requests, m.Errors)
		}
	})
}

func TestAConnectionForEachRequest(t *testing.T) {
	for name, change := range map[string]func(*Config, *http1.Config){
		"pool":  func(c *Config, _ *http1.Config) { c.Pool.NoReuse = true },
		"codec": func(_ *Config, h *http1.Config) { h.NoReuse() },
	} {
		t.Run(name, func(t *testing.T) {
			var opened atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					opened.Add(1)
				}
			}
			srv.Start()
			defer srv.Close()
			m, _ := runHTTP(t, srv, get("/"), 100, change)
			if m.Requests.Completed != 100 || opened.Load() != 100 {
				t.Errorf("%+v over %d connections", m.Requests, opened.Load())
			}
		})
	}
}

func TestHTTPSAgainstGo(t *testing.T) {
	everyPoller(t, func(t *testing.T, over func(*Config, *http1.Config)) {
		var resumed, opened atomic.Int64
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.TLS.DidResume {
				resumed.Add(1)
			}
			opened.Add(1)
			_, _ = w.Write(make([]byte, 50_000))
		}))
		defer srv.Close()
		client := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		_, sessions := certificate(t)
		client.ClientSessionCache, client.NextProtos = sessions.ClientSessionCache, nil
		m, _ := runHTTP(t, srv, get("/"), 60, func(c *Config, h *http1.Config) {
			over(c, h)
			c.TLS, c.Pool.NoReuse, c.Connections = client, true, 1
		})
		if m.Requests.Completed != 60 || resumed.Load() < 50 || m.BytesReceived < 60*50_000 {
			t.Errorf("%+v, %v, %d of %d sessions resumed", m.Requests, m.Errors, resumed.Load(), opened.Load())
		}
	})
}
