package bus_test

import (
	"fmt"
	"testing"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// BenchmarkPushPull carries records through the embedded server: pushed, stored, pulled and acknowledged, all in this
// process.
func BenchmarkPushPull(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20, 6 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s := serve(b, bus.ServerConfig{})
			cfg := bus.Config{URL: s.URL(), Token: s.Token()}
			pusher, puller := connect(b, cfg), connect(b, cfg)
			from, err := pusher.CreateJob(b.Context(), "bench", bus.JobConfig{})
			if err != nil {
				b.Fatal(err)
			}
			to, err := puller.OpenJob(b.Context(), "bench")
			if err != nil {
				b.Fatal(err)
			}
			q, err := from.Queue(bus.QueueConfig{})
			if err != nil {
				b.Fatal(err)
			}
			p, err := to.Pull(b.Context(), bus.PullConfig{})
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, size)
			b.SetBytes(int64(size))
			b.ResetTimer()
			go func() {
				for range b.N {
					if err := q.Push(b.Context(), data, ""); err != nil {
						b.Error(err)
					}
				}
			}()
			for range b.N {
				i, err := p.Next(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				i.Ack()
			}
			if err := p.Close(b.Context()); err != nil {
				b.Error(err)
			}
			b.StopTimer()
			if err := q.Close(b.Context()); err != nil {
				b.Error(err)
			}
		})
	}
}
