// Package processortest holds any implementation of processor.Processor to the seam's contract, ours or a user's.
package processortest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// Fresh makes a processor as it is at the beginning of a run. Each call makes an equal one, randomness included.
type Fresh func(t testing.TB) processor.Processor

// Run runs the suite with records of HTTP requests. refused are records that the processor must not take; there may be none.
func Run(t *testing.T, fresh Fresh, refused ...*load.Record) {
	t.Helper()
	s := suite{fresh: fresh, refused: refused}
	t.Run("determinism", s.determinism)
	t.Run("record left alone", s.record)
	t.Run("bytes of its own", s.aliasing)
	t.Run("used requests", s.used)
	t.Run("errors", s.errors)
	t.Run("no allocation", s.allocation)
}

type suite struct {
	fresh   Fresh
	refused []*load.Record
}

// maker is the caller's side of Process: it hands out requests and takes their memory back.
type maker struct {
	all  []*load.Request
	made int
	next func() *load.Request // add, made a function value once only: each making allocates
}

func (m *maker) add() *load.Request {
	if m.made == len(m.all) {
		m.all = append(m.all, new(load.Request))
	}
	m.made++
	req := m.all[m.made-1]
	req.Reset()
	return req
}

// process returns the requests that rec became, valid until the next call; none after an error, as for the engine.
func (m *maker) process(p processor.Processor, rec *load.Record) ([]*load.Request, error) {
	if m.made = 0; m.next == nil {
		m.next = m.add
	}
	if err := p.Process(rec, m.next); err != nil {
		return nil, err
	}
	return m.all[:m.made], nil
}

// show puts all that a processor decides into words.
func show(requests []*load.Request) string {
	var b strings.Builder
	for _, r := range requests {
		fmt.Fprintf(&b, "%q %q label %q weight %d body %q\n", r.Method, r.URI, r.Label, r.Weight, r.Body)
		for _, f := range r.Header {
			fmt.Fprintf(&b, "  %q: %q\n", f.Name, f.Value)
		}
	}
	return b.String()
}

func showRecord(r *load.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d %q %q %q %q %v", r.File, r.Line, r.Raw, r.Method, r.URI, r.Body, r.Time)
	for _, f := range r.Header {
		fmt.Fprintf(&b, " %q: %q", f.Name, f.Value)
	}
	return b.String()
}

// records returns fresh copies of the same records: usual, bare and large.
func records() []*load.Record {
	var list []*load.Record
	for i := range 200 {
		r := &load.Record{File: "records", Line: int64(i + 1), Raw: fmt.Appendf(nil, "raw %d", i)}
		list = append(list, r)
		if i%10 == 9 {
			continue // one that says nothing
		}
		r.Time = time.Date(2015, 5, 17, 10, 5, i, 0, time.UTC)
		r.URI = fmt.Appendf(nil, "/path/%d?q=%s", i, strings.Repeat("x", i%5*300))
		r.Method = []byte([]string{"GET", "POST", "HEAD", "DELETE"}[i%4])
		if i%4 == 1 {
			r.Body = bytes.Repeat([]byte{byte('a' + i%26)}, i)
		}
		for j := range i % 4 {
			name := []string{"Referer", "user-agent", "Accept"}[j]
			r.Header = append(r.Header, load.Field{Name: []byte(name), Value: fmt.Appendf(nil, "%s %d", name, i)})
		}
	}
	return list
}

// scribble overwrites all of r's bytes, as the next record may.
func scribble(r *load.Record) {
	fill := func(b []byte) {
		b = b[:cap(b)]
		for i := range b {
			b[i] = '!'
		}
	}
	fill(r.Raw)
	fill(r.Method)
	fill(r.URI)
	fill(r.Body)
	for _, f := range r.Header {
		fill(f.Name)
		fill(f.Value)
	}
}

// determinism: equal processors make equal requests of equal records.
func (s *suite) determinism(t *testing.T) {
	a, b := s.fresh(t), s.fresh(t)
	var ma, mb maker
	for _, r := range records() {
		ra, erra := ma.process(a, r)
		rb, errb := mb.process(b, r)
		if fmt.Sprint(erra) != fmt.Sprint(errb) || show(ra) != show(rb) {
			t.Fatalf("line %d: %v\n%s\nand %v\n%s", r.Line, erra, show(ra), errb, show(rb))
		}
	}
}

// record: Process reads the record and no more.
func (s *suite) record(t *testing.T) {
	p := s.fresh(t)
	var m maker
	for _, r := range records() {
		was := showRecord(r)
		_, _ = m.process(p, r) // whether it takes the record is of no matter here
		if got := showRecord(r); got != was {
			t.Fatalf("line %d became %s, was %s", r.Line, got, was)
		}
	}
}

// aliasing: requests stay what they are when the record's bytes are gone and further records have been processed.
func (s *suite) aliasing(t *testing.T) {
	p := s.fresh(t)
	var kept []*load.Request
	var were []string
	for _, r := range records() {
		var m maker
		requests, _ := m.process(p, r)
		for _, req := range requests {
			kept, were = append(kept, req), append(were, show([]*load.Request{req}))
		}
		scribble(r)
	}
	if len(kept) == 0 {
		t.Fatal("no record became a request")
	}
	for i, req := range kept {
		if got := show([]*load.Request{req}); got != were[i] {
			t.Fatalf("a request became\n%swas\n%s", got, were[i])
		}
	}
}

// used: what a request held before does not matter.
func (s *suite) used(t *testing.T) {
	a, b := s.fresh(t), s.fresh(t)
	var reused maker
	for _, r := range records() {
		var blank maker
		want, _ := blank.process(a, r)
		got, _ := reused.process(b, r)
		if show(got) != show(want) {
			t.Fatalf("line %d: in used requests\n%swant\n%s", r.Line, show(got), show(want))
		}
	}
}

// errors: a refused record leaves no request, and the next record is processed as ever.
func (s *suite) errors(t *testing.T) {
	p := s.fresh(t)
	var m maker
	for i, r := range s.refused {
		if _, err := m.process(p, r); err == nil {
			t.Errorf("refused record %d: no error", i)
		} else if m.made > 0 {
			t.Errorf("refused record %d: %d requests were begun before the error (%v)", i, m.made, err)
		}
		taken := 0
		for _, r := range records() {
			if requests, err := m.process(p, r); err == nil {
				taken += len(requests)
			}
		}
		if taken == 0 {
			t.Errorf("after refused record %d no record becomes a request", i)
		}
	}
}

// allocation: once the requests' memory has its size, nothing is allocated.
func (s *suite) allocation(t *testing.T) {
	p := s.fresh(t)
	list := records()
	taken := list[:0]
	var m maker
	for _, r := range list {
		if _, err := m.process(p, r); err == nil {
			taken = append(taken, r)
		}
	}
	if len(taken) == 0 {
		t.Fatal("no record becomes a request")
	}
	i := 0
	if n := testing.AllocsPerRun(len(taken)*5, func() {
		if _, err := m.process(p, taken[i%len(taken)]); err != nil {
			t.Error(err)
		}
		i++
	}); n != 0 {
		t.Errorf("%v allocations a record, want 0", n)
	}
}
