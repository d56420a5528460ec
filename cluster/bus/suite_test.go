package bus_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/bus/bustest"
)

// long leaves a test out of the short ones.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes more than a few seconds")
	}
}

func TestEmbedded(t *testing.T) {
	s := serve(t, bus.ServerConfig{})
	bustest.Run(t, bustest.Servers{Config: bus.Config{URL: s.URL(), Token: s.Token()}, Replicas: 1})
}

// TestProcess: a server as others run it, with a payload of at most 1 MB, as it is by default.
func TestProcess(t *testing.T) {
	long(t)
	bustest.Run(t, bustest.Servers{Config: bustest.Start(t, bustest.Options{}).Config(), Replicas: 1})
}

func TestCluster(t *testing.T) {
	long(t)
	bustest.Run(t, bustest.Servers{Config: bustest.Start(t, bustest.Options{Servers: 3}).Config(), Replicas: 3})
}

// TestServerKilled kills the only server and starts it again.
func TestServerKilled(t *testing.T) {
	long(t)
	c := bustest.Start(t, bustest.Options{})
	bustest.RunFaults(t, bustest.Servers{
		Config: c.Config(), Replicas: 1,
		Kill:  func(*testing.T, string) { c.Servers()[0].Kill() },
		Start: func(*testing.T, string) { c.Servers()[0].Start() },
	}, 3)
}

// TestLeaderKilled kills, of three servers, the one that leads one of the job's streams: another stream each time.
func TestLeaderKilled(t *testing.T) {
	long(t)
	c := bustest.Start(t, bustest.Options{Servers: 3})
	var killed *bustest.Server
	round := 0
	bustest.RunFaults(t, bustest.Servers{
		Config: c.Config(), Replicas: 3,
		Kill: func(t *testing.T, job string) {
			stream := []string{"iago_" + job + "_records", "iago_" + job + "_results", "KV_iago_" + job}[round%3]
			round++
			killed = c.Server(leader(t, c, stream))
			t.Logf("killing %s, which leads %s", killed.Name, stream)
			killed.Kill()
		},
		Start: func(*testing.T, string) { killed.Start() },
	}, 3)
}

// leader is the name of the server that leads a stream.
func leader(t *testing.T, c *bustest.Cluster, stream string) string {
	t.Helper()
	cfg := c.Config()
	nc, err := nats.Connect(cfg.URL, nats.Token(cfg.Token))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().Cluster.Leader
}
