package bus_test

import (
	"testing"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/bus/bustest"
)

func TestEmbedded(t *testing.T) {
	s := serve(t, bus.ServerConfig{})
	bustest.Run(t, bustest.Servers{Config: bus.Config{URL: s.URL(), Token: s.Token()}, Replicas: 1})
}
