package k8s

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestContract: the suite against a server of ours that speaks the documented protocol.
func TestContract(t *testing.T) {
	a := newAPI(t, false)
	var (
		places, added int
		mu            sync.Mutex
	)
	discoverytest.Run(t, func(*testing.T) discoverytest.Place {
		places++
		service := fmt.Sprintf("web-%d", places)
		parts := map[string][]string{} // addresses by slice
		return discoverytest.Place{
			Address: fmt.Sprintf("k8s://test/%s?port=http&timeout=2s&server=http://%s", service, a.host()),
			Server:  a.host(),
			Add: func(m discovery.Member) func() {
				mu.Lock()
				defer mu.Unlock()
				added++
				name := fmt.Sprintf("%s-%d-%d", service, m.Port, added%2)
				write := func(list []string) {
					if parts[name] = list; len(list) == 0 {
						a.put("test", service, name, nil)
						return
					}
					a.put("test", service, name, endpoints(m.Port, list...))
				}
				write(append(parts[name], m.Host))
				return func() {
					mu.Lock()
					defer mu.Unlock()
					i := slices.Index(parts[name], m.Host)
					write(slices.Delete(slices.Clone(parts[name]), i, i+1))
				}
			},
		}
	})
}

// watched is a watch and what it says.
type watched struct {
	t    *testing.T
	mu   sync.Mutex
	last string
	told int
	log  []string
}

func watchAt(t *testing.T, address string) *watched {
	t.Helper()
	w := &watched{t: t, last: "nothing yet"}
	b, err := discovery.Open(address, w.logf)
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := t.Context(), make(chan error, 1)
	go func() {
		done <- b.Watch(ctx, func(set []discovery.Member) {
			w.mu.Lock()
			defer w.mu.Unlock()
			var list []string
			for _, m := range set {
				list = append(list, m.Endpoint().String())
			}
			w.last = strings.Join(list, " ")
			w.told++
		})
	}()
	t.Cleanup(func() { // after the test's context has ended
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *watched) logf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *watched) eventually(what string, holds func() bool) {
	w.t.Helper()
	if discoverytest.Eventually(func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return holds()
	}) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t.Fatalf("expected %s; the last set is %q; log:\n%s", what, w.last, strings.Join(w.log, "\n"))
}

func (w *watched) await(set string) {
	w.t.Helper()
	w.eventually("members "+set, func() bool { return w.last == set })
}

func (w *watched) says(text string) {
	w.t.Helper()
	w.eventually("to hear of "+text, func() bool { return strings.Contains(strings.Join(w.log, "\n"), text) })
}

// TestProtocol: a watch goes on where it was, and lists again only where it must.
func TestProtocol(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for watches to end")
	}
	a := newAPI(t, false)
	for i := range 5 {
		a.put("test", "web", fmt.Sprintf("web-%d", i), endpoints(80, fmt.Sprintf("192.0.2.%d", i)))
	}
	a.put("test", "other", "other-1", endpoints(80, "192.0.2.99"))
	w := watchAt(t, "k8s://test/web?timeout=1s&server="+a.URL)
	five := "192.0.2.0:80 192.0.2.1:80 192.0.2.2:80 192.0.2.3:80 192.0.2.4:80"
	w.await(five)
	lists := func() int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.lists
	}
	time.Sleep(2500 * time.Millisecond) // the server ends watches after a second
	if n := lists(); n != 1 || a.pages != 3 {
		t.Errorf("%d lists in %d pages; expected 1 in 3", n, a.pages)
	}
	a.forget() // under a watch: it is told by an event
	a.put("test", "web", "web-5", endpoints(80, "192.0.2.5"))
	w.await(five + " 192.0.2.5:80")
	if n := lists(); n != 2 {
		t.Errorf("%d lists; expected 2", n)
	}
	a.mu.Lock()
	a.poison = func(rw http.ResponseWriter) { status(rw, http.StatusGone, "too old") } // the next watch: by its status
	a.mu.Unlock()
	w.eventually("a third list", func() bool { return lists() == 3 })
	a.put("test", "web", "web-5", nil)
	w.await(five)

	for i, answer := range []string{
		"{nonsense", `{"type":"ADDED","object":{"metadata":{"name":"web-6"`, `{"type":"ADDED","object":7}`,
		`{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}`, `{"type":"ERROR","object":7}`,
	} {
		a.mu.Lock()
		a.poison = func(rw http.ResponseWriter) { _, _ = rw.Write([]byte(answer)) }
		a.mu.Unlock()
		w.eventually("another list", func() bool { return lists() == 4+i })
	}
	w.says("etcd is away")
	w.says("connected again")
	a.put("test", "web", "web-7", endpoints(80, "192.0.2.7"))
	w.await(five + " 192.0.2.7:80")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told != 4 {
		t.Errorf("told %d sets; expected 4", w.told)
	}
}

