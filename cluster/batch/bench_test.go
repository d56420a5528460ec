package batch

import (
	"errors"
	"io"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// The figures are a record's: batches of 1000 entries of an access log, some 110 bytes each.
func BenchmarkBuild(b *testing.B) {
	list := entries(1000)
	for name, builder := range map[string]*Builder{"plain": {Plain: true}, "s2": {}} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				builder.Add(&list[i%len(list)])
				if builder.Len() == len(list) {
					dst = builder.Append(dst[:0])
					builder.Reset(0)
				}
			}
			b.ReportMetric(float64(len(dst))/float64(len(list)), "B/record")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	list := entries(1000)
	for name, builder := range map[string]*Builder{"plain": {Plain: true}, "s2": {}} {
		b.Run(name, func(b *testing.B) {
			m := build(builder, 0, list)
			var r Reader
			var rec load.Record
			if err := r.Reset(m, plenty); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				err := r.Read(&rec)
				if errors.Is(err, io.EOF) {
					err = r.Reset(m, plenty)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
