package http

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/target/model"
)

// BenchmarkServe measures request and answer over one connection: alone, in batches of 64, and with service times.
func BenchmarkServe(b *testing.B) {
	for _, bm := range []struct {
		name  string
		o     Options
		batch int
	}{
		{"loop/1", Options{}, 1},
		{"loop/64", Options{}, 64},
		{"loop/64 queued", Options{Model: model.Options{Service: model.Exponential{Mean: time.Microsecond}, Servers: 1}}, 64},
		{"portable/1", Options{Portable: true}, 1},
		{"portable/64", Options{Portable: true}, 64},
	} {
		b.Run(bm.name, func(b *testing.B) {
			bm.o.Listen, bm.o.BodySize = "127.0.0.1:0", 128
			s := start(b, bm.o)
			p := dial(b, s)
			_ = p.SetDeadline(time.Time{})
			batch := []byte(strings.Repeat("GET /some/path HTTP/1.1\r\nHost: www.example.com\r\nX-Iago: true\r\n\r\n", bm.batch))
			answer := make([]byte, int64(bm.batch)*s.desk.answers.of(200, &request{minor: 1}).size())
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%bm.batch != 0 {
					continue
				}
				if _, err := p.Write(batch); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(p.TCPConn, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
