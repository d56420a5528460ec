package bustest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// read reads what is in the log now.
func read(t *testing.T, j *bus.Job, from uint64) (list []bus.LogEntry) {
	t.Helper()
	ctx := within(t)
	end, err := j.End(ctx)
	must(t, err)
	if end < max(from, 1) {
		return nil
	}
	must(t, j.Read(ctx, from, func(e bus.LogEntry) error {
		if list = append(list, e); e.Seq >= end {
			return bus.ErrStop
		}
		return nil
	}))
	return list
}

func log(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	if list := read(t, j, 0); list != nil {
		t.Fatalf("a new log has %v", list)
	}
	var seqs []uint64
	for i := range 20 {
		seq, err := j.Append(ctx, "w1", fmt.Sprint("e", i), fmt.Append(nil, "data ", i))
		must(t, err)
		seqs = append(seqs, seq)
	}
	o := s.other(t, j)
	for _, who := range []*bus.Job{j, o} { // the last one again
		if seq, err := who.Append(ctx, "w1", "e19", []byte("data 19")); err != nil || seq != seqs[19] {
			t.Fatalf("the same entry again: %d, %v; expected %d", seq, err, seqs[19])
		}
	}
	_, err := o.Append(ctx, "w1.part", "e0", nil) // another subject: another entry
	must(t, err)
	list := read(t, o, 0)
	if len(list) != 21 {
		t.Fatalf("%d entries; expected 21", len(list))
	}
	for i, e := range list[:20] {
		if e.Seq != seqs[i] || e.Subject != "w1" || e.ID != fmt.Sprint("e", i) || string(e.Data) != fmt.Sprint("data ", i) || e.Pending != uint64(20-i) || e.Time.IsZero() {
			t.Fatalf("entry %d: %+v", i, e)
		}
	}
	if list := read(t, j, seqs[15]); len(list) != 6 || list[0].ID != "e15" {
		t.Fatalf("from the 16th on %d entries, the first %+v", len(list), list[0])
	}
	ended, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := j.Read(ended, 0, func(bus.LogEntry) error { return nil }); err == nil {
		t.Fatal("reading ends though entries may follow")
	}
	for _, bad := range [][2]string{{"", "x"}, {"a b", "x"}, {"*", "x"}, {"w1", ""}, {"w1", "a b"}} {
		if _, err := j.Append(ctx, bad[0], bad[1], nil); err == nil {
			t.Errorf("appending %q to %q is accepted", bad[1], bad[0])
		}
	}
}

// logWriters: several processes append to one subject and to their own, while one reads.
func logWriters(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	const writers, each = 3, 25
	var wg sync.WaitGroup
	for w := range writers {
		o := s.other(t, j)
		wg.Go(func() {
			for i := range each {
				for _, subject := range []string{"all", fmt.Sprint("w", w)} {
					if _, err := o.Append(ctx, subject, fmt.Sprint(w, "-", i), nil); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	seen := map[string]bool{}
	must(t, j.Read(ctx, 0, func(e bus.LogEntry) error {
		k := e.Subject + " " + e.ID
		if seen[k] {
			return fmt.Errorf("%s came twice", k)
		}
		if seen[k] = true; len(seen) == 2*writers*each {
			return bus.ErrStop
		}
		return nil
	}))
	wg.Wait()
}

func logLarge(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 5<<16)
	_, err := j.Append(ctx, "summary", "w1", data)
	must(t, err)
	for range 2 { // reading removes nothing
		if list := read(t, s.other(t, j), 0); len(list) != 1 || !bytes.Equal(list[0].Data, data) {
			t.Fatalf("%d entries; expected one of %d bytes as appended", len(list), len(data))
		}
	}
}
