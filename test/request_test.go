package test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// seenRequest is a request as a server of Go's own saw it.
type seenRequest struct {
	*http.Request
	body string
}

// listener is a server that keeps all requests.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seenRequest
}

func startListener(t *testing.T) *listener {
	l := new(listener)
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen = append(l.seen, seenRequest{r, string(b)})
	}))
	t.Cleanup(l.Close)
	return l
}

// all returns the requests that it saw, and forgets them.
func (l *listener) all() []seenRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.seen
	l.seen = nil
	return all
}

// What is asked for on the command line is what a server sees.
func TestRequestReachesTheTarget(t *testing.T) {
	t.Parallel()
	l := startListener(t)
	for _, way := range pollers() {
		o := iago(t, 5*time.Second, l.URL+"/base", "-n", "20", "-r", "200", "-X", "PATCH", "-H", "Accept: text/plain", "-H", "X-Odd:  a:b ",
			"--host", "shop.test", "--prefix", "/v2", "--body", "to be", "--poller", way)
		o.kept(t)
		all := l.all()
		if len(all) != 20 || o.Requests.Completed != 20 {
			t.Fatalf("%s: the server saw %d of 20 requests, %+v", way, len(all), o.Requests)
		}
		for _, r := range all {
			h := r.Header
			if r.Method != "PATCH" || r.Host != "shop.test" || r.URL.Path != "/base/v2" || r.Proto != "HTTP/1.1" || r.body != "to be" {
				t.Fatalf("%s: the server saw %s %s of %s, %s, %q", way, r.Method, r.URL, r.Host, r.Proto, r.body)
			}
			if h.Get("Accept") != "text/plain" || h.Get("X-Odd") != "a:b" || h.Get("X-Iago") != "true" || !strings.HasPrefix(h.Get("User-Agent"), "iago") ||
				h.Get("X-Forwarded-For") != "" {
				t.Fatalf("%s: the server saw headers %v", way, h)
			}
		}
	}
}

// A log's referrer and user agent become headers, unless the spec says otherwise.
func TestRecordReachesTheTarget(t *testing.T) {
	t.Parallel()
	l := startListener(t)
	dir := t.TempDir()
	files := map[string]string{
		"log":       `1.2.3.4 - - [17/May/2015:10:05:03 +0000] "PUT /x%20y?z=1 HTTP/1.0" 200 7 "http://from/" "Mozilla \"quoted\""` + "\n",
		"all.yaml":  "target: http://127.0.0.1:1\nrecords: log\n",
		"bare.yaml": "target: http://127.0.0.1:1\nrecords: log\nrequest: {record_headers: false, marker: false, forwarded_for: true, user_agent: tester, headers: {Cookie: [a=1, b=2]}}\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(spec string) []seenRequest {
		o := iago(t, 5*time.Second, filepath.Join(dir, spec), "--target", l.URL, "-n", "10", "-r", "200")
		o.kept(t)
		all := l.all()
		if len(all) != 10 {
			t.Fatalf("the server saw %d of 10 requests", len(all))
		}
		return all
	}
	for _, r := range run("all.yaml") {
		h := r.Header
		if r.Method != "PUT" || r.RequestURI != "/x%20y?z=1" || r.body != "" || h.Get("Referer") != "http://from/" || h.Get("User-Agent") != `Mozilla "quoted"` || h.Get("X-Iago") != "true" {
			t.Fatalf("the server saw %s %s, headers %v", r.Method, r.RequestURI, h)
		}
	}
	from := map[string]bool{}
	for _, r := range run("bare.yaml") {
		h := r.Header
		if h.Get("Referer") != "" || h.Get("User-Agent") != "tester" || h.Get("X-Iago") != "" || strings.Join(h.Values("Cookie"), ";") != "a=1;b=2" {
			t.Fatalf("the server saw headers %v", h)
		}
		from[h.Get("X-Forwarded-For")] = true
	}
	if len(from) < 9 {
		t.Errorf("addresses in X-Forwarded-For: %v; expected a random one each", from)
	}
}
