package etcd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

func TestExamples(t *testing.T) { discoverytest.Examples(t, "etcd") }

func TestAddresses(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, says := range map[string]string{
		"etcd://host":                                 "expected the prefix",
		"etcd://host/":                                "expected the prefix",
		"etcd:///a":                                   "expected a host",
		"etcd://host/a?ttl=5":                         "expected a time of at least 1s",
		"etcd://host/a?ca=/no/such":                   "option ca: open /no/such",
		"etcd://host/a?ca=" + junk:                    "expected certificates in PEM",
		"etcd://host/a?cert=" + junk:                  "expected both or none",
		"etcd://host/a?cert=" + junk + "&key=" + junk: "options cert and key",
		"etcd://host/a?tls_=true":                     `did you mean "tls"?`,
	} {
		if _, err := discovery.Open(address, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; expected %q", address, err, says)
		}
	}
}

// ports follows a prefix and tells the ports of its members.
type ports struct {
	t    *testing.T
	mu   sync.Mutex
	last []int
	name string // of the last member
	log  []string
}

func portsAt(t *testing.T, address string) *ports {
	t.Helper()
	p := &ports{t: t, last: []int{-1}}
	b, err := discovery.Open(address, p.logf)
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := t.Context(), make(chan error, 1)
	go func() {
		done <- b.Watch(ctx, func(set []discovery.Member) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.last = nil
			for _, m := range set {
				p.last, p.name = append(p.last, m.Port), m.Name
			}
		})
	}()
	t.Cleanup(func() { // after the test's context has ended
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *ports) logf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

func (p *ports) await(want ...int) (name string) {
	p.t.Helper()
	if discoverytest.Eventually(func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		name = p.name
		return slices.Equal(p.last, want)
	}) {
		return name
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Fatalf("ports %v; expected %v; log:\n%s", p.last, want, strings.Join(p.log, "\n"))
	return ""
}

func entry(port int, status string) string {
	return fmt.Sprintf(`{"serviceEndpoint":{"host":"192.0.2.1","port":%d},"additionalEndpoints":{"admin":{"host":"192.0.2.1","port":9%d}},"status":%q}`, port, port, status)
}

// TestKeys: what of the keys is a member, and what becomes of a registration whose key or etcd is lost.
func TestKeys(t *testing.T) {
	s := start(t)
	address := "etcd://" + s.address + "/services/web"
	p, admin := portsAt(t, address+"?ttl=2s"), portsAt(t, address+"?endpoint=admin")
	p.await()
	s.put("/services/web/a", entry(1, "ALIVE"))
	s.put("/services/web/b", entry(2, "DEAD"))
	s.put("/services/web/c", "{nonsense")
	s.put("/services/web/deeper/d", entry(4, "ALIVE"))
	s.put("/services/webother", entry(5, "ALIVE"))
	s.put("/services/web/e", entry(6, "ALIVE"))
	p.await(1, 6)
	admin.await(91, 96)
	s.put("/services/web/b", entry(2, "ALIVE"))
	s.put("/services/web/a", entry(1, "STOPPING"))
	p.await(2, 6)
	for _, says := range []string{`entry b: status "DEAD": not alive`, "entry c: invalid character"} {
		if log := strings.Join(p.log, "\n"); !strings.Contains(log, says) {
			t.Errorf("the log does not say %q:\n%s", says, log)
		}
	}
	s.remove("/services/web/b")
	s.remove("/services/web/e")
	p.await()

	b, err := discovery.Open(address+"?ttl=2s", p.logf)
	if err != nil {
		t.Fatal(err)
	}
	unregister, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: 7})
	if err != nil {
		t.Fatal(err)
	}
	before := p.await(7)
	s.remove("/services/web/" + before)
	p.await()
	if after := p.await(7); after == before {
		t.Errorf("%s was deleted and is there", before)
	}
	unregister()
	p.await()
}

// TestEmptyReturn: etcd comes back without what it knew.
func TestEmptyReturn(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a lease to run out")
	}
	s := start(t)
	p := portsAt(t, "etcd://"+s.address+"/services/web?ttl=2s")
	s.put("/services/web/a", entry(1, "ALIVE"))
	b, err := discovery.Open("etcd://"+s.address+"/services/web?ttl=2s", p.logf)
	if err != nil {
		t.Fatal(err)
	}
	unregister, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: 2})
	if err != nil {
		t.Fatal(err)
	}
	p.await(1, 2)
	s.Kill()
	if err := os.RemoveAll(filepath.Join(s.dir, "member")); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	s.serves()
	p.await(2)
	s.put("/services/web/c", entry(3, "ALIVE"))
	p.await(2, 3)
	unregister()
	p.await(3)
}

// TestUser: who is refused is told so.
func TestUser(t *testing.T) {
	s := start(t)
	s.do(func(ctx context.Context, c *clientv3.Client) error {
		if _, err := c.RoleAdd(ctx, "root"); err != nil {
			return err
		}
		for _, user := range []string{"root", "nobody"} {
			if _, err := c.UserAdd(ctx, user, "se@cret"); err != nil {
				return err
			}
		}
		if _, err := c.UserGrantRole(ctx, "root", "root"); err != nil {
			return err
		}
		_, err := c.AuthEnable(ctx)
		return err
	})
	portsAt(t, "etcd://root:se%40cret@"+s.address+"/services/web").await()
	for user, says := range map[string]string{"": "user name is empty", "root:other@": "authentication failed", "nobody:se%40cret@": "permission denied"} {
		b, err := discovery.Open("etcd://"+user+s.address+"/services/web", t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Watch(t.Context(), func([]discovery.Member) {}); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "cret") {
			t.Errorf("%q: %v; expected %q", user, err, says)
		}
		if _, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "h", Port: 1}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q registers: %v; expected %q", user, err, says)
		}
	}
}
