package cluster

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/batch"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// small is a source of n small records.
type small struct{ left int }

func (s *small) Read(r *load.Record) error {
	if s.left == 0 {
		return io.EOF
	}
	s.left--
	r.File, r.Line = "paths", r.Line+1
	r.Raw = append(r.Raw[:0], "/shop/item/4711?color=green"...)
	r.URI = append(r.URI[:0], r.Raw...)
	return nil
}
func (s *small) Stats() source.Stats { return source.Stats{} }
func (s *small) Close() error        { return nil }

// BenchmarkFeeder feeds small records over an embedded bus to a worker that takes them out of their batches and acknowledges them: an
// operation is a record. The goal is 1,000,000 a second, 1,000 ns an operation, on as many cores as there are.
func BenchmarkFeeder(b *testing.B) {
	server, err := bus.Serve(b.Context(), bus.ServerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = server.Shutdown(context.Background()) }()
	conn, err := bus.Connect(b.Context(), bus.Config{URL: server.URL(), Token: server.Token()})
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	j, err := conn.CreateJob(b.Context(), "bench", bus.JobConfig{})
	if err != nil {
		b.Fatal(err)
	}
	n := b.N
	f := &feeder{job: j, id: "f", source: &small{n}, rate: 10e6, workers: 1, depth: DefaultDepth, logf: b.Logf}
	if ok, err := f.claim(b.Context(), 1, true, nil, map[string]sighting{}); !ok || err != nil {
		b.Fatal(ok, err)
	}
	p, err := j.Pull(b.Context(), bus.PullConfig{Messages: fetchAhead, Bytes: fetchBytes})
	if err != nil {
		b.Fatal(err)
	}
	fed := make(chan error, 1)
	b.ResetTimer()
	began := time.Now()
	go func() { fed <- f.run(b.Context()) }()
	var r batch.Reader
	var rec load.Record
	for got := 0; got < n; {
		item, err := p.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Reset(item.Data, batchMost); err != nil {
			b.Fatal(err)
		}
		for r.Read(&rec) == nil {
			got++
		}
		item.Ack()
	}
	b.StopTimer()
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "records/s")
	if err := <-fed; err != nil {
		b.Fatal(err)
	}
	_ = p.Close(context.Background())
}
