package measure

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func labelName(n int) string { return fmt.Sprint("GET /", n) }

// numbering gives names numbers in the order in which they come up.
func numbering() func([]byte) int {
	known := map[string]int{}
	return func(name []byte) int {
		n, ok := known[string(name)]
		if !ok {
			n = len(known)
			known[string(name)] = n
		}
		return n
	}
}

func numberOf(name []byte) (n int) {
	if _, err := fmt.Sscanf(string(name), "GET /%d", &n); err != nil || n > 1<<10 {
		return -1
	}
	return n
}

func decoded(t interface{ Fatal(...any) }, b []byte) *Interval {
	iv := NewInterval()
	if err := DecodeInterval(iv, b, numberOf); err != nil {
		t.Fatal(err)
	}
	return iv
}

// fill sets every number, map and list below v to something else, so that a part which is forgotten on the wire shows.
func fill(v reflect.Value, next *int64) {
	*next++
	switch h := v.Addr().Interface().(type) {
	case *Histogram:
		for range 3 {
			*next++
			h.Record(*next * 1_000_003)
		}
		return
	case *[]*Label:
		*h = []*Label{nil, new(Label), new(Label)}
		fill(reflect.ValueOf(h).Elem().Index(1).Elem(), next)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), next)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			if i%7 == 0 {
				fill(v.Index(i), next)
			}
		}
	case reflect.Map:
		for range 3 {
			value := reflect.New(v.Type().Elem()).Elem()
			fill(value, next)
			v.SetMapIndex(reflect.ValueOf(fmt.Sprint("name ", *next)), value)
		}
	case reflect.Int64, reflect.Int:
		v.SetInt(*next * (1 - 2*(*next%2)))
	case reflect.Uint64:
		v.SetUint(uint64(*next))
	default:
		panic(fmt.Sprintf("measure: the test knows no %s", v.Type()))
	}
}

func equalities() cmp.Options {
	return cmp.Options{
		cmpopts.IgnoreUnexported(Interval{}), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b Histogram) bool { return reflect.DeepEqual(contentOf(&a), contentOf(&b)) }),
	}
}

func TestEveryFieldIsOnTheWire(t *testing.T) {
	want := NewInterval()
	fill(reflect.ValueOf(want).Elem(), new(int64))
	if d := cmp.Diff(want, decoded(t, AppendInterval(nil, want, labelName)), equalities()); d != "" {
		t.Fatal(d)
	}
}

func TestIntervalRoundTrip(t *testing.T) {
	used := NewInterval()
	rapid.Check(t, func(t *rapid.T) {
		a, b := interval(t, 3), interval(t, rapid.IntRange(0, 5).Draw(t, "second"))
		wire := AppendInterval([]byte("before"), a, labelName)[len("before"):]
		if err := DecodeInterval(used, wire, numberOf); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a, used, equalities()); d != "" {
			t.Fatal(d)
		}
		if !bytes.Equal(wire, AppendInterval(nil, used, labelName)) {
			t.Fatal("not the same bytes again")
		}
		for _, simultaneous := range []bool{false, true} {
			if d := cmp.Diff(merged(simultaneous, b, a), merged(simultaneous, b, used), equalities()); d != "" {
				t.Fatalf("merges to something else:\n%s", d)
			}
		}
	})
}

func TestHistogramAndLabelRoundTrip(t *testing.T) {
	var again Histogram
	label := new(Label)
	rapid.Check(t, func(t *rapid.T) {
		h := histogramOf(values(t, 0))
		for range rapid.IntRange(0, 3).Draw(t, "doublings") { // counts other than 1
			h.Add(h)
		}
		b, _ := h.AppendBinary(nil)
		if err := again.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(contentOf(h), contentOf(&again)); d != "" {
			t.Fatal(d)
		}
		whole(t, &again)
		l := &Label{Requests: Requests{Sent: 3, Completed: 2}, Latency: *h}
		b, _ = l.AppendBinary(nil)
		if err := label.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l, label, equalities()); d != "" {
			t.Fatal(d)
		}
	})
}

// Workers number their labels as they come up; the names tell which are the same.
func TestLabelsGoByName(t *testing.T) {
	one, two := NewInterval(), NewInterval()
	one.Label(0).Requests.Sent, one.Label(1).Requests.Sent = 1, 20
	two.Label(1).Requests.Sent, two.Label(4).Requests.Sent = 300, 4000
	names := [][]string{{"a", "b"}, {"", "b", "", "", "c"}}
	number, total := numbering(), NewInterval()
	for i, iv := range []*Interval{one, two} {
		in := NewInterval()
		if err := DecodeInterval(in, AppendInterval(nil, iv, func(n int) string { return names[i][n] }), number); err != nil {
			t.Fatal(err)
		}
		total.Merge(in, true)
	}
	for name, want := range map[string]int64{"a": 1, "b": 320, "c": 4000} {
		if got := total.Label(number([]byte(name))).Requests.Sent; got != want {
			t.Errorf("%s: %d sent, want %d", name, got, want)
		}
	}
	in := NewInterval()
	if err := DecodeInterval(in, AppendInterval(nil, two, labelName), func([]byte) int { return 0 }); err != nil {
		t.Fatal(err)
	}
	if got := in.Label(0).Requests.Sent; got != 4300 {
		t.Errorf("labels of one number: %d sent, want 4300", got)
	}
}

