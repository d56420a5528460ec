package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/iagoloadgen/iago/load"
	"pgregory.net/rapid"
)

const plenty = 64 << 20

func message(first int64, list ...load.Record) []byte {
	var b Builder
	return build(&b, first, list)
}

func build(b *Builder, first int64, list []load.Record) []byte {
	b.Reset(first)
	for i := range list {
		b.Add(&list[i])
	}
	return b.Append(nil)
}

// same tells what differs between records: times count with their zone, nothing is nil or empty.
func same(want, got []load.Record) string {
	for i := range min(len(want), len(got)) {
		if !equal(&want[i], &got[i]) {
			return fmt.Sprintf("record %d:\n%s", i, cmp.Diff(want[i], got[i], cmpopts.EquateEmpty()))
		}
	}
	return cmp.Diff(len(want), len(got))
}

func equal(a, b *load.Record) bool {
	zoneA, offsetA := a.Time.Zone()
	zoneB, offsetB := b.Time.Zone()
	fields := func(a, b load.Field) bool { return bytes.Equal(a.Name, b.Name) && bytes.Equal(a.Value, b.Value) }
	return a.File == b.File && a.Line == b.Line && bytes.Equal(a.Raw, b.Raw) && bytes.Equal(a.Method, b.Method) && bytes.Equal(a.URI, b.URI) &&
		bytes.Equal(a.Body, b.Body) && bytes.Equal(a.Object, b.Object) && slices.EqualFunc(a.Header, b.Header, fields) &&
		slices.EqualFunc(a.Fields, b.Fields, fields) && a.Time.Equal(b.Time) && zoneA == zoneB && offsetA == offsetB
}

// A new field of a record must not be forgotten here.
func TestRecordHasNoOtherFields(t *testing.T) {
	if n := reflect.TypeFor[load.Record]().NumField(); n != 10 {
		t.Errorf("load.Record has %d fields: those that are new must go into batches, and into equal", n)
	}
}

// readAll reads to the end, each record into memory of its own.
func readAll(r *Reader) (list []load.Record, err error) {
	for {
		var rec load.Record
		if err := r.Read(&rec); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return list, err
		}
		list = append(list, rec)
	}
}

// record draws a record: of few files, names and zones, its parts taken out of its raw entry or not.
func record(t *rapid.T) load.Record {
	some := rapid.SliceOfN(rapid.Byte(), 0, 20)
	r := load.Record{
		File: rapid.SampledFrom([]string{"", "a.log", "b.log"}).Draw(t, "file"), Line: rapid.Int64().Draw(t, "line"),
		Raw: rapid.OneOf(some, rapid.SliceOfN(rapid.Byte(), 0, 2000)).Draw(t, "raw"),
	}
	part := func(name string) []byte {
		if len(r.Raw) > 0 && rapid.Bool().Draw(t, name+" is in raw") {
			from := rapid.IntRange(0, len(r.Raw)-1).Draw(t, "from")
			return slices.Clone(r.Raw[from:rapid.IntRange(from, len(r.Raw)).Draw(t, "to")])
		}
		return some.Draw(t, name)
	}
	fields := func(what string) (list []load.Field) {
		for range rapid.IntRange(0, 6).Draw(t, what) {
			list = append(list, load.Field{Name: rapid.SampledFrom([][]byte{nil, []byte("Referer"), []byte("c1")}).Draw(t, "name"), Value: part("value")})
		}
		return list
	}
	r.Method, r.URI, r.Header, r.Fields, r.Body, r.Object = part("method"), part("uri"), fields("headers"), fields("fields"), part("body"), part("object")
	switch rapid.IntRange(0, 4).Draw(t, "time") {
	case 0:
	case 1:
		r.Time = time.Unix(rapid.Int64().Draw(t, "any second"), 0).UTC()
	default:
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 7200), time.FixedZone("CET", 3600), time.FixedZone("UTC", 0)}).Draw(t, "zone")
		r.Time = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(zone)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	var b Builder // used again and again, as the reader
	var r Reader
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(record), 0, 8).Draw(t, "records")
		want = slices.Repeat(want, rapid.IntRange(1, 3).Draw(t, "times"))
		first := rapid.Int64Range(0, 1<<62).Draw(t, "first")
		b.Plain = rapid.Bool().Draw(t, "plain")
		m := build(&b, first, want)
		if b.Len() != len(want) || b.Plain && (len(m) > b.Size()+16 || len(m) < b.Size()-16) {
			t.Fatalf("Len %d, Size %d of %d records in %d bytes", b.Len(), b.Size(), len(want), len(m))
		}
		if err := r.Reset(m, plenty); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(&r)
		if err != nil {
			t.Fatal(err)
		}
		if d := same(want, got); d != "" || r.First() != first || r.Len() != len(want) {
			t.Fatalf("batch of %d from %d:\n%s", r.Len(), r.First(), d)
		}
	})
}

