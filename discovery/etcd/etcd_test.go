package etcd

import (
	"context"
	"fmt"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is Debian's etcd.
type server struct {
	*discoverytest.Process
	t       testing.TB
	address string
	dir     string
}

func start(t testing.TB, args ...string) *server {
	t.Helper()
	address, peer := fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t)), fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t))
	s := &server{t: t, address: address, dir: t.TempDir()}
	s.Process = discoverytest.Start(t, "etcd", append([]string{
		"--data-dir", s.dir, "--name", "one", "--listen-client-urls", "http://" + address, "--advertise-client-urls", "http://" + address,
		"--listen-peer-urls", "http://" + peer, "--initial-advertise-peer-urls", "http://" + peer, "--initial-cluster", "one=http://" + peer,
		"--logger", "zap", "--log-level", "warn",
	}, args...)...)
	s.serves()
	return s
}

// do tries until it succeeds, each time over a connection of its own.
func (s *server) do(what func(ctx context.Context, c *clientv3.Client) error) {
	s.t.Helper()
	s.Await(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.address}, Context: ctx, Logger: zap.NewNop()})
		if err != nil {
			return err
		}
		defer c.Close()
		return what(ctx, c)
	})
}

func (s *server) serves() {
	s.t.Helper()
	s.do(func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.Get(ctx, "x")
		return err
	})
}

func (s *server) put(key, value string) {
	s.t.Helper()
	s.do(func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.Put(ctx, key, value)
		return err
	})
}

func (s *server) remove(key string) {
	s.t.Helper()
	s.do(func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.Delete(ctx, key)
		return err
	})
}

// TestContract: the suite against a real etcd.
func TestContract(t *testing.T) {
	s := start(t)
	places, keys := 0, 0
	discoverytest.Run(t, func(t *testing.T) discoverytest.Place {
		places++
		prefix := fmt.Sprintf("/test/%d", places)
		return discoverytest.Place{
			Address: fmt.Sprintf("etcd://%s%s?ttl=2s", s.address, prefix),
			Server:  s.address,
			Add: func(m discovery.Member) func() {
				keys++
				text, err := discovery.AppendEntry(nil, m)
				if err != nil {
					t.Fatal(err)
				}
				key := fmt.Sprintf("%s/by-hand-%d", prefix, keys)
				s.put(key, string(text))
				return func() { s.remove(key) }
			},
			Outages: map[string]discoverytest.Outage{
				"killed": {Down: s.Kill, Up: func() { s.Restart(); s.serves() }},
			},
		}
	})
}
