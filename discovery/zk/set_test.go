package zk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/discovery/zk/zktest"
)

// watched is a watch and what it says.
type watched struct {
	t    *testing.T
	mu   sync.Mutex
	sets [][]discovery.Member
	log  []string
	done chan error
}

func watchAt(t *testing.T, address string) *watched {
	t.Helper()
	w := &watched{t: t, done: make(chan error, 1)}
	b, err := discovery.Open(address, w.logf)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	go func() {
		w.done <- b.Watch(ctx, func(set []discovery.Member) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.sets = append(w.sets, set)
		})
	}()
	t.Cleanup(func() { // after the test's context has ended
		if err := <-w.done; err != nil {
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

// await waits until the last set has these ports.
func (w *watched) await(ports ...int) []discovery.Member {
	w.t.Helper()
	var last []discovery.Member
	if discoverytest.Eventually(func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.sets) == 0 {
			return false
		}
		last = w.sets[len(w.sets)-1]
		return slices.EqualFunc(last, ports, func(m discovery.Member, port int) bool { return m.Port == port })
	}) {
		return last
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t.Fatalf("told %v; expected ports %v at last; log:\n%s", w.sets, ports, strings.Join(w.log, "\n"))
	return nil
}

func (w *watched) says(text string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if log := strings.Join(w.log, "\n"); !strings.Contains(log, text) {
		w.t.Errorf("the log does not say %q:\n%s", text, log)
	}
}

func at(s *zktest.Server, path string) string {
	return fmt.Sprintf("zk://%s%s?session=%v", s.Address, path, session)
}

func entry(port int, status string) string {
	return fmt.Sprintf(`{"serviceEndpoint":{"host":"192.0.2.1","port":%d},"additionalEndpoints":{"admin":{"host":"192.0.2.1","port":9%d}},"status":%q,"shard":3,"later":{}}`,
		port, port, status)
}

// TestEntries: only what is alive and well-formed counts; what becomes so later counts from then on.
func TestEntries(t *testing.T) {
	s := zktest.Start(t, 1, discoverytest.FreePort(t), "")
	s.Serves()
	w := watchAt(t, at(s, "/web"))
	admin := watchAt(t, at(s, "/web")+"&endpoint=admin")
	w.await()
	w.says("no such path yet")
	s.Put(t, "/web", entry(1, "ALIVE"))
	if m := w.await(1)[0]; m.Shard != 3 || m.Name != "member_0000000000" || m.Extra["admin"].Port != 91 {
		t.Errorf("found %+v", m)
	}
	admin.await(91)
	s.Put(t, "/web", "{nonsense")
	s.Put(t, "/web", entry(2, "STARTING"))
	s.Put(t, "/web", entry(3, "ALIVE"))
	w.await(1, 3)
	w.says("member_0000000001: invalid character")
	w.says(`member_0000000002: status "STARTING": not alive`)
	s.Must(t, func(c *zk.Conn) error {
		_, err := c.Set("/web/member_0000000002", []byte(entry(2, "ALIVE")), -1)
		return err
	})
	w.await(1, 2, 3)
	s.Must(t, func(c *zk.Conn) error {
		_, err := c.Set("/web/member_0000000000", []byte(entry(1, "STOPPING")), -1)
		if err == nil {
			_, err = c.Create("/web/lock_1", []byte(entry(4, "ALIVE")), 0, zk.WorldACL(zk.PermAll)) // not a member
		}
		return err
	})
	w.await(2, 3)
	s.Must(t, func(c *zk.Conn) error { // the whole set goes, and comes again
		for _, name := range []string{"member_0000000000", "member_0000000001", "member_0000000002", "member_0000000003", "lock_1", ""} {
			if err := c.Delete(strings.TrimSuffix("/web/"+name, "/"), -1); err != nil {
				return err
			}
		}
		return nil
	})
	w.await()
	s.Put(t, "/web", entry(5, "ALIVE"))
	w.await(5)
	admin.await(95)
}

// TestLosses: members and registrations through the ways in which they get lost.
func TestLosses(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for sessions to expire")
	}
	s := zktest.Start(t, 1, discoverytest.FreePort(t), "")
	s.Serves()
	w := watchAt(t, at(s, "/a/b/c"))
	w.await()

	killed := exec.Command(os.Args[0])
	killed.Env = append(os.Environ(), memberEnv+"="+at(s, "/a/b/c"))
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	w.await(99)
	_ = killed.Process.Kill()
	_ = killed.Wait()
	w.await() // its session has expired

	b, err := discovery.Open(at(s, "/a/b/c"), w.logf)
	if err != nil {
		t.Fatal(err)
	}
	unregister, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: 1})
	if err != nil {
		t.Fatal(err)
	}
	before := w.await(1)[0].Name
	s.Must(t, func(c *zk.Conn) error { return c.Delete("/a/b/c/"+before, -1) })
	w.await()
	if after := w.await(1)[0].Name; after == before {
		t.Errorf("%s was deleted and is there", before)
	}
	w.says("registering again")

	s.Kill() // and lose all it knew
	if err := os.RemoveAll(filepath.Join(s.Dir, "version-2")); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	s.Serves()
	second := s.Put(t, "/a/b/c", entry(2, "ALIVE"))
	w.await(1, 2)
	second()
	unregister()
	w.await()
}

// TestUser: who has a user keeps others from changing what it registers; who is refused is told so.
func TestUser(t *testing.T) {
	s := zktest.Start(t, 1, discoverytest.FreePort(t), "")
	s.Serves()
	own := strings.Replace(at(s, "/own/web"), "://", "://iago:se%40cret@", 1)
	w := watchAt(t, at(s, "/own/web"))
	b, err := discovery.Open(own, w.logf)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "cret") {
		t.Errorf("%s shows a password", b)
	}
	unregister, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer unregister()
	w.await(1)
	other, err := discovery.Open(at(s, "/own/web"), w.logf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: 2}); err == nil || !strings.Contains(err.Error(), "not authenticated") {
		t.Errorf("registering as nobody: %v", err)
	}
	s.Must(t, func(c *zk.Conn) error {
		_, err := c.Create("/closed", nil, 0, zk.DigestACL(zk.PermAll, "root", "x"))
		return err
	})
	b, _ = discovery.Open(at(s, "/closed"), w.logf)
	if err := b.Watch(t.Context(), func([]discovery.Member) {}); err == nil || !strings.Contains(err.Error(), "not authenticated") {
		t.Errorf("watching what may not be read: %v", err)
	}
}
