package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// TestInterruptedWithoutABus: whoever has interrupted a feeder twice is obeyed, though nobody can be given the order.
func TestInterruptedWithoutABus(t *testing.T) {
	s, err := bus.Serve(t.Context(), bus.ServerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.Connect(t.Context(), bus.Config{URL: s.URL(), Token: s.Token()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r := newRig(t)
	ctx, stop := context.WithCancel(t.Context())
	kill, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := Feed(ctx, kill, FeedConfig{Bus: b, Spec: r.spec("rate: 100/s\n"), Lease: time.Second})
		done <- err
	}()
	j := r.opened(b)
	r.until("somebody coordinates", func() bool {
		_, err := Control(t.Context(), j, OrderStatus)
		return err == nil
	})
	late, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(late); err != nil {
		t.Fatal(err)
	}
	stop()
	end()
	select {
	case err := <-done:
		if !errors.Is(err, ErrInterrupted) {
			t.Errorf("%v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it has not ended within a minute")
	}
}