// entries are n lines of an access log with what is read from them.
func entries(n int) []load.Record {
	rnd := rand.New(rand.NewPCG(1, 2))
	agents := []string{"curl/8.5.0", "Mozilla/5.0 (X11)", "Googlebot/2.1", "Wget/1.21", "okhttp/4.12"}
	list := make([]load.Record, n)
	at := time.Date(2015, 5, 17, 10, 5, 3, 0, time.UTC)
	for i := range list {
		at = at.Add(time.Duration(rnd.IntN(3)) * time.Second)
		uri := fmt.Sprintf("/blog/%d/item/%d", rnd.IntN(100), rnd.IntN(100_000))
		agent := agents[rnd.IntN(len(agents))]
		raw := fmt.Sprintf("%d.%d.%d.%d - - [%s] \"GET %s HTTP/1.1\" 200 %d \"-\" %q",
			rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), at.Format("02/Jan/2006:15:04:05 -0700"), uri, rnd.IntN(50_000), agent)
		list[i] = load.Record{
			File: "access.log", Line: int64(i + 1), Raw: []byte(raw), Method: []byte("GET"), URI: []byte(uri), Time: at,
			Header: []load.Field{{Name: []byte("User-Agent"), Value: []byte(agent)}},
		}
	}
	return list
}

func noise(n int) []load.Record {
	rnd := rand.NewChaCha8([32]byte{1})
	list := make([]load.Record, n)
	for i := range list {
		list[i].Raw = make([]byte, 1000)
		rnd.Read(list[i].Raw)
	}
	return list
}

// form of a message's body.
func form(m []byte) byte { return m[1] }

func TestCompressionIsWhereItPays(t *testing.T) {
	var b Builder
	if m := build(&b, 0, entries(3)); form(m) != plainBody {
		t.Error("a tiny batch is compressed")
	}
	log := entries(1000)
	if m := build(&b, 0, log); form(m) != s2Body || len(m) > b.Size()*3/4 {
		t.Errorf("a log of %d bytes: form %d, %d bytes", b.Size(), form(m), len(m))
	}
	b.Plain = true
	if m := build(&b, 0, log); form(m) != plainBody {
		t.Error("compressed though asked not to be")
	}
	b.Plain = false
	for i := range 100 {
		if m := build(&b, 0, noise(50)); form(m) != plainBody {
			t.Fatalf("noise is compressed in batch %d", i)
		}
	}
	// What has become worth it again is found out in the end.
	for i := 0; form(build(&b, 0, log)) != s2Body; i++ {
		if i > mostSkipped {
			t.Fatal("compression is never tried again")
		}
	}
	for range 3 {
		if form(build(&b, 0, log)) != s2Body {
			t.Fatal("not compressed though the batch before was")
		}
	}
}

