package bus_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// TestLost: what the bus has lost is told, and holds up nothing else.
func TestLost(t *testing.T) {
	s := serve(t, bus.ServerConfig{})
	b := connect(t, bus.Config{URL: s.URL(), Token: s.Token()})
	ctx := t.Context()
	j, err := b.CreateJob(ctx, "j", bus.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	q, err := j.Queue(bus.QueueConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{6 << 20, 6 << 20, 1} {
		if err := q.Push(ctx, make([]byte, size), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Close(ctx); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(s.URL(), nats.Token(s.Token()))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := js.Stream(ctx, "iago_j_chunks")
	if err != nil {
		t.Fatal(err)
	}
	if err := chunks.DeleteMsg(ctx, 1); err != nil {
		t.Fatal(err)
	}
	p, err := j.Pull(ctx, bus.PullConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got, lost := map[string]bool{}, 0
	for range 3 {
		i, err := p.Next(ctx)
		switch {
		case err == nil:
			got[i.ID] = true
			i.Ack()
		case errors.Is(err, bus.ErrLost):
			lost++
		default:
			t.Fatal(err)
		}
	}
	if lost != 1 || !got["1"] || !got["2"] {
		t.Errorf("%d lost, %v came", lost, got)
	}
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if d, err := j.Depth(ctx); err != nil || d.Undelivered+d.Unacked != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}