// TestReadiness: what of slices is a member.
func TestReadiness(t *testing.T) {
	a := newAPI(t, false)
	w := watchAt(t, "k8s://test/web?port=http&server="+a.URL)
	w.await("")
	body := endpoints(8080, "192.0.2.1", "192.0.2.2", "192.0.2.3")
	list := body["endpoints"].([]object)
	list[1]["conditions"] = object{"ready": false, "serving": true, "terminating": true}
	list[2]["conditions"] = object{}
	body["ports"] = []object{{"name": "admin", "port": 9}, {"name": "http", "port": 8080}, {"name": "any"}}
	a.put("test", "web", "four", body)
	w.await("192.0.2.1:8080 192.0.2.3:8080")

	six := endpoints(8080, "2001:db8::1", "2001:db8::4")
	six["addressType"] = "IPv6"
	six["endpoints"].([]object)[0]["targetRef"] = list[0]["targetRef"] // the same pod
	a.put("test", "web", "six", six)
	w.await("192.0.2.1:8080 192.0.2.3:8080 [2001:db8::4]:8080")

	a.put("test", "web", "odd", object{"addressType": "IPv4", "endpoints": list, "ports": []object{{"name": "admin", "port": 9}}})
	w.says(`slice odd has no port "http"`)
	a.put("test", "web", "four", nil)
	w.await("[2001:db8::1]:8080 [2001:db8::4]:8080")

	numbered := watchAt(t, "k8s://test/web?port=9&server="+a.URL)
	numbered.await("192.0.2.1:9 192.0.2.3:9")
	a.put("test", "web", "odd", body)
	unnamed := watchAt(t, "k8s://test/web?server="+a.URL)
	unnamed.says("has 2 ports")
	unnamed.await("[2001:db8::1]:8080 [2001:db8::4]:8080")
}

// TestRefused: who is refused at first is told so; later it is an outage like others.
func TestRefused(t *testing.T) {
	a := newAPI(t, false)
	for code, says := range map[int]string{401: "told to (401)", 403: "(403)", 404: "(404)"} {
		a.change(func() { a.fail = code })
		b, err := discovery.Open("k8s://test/web?server="+a.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Watch(t.Context(), func([]discovery.Member) {}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("status %d: %v; expected %q", code, err, says)
		}
	}
	a.change(func() { a.fail = 500 })
	w := watchAt(t, "k8s://test/web?timeout=1s&server="+a.URL)
	w.says("not reached yet")
	a.change(func() { a.fail = 0 })
	w.await("")
	a.change(func() { a.fail = 403 })
	w.says("(403)); the last set of 0 members stands")
	a.change(func() { a.fail = 0 })
	w.says("connected again")
}

// TestEnd: a watch over TLS and HTTP/2 ends at once with its context.
func TestEnd(t *testing.T) {
	a := newAPI(t, true)
	ca := caFile(t, a)
	a.token = "se/cret"
	address := fmt.Sprintf("k8s://test/web?server=%s&ca=%s&token=se/cret", a.URL, ca)
	ctx, cancel := context.WithCancel(t.Context())
	b, err := discovery.Open(address, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "cret") {
		t.Errorf("%s shows a token", b)
	}
	if err := b.Watch(ctx, func([]discovery.Member) { cancel() }); err != nil {
		t.Error(err)
	}
}
