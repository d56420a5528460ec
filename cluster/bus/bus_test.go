package bus_test

import (
	"bytes"
	"context"
	"fmt"
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

func TestSmoke(t *testing.T) {
	s := serve(t, bus.ServerConfig{})
	b := connect(t, bus.Config{URL: s.URL(), Token: s.Token(), Job: "smoke", Logf: t.Logf})
	j, err := b.CreateJob(t.Context(), "smoke", bus.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	rev, err := j.Create(ctx, "a.b", []byte("1"))
	fmt.Println(rev, err)
	_, err = j.Create(ctx, "a.b", []byte("1"))
	fmt.Println(err)
	_, err = j.Update(ctx, "a.b", []byte("2"), 17)
	fmt.Println(err)
	fmt.Println(j.Keys(ctx, ""))
	q, err := j.Queue(bus.QueueConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := q.Push(ctx, []byte(fmt.Sprint(i)), ""); err != nil {
			t.Fatal(err)
		}
	}
	big := bytes.Repeat([]byte("x"), 10<<20)
	if err := q.Push(ctx, big, "big"); err != nil {
		t.Fatal(err)
	}
	fmt.Println(q.Close(ctx))
	fmt.Println(j.Depth(ctx))
	p, err := j.Pull(ctx, bus.PullConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for range 101 {
		i, err := p.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if i.ID == "big" && !bytes.Equal(i.Data, big) {
			t.Fatal("big")
		}
		i.Ack()
	}
	fmt.Println(p.Close(ctx))
	fmt.Println(j.Depth(ctx))
	for i := range 10 {
		fmt.Println(j.Append(ctx, "w1", fmt.Sprint(i), []byte("data")))
	}
	fmt.Println(j.Append(ctx, "w1", "9", []byte("data")))
	fmt.Println(j.Read(ctx, 0, func(e bus.LogEntry) error {
		fmt.Println(e.Seq, e.ID, e.Pending)
		if e.Pending == 0 {
			return bus.ErrStop
		}
		return nil
	}))
	fmt.Println(b.Jobs(ctx))
	fmt.Println(b.DeleteJob(ctx, "smoke"), j.Publish("x", nil))
	_, err = j.Request(ctx, "nobody", nil)
	fmt.Println(err)
	fmt.Println(b.Jobs(ctx))
}
