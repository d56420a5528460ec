package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// serve runs a server until the test ends.
func serve(t testing.TB, cfg bus.ServerConfig) *bus.Server {
	t.Helper()
	cfg.Logf = t.Logf
	s, err := bus.Serve(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// connect connects until the test ends.
func connect(t testing.TB, cfg bus.Config) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
