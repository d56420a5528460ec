package http

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/iagoloadgen/iago/target/figures"
)

// client returns a client of the standard library that leaves nothing behind.
func standardClient(t *testing.T, config *tls.Config) *nethttp.Client {
	tr := &nethttp.Transport{TLSClientConfig: config}
	t.Cleanup(tr.CloseIdleConnections)
	return &nethttp.Client{Transport: tr, Timeout: patience}
}

func TestStandardClient(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.BodySize, o.Header = 100_000, []string{"X-Test:  yes ", "Server: other"}
		s := start(t, o)
		client := standardClient(t, nil)
		big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		bodies := map[string]func() io.Reader{
			"none":    func() io.Reader { return nil },
			"small":   func() io.Reader { return strings.NewReader("hello") },
			"big":     func() io.Reader { return bytes.NewReader(big) },
			"chunked": func() io.Reader { return iotest.DataErrReader(bytes.NewReader(big)) },
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
			for name, body := range bodies {
				req, err := nethttp.NewRequest(method, "http://"+s.Addr().String()+"/some/path?q="+name, body())
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Iago", "true")
				resp, err := client.Do(req)
				if err != nil {
					t.Fatalf("%s with %s body: %v", method, name, err)
				}
				got, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				want := 100_000
				if method == "HEAD" {
					want = 0
				}
				if err != nil || resp.StatusCode != 200 || len(got) != want || resp.ContentLength != 100_000 {
					t.Errorf("%s with %s body: status %d, %d of %d bytes, %v", method, name, resp.StatusCode, len(got), resp.ContentLength, err)
				}
				if h := resp.Header; h.Get("X-Test") != "yes" || h.Get("Content-Type") != "text/plain" || !cmp.Equal(h["Server"], []string{"other"}) {
					t.Errorf("%s: header %v", method, h)
				}
			}
		}
		st := s.Stats()
		methods := map[string]int64{"GET": 4, "HEAD": 4, "POST": 4, "PUT": 4, "DELETE": 4, "PATCH": 4, "OPTIONS": 4, "TRACE": 4, "BREW": 4}
		if d := cmp.Diff(methods, st.Methods); d != "" {
			t.Errorf("methods (-want +got):\n%s", d)
		}
		if want := int64(9 * (5 + 2*len(big))); st.Requests != 36 || st.Marked != 36 || st.Bytes.Content != want || st.Versions["1.1"] != 36 {
			t.Errorf("figures %+v, want 36 requests with %d bytes of content", st, want)
		}
	})
}

func TestPipelinedAndSplit(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.BodySize = 10
		s := start(t, o)
		p := dial(t, s)
		const n = 5000
		const one = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
		go func() {
			for i := range n {
				_, _ = fmt.Fprintf(p, one, i) // the reader will miss the answers if it fails
			}
		}()
		for range 2 * n {
			if resp, body := p.hear("GET"); resp.StatusCode != 200 || len(body) != 10 {
				t.Fatalf("status %d, body %q", resp.StatusCode, body)
			}
		}
		for _, c := range []byte(fmt.Sprintf(one, 0)) {
			p.say("%c", c)
		}
		p.hear("POST")
		p.hear("GET")
		if st := s.Stats(); st.Requests != 2*n+2 || st.Status["200"] != 2*n+2 || st.Connections != (figures.Connections{Opened: 1, Max: 1, Open: 1}) {
			t.Errorf("figures %+v", st)
		}
	})
}

func TestConnectionRules(t *testing.T) {
	tests := []struct {
		name, say string
		header    string // Connection of the answer
		ends      bool
	}{
		{"1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", false},
		{"1.1 close", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "close", true},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", "close", true},
		{"1.0 kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false},
	}
	bothPaths(t, func(t *testing.T, o Options) {
		s := start(t, o)
		for _, tt := range tests {
			p := dial(t, s)
			p.say("%s", tt.say)
			resp, err := nethttp.ReadResponse(p.r, nil)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			got := resp.Header.Get("Connection")
			if resp.Close { // which ReadResponse takes out of the header
				got = "close"
			}
			if got != tt.header {
				t.Errorf("%s: Connection: %q, want %q", tt.name, got, tt.header)
			}
			if tt.ends {
				p.silent("EOF")
			} else if p.get("/") != 200 {
				t.Errorf("%s: no second answer", tt.name)
			}
		}
	})
}

func TestContinue(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		p := dial(t, start(t, o))
		p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\nPUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		for _, want := range []int{200, 100} {
			if resp, _ := p.hear("GET"); resp.StatusCode != want {
				t.Fatalf("status %d, want %d", resp.StatusCode, want)
			}
		}
		p.say("abc")
		if resp, _ := p.hear("PUT"); resp.StatusCode != 200 {
			t.Errorf("status %d after the body", resp.StatusCode)
		}
	})
}

// What is malformed is answered and the connection ended, without a reset that could take the answer along, whatever
// the client still sends.
func TestMalformed(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.HeadLimit, o.BodyLimit = 4096, 1000
		s := start(t, o)
		for _, tt := range []struct {
			say  string
			want int
		}{
			{"GET / HTTP/1.1\r\n\r\n" + strings.Repeat("x", 100_000), 400},
			{"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("x", 5000), 431},
			{"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300_000), 413},
			{"GET / HTTP/3.0\r\n", 505},
		} {
			p := dial(t, s)
			p.say("GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
			p.say("%s", tt.say)
			if resp, _ := p.hear("GET"); resp.StatusCode != 200 {
				t.Errorf("%.30q: the request before it has status %d", tt.say, resp.StatusCode)
			}
			if resp, _ := p.hear("GET"); resp.StatusCode != tt.want || !resp.Close {
				t.Errorf("%.30q: status %d, close %v; want %d", tt.say, resp.StatusCode, resp.Close, tt.want)
			}
			p.silent("EOF")
			_ = p.Close()
		}
		eventually(t, s, "all closed", func(st Stats) bool { return st.Connections.Open == 0 })
		want := map[string]int64{badHost.cause: 1, headTooLong.cause: 1, bodyTooLong.cause: 1, badVersion.cause: 1}
		if d := cmp.Diff(want, s.Stats().Malformed); d != "" {
			t.Errorf("malformed (-want +got):\n%s", d)
		}
		balance(t, s)
	})
}

// A client that has said all it will say still gets its answers.
func TestHalfClosed(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Model.Service = constant(t, "constant:20ms")
		p := dial(t, start(t, o))
		p.say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
		if err := p.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		p.hear("GET")
		p.hear("GET")
		p.silent("EOF")
	})
}