// overfull is a histogram of nine buckets of 2^61 values each.
func overfull() []byte {
	var b []byte
	b = append(b, 1, 9)
	for range 9 {
		b = binary.AppendUvarint(b, (1<<61-2)<<2|wireCounted)
	}
	return append(b, 0, 0, 0)
}

func TestWireFaults(t *testing.T) {
	iv := NewInterval()
	fill(reflect.ValueOf(iv).Elem(), new(int64))
	good := AppendInterval(nil, iv, labelName)
	for n := range good {
		if err := DecodeInterval(iv, good[:n], numberOf); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for the whole", n, len(good))
		}
		if d := same(NewInterval(), iv); d != "" {
			t.Fatalf("after an error:\n%s", d)
		}
		for _, h := range iv.histograms() {
			whole(t, h)
		}
	}
	many := bytes.Repeat([]byte{0xff}, 9)
	tests := []struct {
		name string
		b    []byte
		want string
	}{
		{"interval", append(slices.Clone(good), 0), "more bytes"},
		{"interval", slices.Concat([]byte{9}, good[1:]), "version 9 of its form, expected 1"},
		{"label", AppendInterval(nil, iv, labelName)[:0], "cut off"},
		{"histogram", nil, "cut off"},
		{"histogram", append([]byte{1}, append(many, 0x7f)...), "64 bits"},
		{"histogram", []byte{1, 1}, "cut off"},
		{"histogram", []byte{1, 2, 0xfc, 0xff, 0x7f, 0}, "beyond the largest value"},
		{"histogram", []byte{1, 1, 0, 0, 1, 0}, "outside of its bucket"},
		{"histogram", []byte{1, 1, 0, 0, 0, 1}, "outside of its bucket"},
		{"histogram", []byte{1, 1, 0, 1, 0, 0}, "a sum that"},
		{"histogram", overfull(), "beyond 64 bits"},
		{"histogram", []byte{1, 0, 0}, "more bytes"},
	}
	for _, tt := range tests {
		var err error
		switch tt.name {
		case "interval":
			err = DecodeInterval(iv, tt.b, numberOf)
		case "label":
			err = new(Label).UnmarshalBinary(tt.b)
		default:
			err = new(Histogram).UnmarshalBinary(tt.b)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "measure: "+tt.name+": ") {
			t.Errorf("%s %x: got %v, want one with %q", tt.name, tt.b, err, tt.want)
		}
	}
	if err := DecodeInterval(iv, good, func([]byte) int { return -1 }); err == nil || !strings.Contains(err.Error(), `"GET /1" has no number`) {
		t.Errorf("a label that is refused: %v", err)
	}
}

func FuzzDecodeInterval(f *testing.F) {
	iv := NewInterval()
	f.Add(AppendInterval(nil, iv, labelName))
	f.Add(AppendInterval(nil, second(5, 2), labelName))
	iv.Errors["timeout"], iv.Checks["found"], iv.Followups.Status["200"] = 3, Check{1, 2}, 5
	iv.Label(1).Latency.Record(77)
	f.Add(AppendInterval(nil, iv, labelName))
	f.Fuzz(func(t *testing.T, b []byte) {
		iv := NewInterval()
		err := DecodeInterval(iv, b, numberOf)
		for _, h := range iv.histograms() {
			whole(t, h)
		}
		if err != nil {
			if d := same(NewInterval(), iv); d != "" {
				t.Fatalf("after an error:\n%s", d)
			}
			return
		}
		wire := AppendInterval(nil, iv, labelName)
		if again := decoded(t, wire); !bytes.Equal(wire, AppendInterval(nil, again, labelName)) {
			t.Fatal("not the same bytes again")
		}
		iv.Reset()
		for _, h := range iv.histograms() {
			whole(t, h)
		}
	})
}

func FuzzHistogram(f *testing.F) {
	for _, h := range []*Histogram{{}, histogramOf([]int64{1, 1, 2, 5_000_000, MaxValue})} {
		b, _ := h.AppendBinary(nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h, again Histogram
		err := h.UnmarshalBinary(b)
		whole(t, &h)
		if err != nil {
			if h.Count() != 0 {
				t.Fatalf("%d values after an error", h.Count())
			}
			return
		}
		wire, _ := h.AppendBinary(nil)
		if err := again.UnmarshalBinary(wire); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(contentOf(&h), contentOf(&again)); d != "" {
			t.Fatal(d)
		}
	})
}

