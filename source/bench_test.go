package source_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// endless repeats content up to a number of bytes.
type endless struct {
	content []byte
	left    int64
	at      int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), e.left)], e.content[e.at:])
	e.at = (e.at + n) % len(e.content)
	e.left -= int64(n)
	return n, nil
}

// Whatever the size, what is taken from the heap is a few buffers. Most of the lines are comments, so that this takes no time.
func TestMemory(t *testing.T) {
	const (
		size   = 512 << 20 // of the plain input
		packed = 64 << 20  // of the compressed ones, unpacked
	)
	ten := strings.Repeat("# "+strings.Repeat("x", 5000)+"\n", 9) + "/item?" + strings.Repeat("y", 500) + "\n"
	times := int64(size / len(ten))
	zeros := append(slices.Repeat(gzipped(t, strings.Repeat("0", 1<<20)), packed>>20), gzipped(t, "\n/last\n")...)
	frame := zstded(t, strings.Repeat(ten, 100))
	frames := int64(packed / len(ten) / 100)
	tests := []struct {
		name  string
		stdin io.Reader
		read  int64
		bad   int64
	}{
		{"lines", &endless{content: []byte(ten), left: times * int64(len(ten))}, times, 0},
		{"lines, zstd", bytes.NewReader(slices.Repeat(frame, int(frames))), frames * 100, 0},
		{"one line, gzip", bytes.NewReader(zeros), 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s := mustOpen(t, source.Options{Path: "-", Stdin: tt.stdin, Format: "uri", MaxLine: 200 << 10})
			var r load.Record
			var err error
			for err == nil {
				err = s.Read(&r)
			}
			runtime.ReadMemStats(&after)
			if got := s.Stats(); !errors.Is(err, io.EOF) || got.Read != tt.read || got.Bad != tt.bad {
				t.Errorf("got %+v, then %v, want %d read and %d bad", got, err, tt.read, tt.bad)
			}
			const most = 16 << 20
			if taken := after.TotalAlloc - before.TotalAlloc; taken > most {
				t.Errorf("%d bytes were taken from the heap, want at most %d", taken, most)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	content, err := os.ReadFile(sample)
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		name, format string
		content      []byte
	}{
		{"combined", "combined", content},
		{"common", "common", content},
		{"uri", "uri", bytes.ReplaceAll([]byte(numbered(0, 10000)), []byte("/item"), []byte("/presentations/logstash/images/item"))},
		{"combined-gzip", "combined", gzipped(b, string(content))},
		{"combined-zstd", "combined", zstded(b, string(content))},
	} {
		b.Run(tt.name, func(b *testing.B) {
			s := mustOpen(b, source.Options{Path: write(b, tt.content), Format: tt.format, Loop: true})
			var r load.Record
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Read(&r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