// Answers larger than any buffer, to a client that reads late, arrive whole and in order.
func TestSlowReader(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.BodySize = 1 << 20
		p := dial(t, start(t, o))
		const n = 14
		p.say("%s", strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", n))
		want := string(fill(o.BodySize))
		for i := range n {
			if _, body := p.hear("GET"); body != want {
				t.Fatalf("answer %d: body of %d bytes differs", i, len(body))
			}
		}
	})
}

func TestStatusWithoutContent(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Status, o.BodySize = 204, 50
		p := dial(t, start(t, o))
		p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
		for range 2 {
			if resp, body := p.hear("GET"); resp.StatusCode != 204 || body != "" || resp.Header["Content-Length"] != nil {
				t.Errorf("status %d, body %q, header %v", resp.StatusCode, body, resp.Header)
			}
		}
	})
}

func TestLiveStats(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		s := start(t, o)
		p := dial(t, s)
		p.get("/")
		p.say("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", StatsPath)
		resp, body := p.hear("GET")
		var got Stats
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%v in %q", err, body)
		}
		if got.Schema != figures.Schema || got.Requests != 1 || got.Status["200"] != 1 || got.Address != s.Addr().String() {
			t.Errorf("figures %+v", got)
		}
		if d := cmp.Diff(s.Stats(), got, cmpopts.IgnoreFields(Stats{}, "UptimeNS", "Bytes", "Started")); d != "" {
			t.Errorf("live figures differ from the server's (-server +live):\n%s", d)
		}
	})
}

func TestRecord(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Record = filepath.Join(t.TempDir(), "record")
		s := start(t, o)
		var want []string
		for i := range 200 {
			p := dial(t, s)
			p.say("POST /%d?a=b HTTP/1.0\r\nContent-Length: 3\r\n\r\n", i)
			p.say("abc")
			p.hear("POST")
			want = append(want, fmt.Sprintf("POST /%d?a=b HTTP/1.0", i))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(o.Record)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("record (-want +got):\n%s", d)
		}
		if n := s.Stats().Recorded; n != 200 {
			t.Errorf("%d recorded", n)
		}
		balance(t, s)
	})
}

func TestTLS(t *testing.T) {
	s := start(t, Options{Listen: "127.0.0.1:0", TLS: true, BodySize: 1 << 20})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertificatePEM()) {
		t.Fatal("no certificate")
	}
	for _, name := range []string{"", "localhost"} {
		resp, err := standardClient(t, &tls.Config{RootCAs: pool, ServerName: name}).Get("https://" + s.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil || n != 1<<20 {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Status: 99}, "status: 99 is not between 200 and 999"},
		{faulty(t, Options{}, "error:status=1000"), "status 1000 is not between 200 and 999"},
		{Options{BodySize: -1}, "body: -1 bytes"},
		{Options{Header: []string{"nonsense"}}, `header "nonsense": expected Name: value`},
		{Options{Header: []string{"A b: c"}}, "the name may hold"},
		{Options{Header: []string{"A: b\r\nC: d"}}, "control characters"},
		{Options{Header: []string{"Content-Length: 5"}}, "sets this one itself"},
		{Options{Threads: -1}, "threads: -1"},
		{Options{CertFile: "x"}, "a certificate needs its key"},
		{Options{HeadLimit: -1}, "limits must not be negative"},
		{Options{Listen: "127.0.0.1:0", TLS: true, CertFile: "absent.pem", KeyFile: "absent.key"}, "certificate: open absent.pem"},
		{Options{Listen: "127.0.0.1:0", Record: "absent/file"}, "record: open absent/file"},
		{Options{Listen: "nowhere:x"}, "target/http: listen"},
	} {
		s, err := Start(context.Background(), tt.o)
		if err == nil {
			t.Errorf("%+v: accepted", tt.o)
			_ = s.Close()
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %q, want %q", err, tt.want)
		}
	}
}

// Several threads share a port among themselves, but not with another target.
func TestAddressInUse(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Threads = 2
		o.Listen = start(t, o).Addr().String()
		if s, err := Start(context.Background(), o); err == nil {
			t.Error("two servers on one address")
			_ = s.Close()
		}
	})
}

func TestContextEndsServer(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		ctx, cancel := context.WithCancel(context.Background())
		s, err := Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		p := dial(t, s)
		p.get("/")
		cancel()
		if err := s.Wait(); err != nil {
			t.Error(err)
		}
		p.silent("EOF")
		balance(t, s)
	})
}

// A record that cannot be written is the server's error, told at its end.
func TestRecordFails(t *testing.T) {
	s, err := Start(context.Background(), Options{Listen: "127.0.0.1:0", Record: filepath.Join(t.TempDir(), "record")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.desk.record.file.Close(); err != nil {
		t.Fatal(err)
	}
	dial(t, s).get("/")
	if err := s.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v, want that the file is closed", err)
	}
}
