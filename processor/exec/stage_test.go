package exec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// log collects what is logged.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// helperConfig runs the test binary as one of helper's programs.
func helperConfig(t testing.TB, mode string) (Config, *log) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	logged := new(log)
	c := Default()
	c.Exec, c.Env, c.Logf = []string{self, "helper"}, map[string]string{helperEnv: mode}, logged.add
	return c, logged
}

// newStage makes a stage that is closed with the test.
func newStage(t testing.TB, c Config) processor.Stage {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	stage, ok := s.(*Stage)
	if !ok {
		stage = s.(*Responder).Stage
	}
	stage.grace = 100 * time.Millisecond
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// reads is a source of these URIs and counts what it has handed out.
type reads struct {
	uris []string
	n    atomic.Int64
	end  error // instead of io.EOF
}

func (r *reads) read(rec *load.Record) error {
	i := int(r.n.Load())
	if i == len(r.uris) {
		if r.end != nil {
			return r.end
		}
		return io.EOF
	}
	rec.Reset()
	rec.File, rec.Line = "urls.txt", int64(i+1)
	rec.URI = append(rec.URI, r.uris[i]...)
	rec.Raw = append(rec.Raw, r.uris[i]...)
	r.n.Add(1)
	return nil
}

func uris(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("/%d", i+1))
	}
	return list
}

// outcome is what became of a record.
type outcome struct {
	uris     []string
	bad      *processor.BadRecord
	filtered bool
}

// drain takes everything until Next returns an error that is not of one record.
func drain(s processor.Stage) (list []outcome, err error) {
	for {
		var o outcome
		var requests []*load.Request
		err := s.Next(func() *load.Request {
			requests = append(requests, new(load.Request))
			return requests[len(requests)-1]
		})
		for _, r := range requests {
			o.uris = append(o.uris, string(r.URI))
		}
		switch {
		case err == nil:
		case errors.As(err, &o.bad):
		case errors.Is(err, processor.ErrFiltered):
			o.filtered = true
		default:
			return list, err
		}
		list = append(list, o)
	}
}

// holds tells whether the outcomes are those of the records in their order, each either whole or not at all.
func holds(t *testing.T, records []string, list []outcome) (bad, filtered int) {
	t.Helper()
	if len(list) != len(records) {
		t.Fatalf("%d records ended, want %d", len(list), len(records))
	}
	for i, o := range list {
		switch {
		case o.bad != nil:
			bad++
			if o.bad.File != "urls.txt" || o.bad.Line != int64(i+1) || len(o.uris) > 0 {
				t.Fatalf("record %d: %+v (%v)", i+1, o, o.bad)
			}
		case o.filtered:
			filtered++
		case len(o.uris) != 2 || o.uris[0] != records[i] || o.uris[1] != records[i]+"/2":
			t.Fatalf("record %d, %s: requests %q", i+1, records[i], o.uris)
		}
	}
	return bad, filtered
}

func run(t *testing.T, c Config, records []string) ([]outcome, error) {
	t.Helper()
	s := newStage(t, c)
	src := &reads{uris: records}
	if err := s.Open(src.read); err != nil {
		t.Fatal(err)
	}
	return drain(s)
}

func TestRecordsInRequestsOut(t *testing.T) {
	for _, tt := range []struct {
		mode      string
		instances int
		batch     int
	}{{"plain", 1, 64}, {"plain", 1, 1}, {"plain", 3, 16}, {"reverse", 1, 64}, {"reverse", 2, 8}, {"slow", 3, 4}} {
		t.Run(fmt.Sprintf("%s, %d programs, batches of %d", tt.mode, tt.instances, tt.batch), func(t *testing.T) {
			c, logged := helperConfig(t, tt.mode)
			c.Instances, c.Batch, c.Restarts = tt.instances, tt.batch, 0
			records := uris(2000)
			records[100], records[101], records[1999] = "/filtered", "/bad", "/bad too"
			list, err := run(t, c, records)
			if !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
			if bad, filtered := holds(t, records, list); bad != 2 || filtered != 1 {
				t.Errorf("%d bad, %d filtered", bad, filtered)
			}
			if want := "no such shop"; !strings.Contains(list[101].bad.Error(), want) {
				t.Errorf("bad: %v, want %s", list[101].bad, want)
			}
			if logged.String() != "" {
				t.Errorf("log:\n%s", logged)
			}
		})
	}
}