// What stands in the raw entry, and what repeats, is not written again.
func TestNothingIsWrittenTwice(t *testing.T) {
	object := []byte(`{"method":"POST","uri":"/cart","headers":{"Content-Type":"text/plain"},"body":` + strings.Repeat("[1]", 300) + `}`)
	tests := []struct {
		name string
		r    load.Record
		most int // bytes above Raw's
	}{
		{"access log", entries(1)[0], 12},
		{"json", load.Record{
			File: "x", Line: 1, Raw: append([]byte("  "), object...), Method: []byte("POST"), URI: []byte("/cart"), Object: object,
			Header: []load.Field{{Name: []byte("Content-Type"), Value: []byte("text/plain")}}, Body: bytes.Repeat([]byte("[1]"), 300),
		}, 20},
		{"uri", load.Record{File: "x", Line: 1, Raw: []byte("/a/b/c"), URI: []byte("/a/b/c")}, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := Builder{Plain: true}
			b.Add(&tt.r)
			before := b.Size()
			next := tt.r
			next.Line++
			b.Add(&next)
			if n := b.Size() - before - len(tt.r.Raw); n > tt.most {
				t.Errorf("%d bytes besides raw, want at most %d", n, tt.most)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	good := message(7, entries(20)...)
	plain := func(count, size byte, body ...byte) []byte {
		return append([]byte{version, plainBody, count, 0, size}, body...)
	}
	// flags, file 0 = "", names 0 = no header, raw "ab", method, URI
	one := func(flags byte, rest ...byte) []byte {
		body := append([]byte{flags, 0, 0, 0, 1, 0}, rest...)
		return plain(1, byte(len(body)), body...)
	}
	f := hasFile | hasNames
	tests := []struct {
		name    string
		message []byte
		want    string
	}{
		{"empty", nil, "cut off"},
		{"other version", append([]byte{9}, good[1:]...), "version 9 of its form, expected 1"},
		{"other form", append([]byte{version, 9}, good[2:]...), "form 9 of the body"},
		{"not compressed", append([]byte{version, s2Body}, plain(1, 4, 0xff, 0xff, 0xff, 0xff)[2:]...), "compressed body"},
		{"a byte more", append(slices.Clone(good), 0), ""},
		{"too many records", plain(3, 8, make([]byte, 8)...), "3 records in 8 bytes"},
		{"body of another length", plain(0, 2, 0), "a body of 1 bytes, expected 2"},
		{"records short of the body", plain(0, 1, 0), "more bytes"},
		{"no file", plain(1, 4, 0, 0, 0, 0), "a number that nothing has"},
		{"unknown flags", plain(1, 4, 0x80, 0, 0, 0), "unknown flags"},
		{"names cut off", plain(1, 11, f, 0, 0, 0, 2, 0, 5, 0, 0, 0, 0), "names that are cut off"},
		{"fewer names than headers", plain(1, 10, f, 0, 0, 0, 1, 1, 0, 0, 0, 0), "names that are cut off"},
		{"raw cut off", one(f, 9, 'a', 0, 0), "cut off"},
		{"part outside", one(f, 2, 'a', 'b', 3<<1|1, 0, 0), "outside of the raw entry"},
		{"part before", one(f, 2, 'a', 'b', 1<<1|1, 1, 0), "outside of the raw entry"},
		{"part behind", one(f, 2, 'a', 'b', 1<<1|1, 4, 0), "outside of the raw entry"},
		{"number of 65 bits", one(f, append(bytes.Repeat([]byte{0xff}, 9), 0x7f, 0, 0)...), "64 bits"},
		{"unknown zone", one(f|hasTime|hasZone, 1, 3, 0, 0, 0, 0), "a number that nothing has"},
		{"nanoseconds", one(f|hasTime|hasNanos, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0), "nanoseconds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Open(tt.message, plenty)
			if err == nil {
				_, err = readAll(r)
				if again := r.Read(new(load.Record)); !errors.Is(again, err) {
					t.Errorf("%v, then %v", err, again)
				}
			}
			if err == nil || !strings.HasPrefix(err.Error(), "cluster/batch: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestMostBytes(t *testing.T) {
	list := []load.Record{{Raw: make([]byte, 1<<20)}}
	m := message(0, list...)
	if len(m) > 1<<17 {
		t.Fatalf("zeros take %d bytes", len(m))
	}
	if _, err := Open(m, 1<<20); err == nil || !strings.Contains(err.Error(), "expected at most 1048576") {
		t.Errorf("got %v", err)
	}
	r, err := Open(m, 1<<20+100)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(r); err != nil || same(list, got) != "" {
		t.Errorf("%d records, %v", len(got), err)
	}
}

// A part may stand in the raw entry any number of times; a message that repeats it more often than that is none of ours.
func TestCopiesAreBounded(t *testing.T) {
	raw := bytes.Repeat([]byte("x"), 1000)
	r := load.Record{File: "x", Line: 1, Raw: raw}
	for range 10 {
		r.Fields = append(r.Fields, load.Field{Name: []byte("c"), Value: raw})
	}
	m := message(0, r)
	in, err := Open(m, plenty)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(in); err != nil || same([]load.Record{r}, got) != "" {
		t.Fatalf("%v", err)
	}
	body := []byte{hasFile | hasNames, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0}
	body = append(body, 3, 'a', 'b', 'c', 3<<1|1, 0)
	for range 6 {
		body = append(body, 3<<1|1, 5)
	}
	in, err = Open(append([]byte{version, plainBody, 1, 0, byte(len(body))}, body...), plenty)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(in); !errors.Is(err, errCopies) {
		t.Errorf("got %v", err)
	}
}

func TestNoAllocation(t *testing.T) {
	log := entries(500)
	for i := range log {
		log[i].Time = log[i].Time.In(time.FixedZone("CET", 3600))
	}
	other := slices.Clone(log[:250]) // of the same file, and of other names
	for i := range other {
		other[i].Header = nil
	}
	for _, plain := range []bool{false, true} {
		b := Builder{Plain: plain}
		var dst []byte
		var r Reader
		var rec load.Record
		round := func() {
			for _, list := range [][]load.Record{log, other} {
				b.Reset(1)
				for i := range list {
					b.Add(&list[i])
				}
				dst = b.Append(dst[:0])
				if err := r.Reset(dst, plenty); err != nil {
					t.Fatal(err)
				}
				for range list {
					if err := r.Read(&rec); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		round()
		round()
		if n := testing.AllocsPerRun(20, round); n != 0 {
			t.Errorf("plain %v: %v allocations in 750 records", plain, n)
		}
	}
}
