package measure

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var logStart = time.Date(2026, 7, 1, 12, 0, 0, 345_000_000, time.UTC)

// someSeconds are histograms of different kinds: ordinary, empty, one value, the ends of the range.
func someSeconds() []*Histogram {
	r := rand.New(rand.NewPCG(1, 2))
	list := []*Histogram{new(Histogram), new(Histogram), histogramOf([]int64{1_234_567}), histogramOf([]int64{0, 1, MaxValue})}
	for range 10_000 {
		list[0].Record(int64(r.ExpFloat64() * 1e6))
	}
	return list
}

func writeLog(t *testing.T, seconds []*Histogram) string {
	t.Helper()
	var b bytes.Buffer
	l, err := NewLogWriter(&b, logStart, "[Iago: latency in ns]")
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range seconds {
		if err := l.Write(int64(i)*1e9, int64(i+1)*1e9, h); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestLatencyLogHead(t *testing.T) {
	want := []string{
		"#[Iago: latency in ns]",
		"#[Histogram log format version 1.3]",
		"#[StartTime: 1782907200.345 (seconds since epoch), 2026-07-01T12:00:00.345Z]",
		"#[BaseTime: 1782907200.345 (seconds since epoch)]",
		`"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`,
	}
	lines := strings.Split(writeLog(t, someSeconds()[:1]), "\n")
	if d := cmp.Diff(want, lines[:5]); d != "" {
		t.Fatal(d)
	}
	if !strings.HasPrefix(lines[5], "0.000000,1.000000,") {
		t.Fatalf("first line: %q", lines[5])
	}
}

func TestLatencyLogReadByTheLibrary(t *testing.T) {
	seconds := someSeconds()
	reader := hdr.NewHistogramLogReader(strings.NewReader(writeLog(t, seconds)))
	for i, h := range seconds {
		got, err := reader.NextIntervalHistogram()
		if err != nil || got == nil {
			t.Fatalf("second %d: %v, %v", i, got, err)
		}
		if got.TotalCount() != int64(h.Count()) {
			t.Errorf("second %d: %d values, want %d", i, got.TotalCount(), h.Count())
		}
		for _, q := range []float64{50, 90, 99, 99.9, 100} {
			if a, b := got.ValueAtQuantile(q), h.Quantile(q/100); min(a, h.Max()) != b {
				t.Errorf("second %d: p%v is %d, want %d", i, q, a, b)
			}
		}
		from := logStart.UnixMilli() + int64(i)*1000
		if got.Tag() != "" || abs(got.StartTimeMs()-from) > 1 || abs(got.EndTimeMs()-from-1000) > 1 {
			t.Errorf("second %d: tag %q, %d…%d, want %d…", i, got.Tag(), got.StartTimeMs(), got.EndTimeMs(), from)
		}
	}
	if got, err := reader.NextIntervalHistogram(); got != nil || err != nil {
		t.Fatalf("after the end: %v, %v", got, err)
	}
}

func abs(v int64) int64 { return max(v, -v) }

// The second opinion: a decoder of the V2 format written from its description, which shares nothing with the library.
func TestLatencyLogDecodedByHand(t *testing.T) {
	var b bytes.Buffer
	l, err := NewLogWriter(&b, logStart)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b.Reset()
		h := histogramOf(values(t, 0))
		if err := l.Write(0, 1e9, h); err != nil {
			t.Fatal(err)
		}
		fields := strings.Split(strings.TrimSpace(b.String()), ",")
		if len(fields) != 4 {
			t.Fatalf("%d fields: %q", len(fields), fields)
		}
		most, err := strconv.ParseFloat(fields[2], 64)
		if err != nil || most < float64(h.Max())/1e6*0.999999-1e-6 || most > float64(h.Max())/1e6*1.001+1e-6 {
			t.Fatalf("max %q ms, want that of %d ns", fields[2], h.Max())
		}
		got, err := decodeV2(fields[3])
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(contentOf(h).Buckets, got); d != "" {
			t.Fatalf("buckets (-recorded +decoded):\n%s", d)
		}
	})
}

// decodeV2 takes a payload of an interval line apart and returns its buckets that are not empty: from, to and count.
func decodeV2(payload string) ([][3]int64, error) {
	raw, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint32(raw)&^0xf0 != 0x1c849304 || int(binary.BigEndian.Uint32(raw[4:])) != len(raw)-8 {
		return nil, errors.New("bad cookie or length")
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	word := func(at int) int64 { return int64(binary.BigEndian.Uint64(body[at:])) }
	half := func(at int) uint32 { return binary.BigEndian.Uint32(body[at:]) }
	if half(0)&^0xf0 != 0x1c849303 || int(half(4)) != len(body)-40 || half(8) != 0 || half(12) != 3 || word(16) != 1 || word(24) != MaxValue {
		return nil, errors.New("bad header")
	}
	var out [][3]int64
	index := int64(0)
	for rest := body[40:]; len(rest) > 0; {
		v, n := zigzag(rest)
		rest = rest[n:]
		if v < 0 {
			index -= v
			continue
		}
		if v > 0 {
			// Bucket b of 2048 values of 2^b ns, of which only the upper half is used beyond the first.
			b := max(index/1024-1, 0)
			lo := (index - b*1024) << b
			out = append(out, [3]int64{lo, lo + 1<<b - 1, v})
		}
		index++
	}
	return out, nil
}

// zigzag reads a ZigZag LEB128 number of at most nine bytes.
func zigzag(b []byte) (v int64, n int) {
	var u uint64
	for ; ; n++ {
		if n == 8 {
			u |= uint64(b[n]) << 56
			break
		}
		u |= uint64(b[n]&0x7f) << (7 * n)
		if b[n] < 0x80 {
			break
		}
	}
	return int64(u>>1) ^ -int64(u&1), n + 1
}

// fullDisk takes some bytes, then fails.
type fullDisk struct{ left int }

var errFull = errors.New("no space left on device")

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestLatencyLogOnAFullDisk(t *testing.T) {
	if _, err := NewLogWriter(&fullDisk{left: 100}, logStart); !errors.Is(err, errFull) {
		t.Fatalf("head: %v", err)
	}
	l, err := NewLogWriter(&fullDisk{left: 400}, logStart)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Write(0, 1e9, someSeconds()[0]); !errors.Is(err, errFull) {
		t.Fatalf("line: %v", err)
	}
}
