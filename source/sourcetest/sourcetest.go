// Package sourcetest holds any implementation of source.Source to the seam's contract, ours or a user's.
package sourcetest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// Open makes a fresh source of content: one path with query on each line. An implementation that reads something else turns
// the lines into its own form. With loop the source starts over at its end.
type Open func(t testing.TB, content string, loop bool) (source.Source, error)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	s := suite{open: open}
	t.Run("order and end", s.order)
	t.Run("loop", s.loop)
	t.Run("records of their own", s.own)
	t.Run("used records", s.used)
	t.Run("empty", s.empty)
	t.Run("closed", s.closed)
	t.Run("stats from outside", s.stats)
	t.Run("no allocation", s.allocation)
}

type suite struct{ open Open }

// must opens a source that is closed with the test.
func (s *suite) must(t *testing.T, content string, loop bool) source.Source {
	t.Helper()
	src, err := s.open(t, content, loop)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return src
}

func paths(n int) (list []string, content string) {
	for i := range n {
		list = append(list, fmt.Sprintf("/item/%d?round=%d", i, i%7))
	}
	return list, strings.Join(list, "\n") + "\n"
}

// order: every record once, in order, then io.EOF for good.
func (s *suite) order(t *testing.T) {
	want, content := paths(500)
	src := s.must(t, content, false)
	var r load.Record
	line := int64(0)
	for i, uri := range want {
		if err := src.Read(&r); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if string(r.URI) != uri {
			t.Fatalf("record %d: got %q, want %q", i, r.URI, uri)
		}
		if r.File == "" || r.Line <= line {
			t.Fatalf("record %d: place %q:%d, want a name and a line after %d", i, r.File, r.Line, line)
		}
		if len(r.Raw) == 0 {
			t.Fatalf("record %d: Raw is empty", i)
		}
		line = r.Line
	}
	for range 3 {
		if err := src.Read(&r); !errors.Is(err, io.EOF) {
			t.Fatalf("after the end: got %v, want io.EOF", err)
		}
	}
	if got := src.Stats(); got.Read != int64(len(want)) || got.Loops != 0 || got.Bad != 0 {
		t.Errorf("Stats: got %+v, want %d read, nothing else", got, len(want))
	}
}

// loop: the same records again, each start-over counted.
func (s *suite) loop(t *testing.T) {
	want, content := paths(7)
	src := s.must(t, content, true)
	var r load.Record
	const rounds = 5
	for i := range rounds * len(want) {
		if err := src.Read(&r); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if string(r.URI) != want[i%len(want)] {
			t.Fatalf("record %d: got %q, want %q", i, r.URI, want[i%len(want)])
		}
	}
	if got := src.Stats(); got.Read != rounds*int64(len(want)) || got.Loops != rounds-1 {
		t.Errorf("Stats: got %d read and %d loops, want %d and %d", got.Read, got.Loops, rounds*len(want), rounds-1)
	}
}

// own: what is in one record stays while others are read, more of them than any buffer holds.
func (s *suite) own(t *testing.T) {
	want, content := paths(8000)
	src := s.must(t, content, false)
	records, were := make([]load.Record, len(want)), make([]string, len(want))
	for i := range records {
		if err := src.Read(&records[i]); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		were[i] = show(&records[i])
	}
	for i := range records {
		if got := show(&records[i]); got != were[i] || string(records[i].URI) != want[i] {
			t.Fatalf("record %d became\n%s\nwas\n%s", i, got, were[i])
		}
	}
}

func show(r *load.Record) string {
	return fmt.Sprintf("%s:%d %v %q %q %q %q %q", r.File, r.Line, r.Time, r.Raw, r.Method, r.URI, r.Header, r.Body)
}

// used: nothing of a record's former content is left.
func (s *suite) used(t *testing.T) {
	want, content := paths(2)
	src := s.must(t, content, false)
	var plain load.Record
	if err := src.Read(&plain); err != nil {
		t.Fatal(err)
	}
	full := load.Record{
		Raw: []byte("former"), Method: []byte("FORMER"), URI: []byte("/former"), Body: []byte("former"),
		Header: []load.Field{{Name: []byte("X-Former"), Value: []byte("former")}},
	}
	if err := src.Read(&full); err != nil {
		t.Fatal(err)
	}
	for _, f := range full.Header {
		if string(f.Name) == "X-Former" {
			t.Error("a former header is left")
		}
	}
	if string(full.URI) != want[1] || string(full.Body) != string(plain.Body) || string(full.Method) != string(plain.Method) {
		t.Errorf("got method %q, URI %q, body %q, want %q, %q, %q", full.Method, full.URI, full.Body, plain.Method, want[1], plain.Body)
	}
}

// empty: a source without records is an error when it is opened, or at the latest when it is first read; never io.EOF.
func (s *suite) empty(t *testing.T) {
	for _, loop := range []bool{false, true} {
		src, err := s.open(t, "", loop)
		if err == nil {
			err = src.Read(new(load.Record))
			if cerr := src.Close(); cerr != nil {
				t.Errorf("Close: %v", cerr)
			}
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("loop %v: got %v, want an error other than io.EOF", loop, err)
		}
	}
}

// closed: a closed source does not pretend to have ended.
func (s *suite) closed(t *testing.T) {
	_, content := paths(3)
	src := s.must(t, content, false)
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	if err := src.Read(new(load.Record)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Read after Close: got %v, want an error other than io.EOF", err)
	}
}

// stats: Stats may be called while another goroutine reads, and never goes back. The race detector helps here.
func (s *suite) stats(t *testing.T) {
	_, content := paths(50)
	src := s.must(t, content, true)
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for last := int64(0); ; {
			now := src.Stats().Read
			if now < last {
				t.Errorf("Stats.Read went from %d back to %d", last, now)
			}
			last = now
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	var r load.Record
	for range 5000 {
		if err := src.Read(&r); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	watcher.Wait()
	if got := src.Stats().Read; got != 5000 {
		t.Errorf("Stats.Read: got %d, want 5000", got)
	}
}

// allocation: once its buffers have their size, a source allocates nothing.
func (s *suite) allocation(t *testing.T) {
	_, content := paths(6000)
	src := s.must(t, content, false)
	var r load.Record
	read := func() {
		if err := src.Read(&r); err != nil {
			t.Fatal(err)
		}
	}
	for range 3000 {
		read()
	}
	if n := testing.AllocsPerRun(2000, read); n != 0 {
		t.Errorf("%v allocations a record, want 0", n)
	}
}