// A program that cannot be had is told of by Open, and nothing is read.
func TestOpenErrors(t *testing.T) {
	for mode, want := range map[string][]string{
		"exit":   {"exit status 3", "no module named echo", "helper"},
		"silent": {"did not answer the hello within 300ms (hello_timeout)"},
		"deaf":   nil,
		"banner": {"line 1 of its standard output", "expected {\"iago\":1}", "`Welcome to my program!`"},
		"future": {"version 2", "version 1"},
		"wants":  {"responses: true"},
	} {
		t.Run(mode, func(t *testing.T) {
			c, _ := helperConfig(t, mode)
			c.Instances = 2
			if mode == "silent" {
				c.HelloTimeout = 300 * time.Millisecond
			}
			s := newStage(t, c)
			src := &reads{uris: uris(1)}
			err := s.Open(src.read)
			if want == nil {
				if err != nil {
					t.Errorf("Open: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			if start := new(StartError); !errors.As(err, &start) || start.Program == "" {
				t.Errorf("%v is no StartError", err)
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v\nwant %s", err, w)
				}
			}
			if src.n.Load() > 0 {
				t.Error("a record was read")
			}
			if err := s.Next(nil); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Next: %v", err)
			}
		})
	}
	c := Default()
	c.Exec = []string{"/no/such/program", "a b"}
	s := newStage(t, c)
	if err := s.Open((&reads{}).read); err == nil || !strings.Contains(err.Error(), `processor/exec: /no/such/program "a b": it cannot be started`) {
		t.Errorf("no such program: %v", err)
	}
}

func TestSourceError(t *testing.T) {
	c, _ := helperConfig(t, "plain")
	s := newStage(t, c)
	broken := errors.New("disk on fire")
	if err := s.Open((&reads{uris: uris(100), end: broken}).read); err != nil {
		t.Fatal(err)
	}
	list, err := drain(s)
	holds(t, uris(100), list)
	if !errors.Is(err, broken) {
		t.Errorf("%v, want the source's error", err)
	}
	if err := s.Next(nil); !errors.Is(err, broken) {
		t.Errorf("again: %v", err)
	}
}

// Records that come slowly are not kept back for a full batch.
func TestSlowSource(t *testing.T) {
	c, _ := helperConfig(t, "plain")
	s := newStage(t, c)
	next := make(chan string)
	if err := s.Open(func(rec *load.Record) error {
		uri, ok := <-next
		if !ok {
			return io.EOF
		}
		rec.URI = append(rec.URI[:0], uri...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, uri := range uris(20) {
		next <- uri // and no more before it has been answered
		var got []string
		if err := s.Next(func() *load.Request {
			got = append(got, "")
			return new(load.Request)
		}); err != nil || len(got) != 2 {
			t.Fatalf("%s: %d requests, %v", uri, len(got), err)
		}
	}
	close(next)
	if err := s.Next(nil); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// A program that is not taken from, or does not read, is given a window's worth and no more.
func TestBackPressure(t *testing.T) {
	for mode, want := range map[string]int64{"plain": 2 * 50, "deaf": 2 * 50} {
		c, _ := helperConfig(t, mode)
		c.Instances, c.Window, c.Batch = 2, 50, 20
		s := newStage(t, c)
		src := &reads{uris: uris(100_000)}
		if err := s.Open(src.read); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return src.n.Load() >= want })
		time.Sleep(20 * time.Millisecond) // for a reader that goes on where it should not
		if n := src.n.Load(); n != want {
			t.Errorf("%s: %d records read, want %d", mode, n, want)
		}
	}
	c, _ := helperConfig(t, "deaf")
	c.WindowLimit = 100_000
	s := newStage(t, c)
	src := &reads{uris: []string{strings.Repeat("x", 60_000), strings.Repeat("x", 60_000), "/"}}
	if err := s.Open(src.read); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return src.n.Load() >= 1 })
	time.Sleep(20 * time.Millisecond)
	if n := src.n.Load(); n != 1 { // each counts twice: raw and uri
		t.Errorf("%d records of 120 kB in a window of 100 kB", n)
	}
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come to that")
		}
	}
}

func TestLargeRecords(t *testing.T) {
	c, _ := helperConfig(t, "plain")
	records := []string{"/" + strings.Repeat("a", 1<<20), "/b", "/" + strings.Repeat("c", 300_000), "/d"}
	list, err := run(t, c, records)
	if holds(t, records, list); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
