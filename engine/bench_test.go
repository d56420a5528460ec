package engine

import (
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// BenchmarkRequest is a request's whole way, due → send → answer → record, over loopback in closed mode; the answering
// side runs in this process too and is part of the time.
func BenchmarkRequest(b *testing.B) {
	for _, kind := range pollers() {
		b.Run(kind, func(b *testing.B) {
			target := startQuiet(b)
			e, err := New(Config{
				Codec: lines{}, Targets: []load.Target{target}, Fixed: &load.Request{URI: []byte("x")}, Timeout: 10 * time.Second,
				Closed: true, Connections: 8, N: int64(b.N), Poller: kind,
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			if _, err := e.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
