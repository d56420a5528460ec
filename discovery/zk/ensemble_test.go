package zk

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/discovery/zk/zktest"
)

// TestEnsemble: three servers lose their leader, whichever that is, one after another. Members are followed and stay registered.
func TestEnsemble(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers")
	}
	var lines, hosts []string
	for id := 1; id <= 3; id++ {
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", id, discoverytest.FreePort(t), discoverytest.FreePort(t)))
	}
	lines = append(lines, "4lw.commands.whitelist=srvr")
	servers := make([]*zktest.Server, 3)
	for i := range servers {
		servers[i] = zktest.Start(t, i+1, discoverytest.FreePort(t), strings.Join(lines, "\n"))
		hosts = append(hosts, servers[i].Address)
	}
	for _, s := range servers {
		s.Serves()
	}
	address := fmt.Sprintf("zk://%s/fleet?session=8s", strings.Join(hosts, ","))
	w := watchAt(t, address)
	w.await()
	var registered []int
	for port := 1; port <= 4; port++ {
		b, err := discovery.Open(address, w.logf)
		if err != nil {
			t.Fatal(err)
		}
		unregister, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: port})
		if err != nil {
			t.Fatal(err)
		}
		defer unregister()
		registered = append(registered, port)
	}
	names := w.await(registered...)
	for round := range 2 {
		leader := leader(t, servers)
		leader.Kill()
		var rest []*zktest.Server
		for _, s := range servers {
			if s != leader {
				s.Serves()
				rest = append(rest, s)
			}
		}
		port := 10 + round
		remove := rest[0].Put(t, "/fleet", entry(port, "ALIVE"))
		w.await(append(registered, port)...)
		remove()
		again := w.await(registered...)
		for i := range again {
			if again[i].Name != names[i].Name {
				t.Errorf("%s had to register again as %s", names[i].Name, again[i].Name)
			}
		}
		leader.Restart()
		leader.Serves()
	}
}

// leader is the server that says it leads.
func leader(t *testing.T, servers []*zktest.Server) (found *zktest.Server) {
	t.Helper()
	servers[0].Await(func() error {
		for _, s := range servers {
			if strings.Contains(srvr(s.Address), "Mode: leader") {
				found = s
				return nil
			}
		}
		return errors.New("nobody leads")
	})
	return found
}

// srvr is what a server says of itself.
func srvr(address string) string {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write([]byte("srvr")); err != nil {
		return ""
	}
	var all strings.Builder
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		all.Write(b[:n])
		if err != nil {
			return all.String()
		}
	}
}