// whole checks what must hold in every histogram: counts lie between its smallest and largest value and add up.
func whole(t interface{ Fatalf(string, ...any) }, h *Histogram) {
	var n uint64
	for bi, b := range h.blocks {
		if b == nil {
			continue
		}
		for j, c := range b {
			if n += c; c > 0 && (bi<<blockBits+j < bucketOf(h.Min()) || bi<<blockBits+j > bucketOf(h.Max())) {
				t.Fatalf("%d values in bucket %d, of %d…%d", c, bi<<blockBits+j, h.Min(), h.Max())
			}
		}
	}
	if n != h.Count() {
		t.Fatalf("%d values in buckets, %d in all", n, h.Count())
	}
}

// second is a second of n requests with as many labels as said, as it may well be: three statuses, latencies around 5 ms with a
// long tail, lateness of some tens of µs.
func second(n, labels int) *Interval {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	iv := NewInterval()
	iv.Index, iv.Start, iv.End = 59, 59_000_012_345, 60_000_023_456
	iv.Requests = Requests{Scheduled: int64(n), Sent: int64(n), Completed: int64(n) - 2, Failed: 2, TimedOut: 1}
	iv.Errors["timeout"], iv.Errors["connection reset"] = 1, 1
	iv.BytesSent, iv.BytesReceived, iv.InFlightTime, iv.AttemptTime = int64(n)*180, int64(n)*5000, uint64(n)*7e6, uint64(n)*7e6+12345
	iv.MaxInFlight, iv.InFlightEnd, iv.MaxConnections = 23, 7, 40
	for range n {
		late, wait, service := int64(r.ExpFloat64()*30e3), int64(r.ExpFloat64()*50e3), int64(4e6*(0.5+r.ExpFloat64()))
		iv.Times.Lateness.Record(late)
		iv.Times.Wait.Record(wait)
		iv.Times.Service.Record(service)
		iv.Times.Latency.Record(late + wait + service)
		iv.Status[[]int{200, 200, 200, 304, 404}[r.IntN(5)]]++
		l := iv.Label(int(float64(labels) * r.Float64() * r.Float64()))
		l.Requests.Scheduled++
		l.Requests.Sent++
		l.Requests.Completed++
		l.Latency.Record(late + wait + service)
	}
	return iv
}

// BenchmarkInterval is a second's figures on their way from a worker to the coordinator.
func BenchmarkInterval(b *testing.B) {
	name := func(n int) string { return fmt.Sprint("GET /some/path/", n) }
	for _, size := range []struct{ requests, labels int }{{1000, 20}, {100_000, 20}, {100_000, 100}} {
		iv := second(size.requests, size.labels)
		wire := AppendInterval(nil, iv, name)
		which := fmt.Sprintf("%d requests,%d labels", size.requests, size.labels)
		b.Run("encode/"+which, func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = AppendInterval(dst[:0], iv, name)
			}
			b.ReportMetric(float64(len(dst)), "bytes")
		})
		b.Run("decode/"+which, func(b *testing.B) {
			b.ReportAllocs()
			in, number := NewInterval(), numbering()
			for b.Loop() {
				if err := DecodeInterval(in, wire, number); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestATypicalSecondIsSmall(t *testing.T) {
	if n := len(AppendInterval(nil, second(1000, 20), labelName)); n > 10_000 {
		t.Errorf("%d bytes", n)
	}
}

func TestSampleRoundTrip(t *testing.T) {
	part := func(seed uint64) *Sample {
		s := NewSample(seed)
		for c := range int64(20) {
			offer(s, fmt.Sprint("cause ", seed, c), c*1000+int64(seed), 30)
		}
		offer(s, "timeout", int64(seed), 5000)
		return s
	}
	sent := func(s *Sample) *Sample {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		in := new(Sample)
		if err := json.Unmarshal(b, in); err != nil {
			t.Fatal(err)
		}
		return in
	}
	if d := cmp.Diff(part(1).Failures(), sent(part(1)).Failures()); d != "" {
		t.Fatal(d)
	}
	want, got := NewSample(9), NewSample(9)
	for seed := range uint64(3) {
		want.Merge(part(seed))
		got.Merge(sent(part(seed)))
	}
	if d := cmp.Diff(want.Failures(), got.Failures()); d != "" {
		t.Fatalf("merged after the way:\n%s", d)
	}
	if n := len(sent(NewSample(1)).Failures()); n != 0 {
		t.Errorf("%d failures in an empty sample", n)
	}
	if err := json.Unmarshal([]byte(`[{"rank": -1}]`), new(Sample)); err == nil {
		t.Error("a negative rank is let pass")
	}
}

// What another process sends cannot make a sample larger than samples are.
func TestSampleFromOutsideIsBounded(t *testing.T) {
	var list []wireFailure
	for i := range 20_000 {
		list = append(list, wireFailure{Failure: Failure{At: int64(i), Cause: fmt.Sprint(i % 100)}, Rank: uint64(i), First: true, Drawn: true})
	}
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	s := new(Sample)
	if err := json.Unmarshal(b, s); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Failures()); n > sampleSize {
		t.Errorf("%d failures", n)
	}
}
