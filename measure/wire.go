package measure

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/load"
)

// An interval on the wire begins with a version. Then come its numbers in a fixed order, statuses and names with their numbers,
// and histograms, each list with its length before it. Everything that is empty, as most is in most seconds, takes a byte.
const wireIntervalVersion = 1

// AppendInterval appends iv in a compact form, the same for the same content, which [DecodeInterval] reads in another process.
// name gives a label's name by its number: numbers mean something within a run only.
func AppendInterval(dst []byte, iv *Interval, name func(number int) string) []byte {
	dst = binary.AppendVarint(append(dst, wireIntervalVersion), int64(iv.Index))
	dst = binary.AppendUvarint(dst, iv.InFlightTime)
	dst = binary.AppendUvarint(dst, iv.AttemptTime)
	dst = appendNumbers(dst, iv.numbers()...)
	dst = appendNumbers(dst, iv.Requests.numbers()...)
	dst = appendNumbers(dst, iv.Followups.numbers()...)
	dst = appendStatuses(dst, &iv.Status)
	for _, m := range iv.counts() {
		dst = appendCounts(dst, *m)
	}
	dst = binary.AppendUvarint(dst, uint64(len(iv.Checks)))
	for _, name := range slices.Sorted(maps.Keys(iv.Checks)) {
		c := iv.Checks[name]
		dst = appendNumbers(appendText(dst, name), &c.Passed, &c.Failed)
	}
	for _, h := range iv.histograms() {
		dst = h.appendWire(dst)
	}
	return appendLabels(dst, iv.Labels, name)
}

// DecodeInterval replaces iv's content by what [AppendInterval] wrote; iv, as [NewInterval] gives it, can be used again and
// again for its memory. number gives the number that a label has here; several may have the same, and add up. It is not to keep
// the name's bytes. Below 0 it refuses, which is an error: what a label takes in memory, some 3 kB at least, is more than its bytes.
// After an error iv is empty. No part of b is kept.
func DecodeInterval(iv *Interval, b []byte, number func(name []byte) int) error {
	iv.Reset()
	r := wireReader{b: b}
	r.version(wireIntervalVersion)
	r.interval(iv, number)
	err := r.end("interval")
	if err != nil {
		iv.Reset()
	}
	return err
}

func (r *wireReader) interval(iv *Interval, number func(name []byte) int) {
	iv.Index = int(r.varint())
	iv.InFlightTime, iv.AttemptTime = r.uvarint(), r.uvarint()
	r.numbers(iv.numbers()...)
	r.numbers(iv.Requests.numbers()...)
	r.numbers(iv.Followups.numbers()...)
	r.statuses(&iv.Status)
	for _, m := range iv.counts() {
		r.each(func() {
			name := string(r.text())
			(*m)[name] += r.varint()
		})
	}
	r.each(func() {
		name := string(r.text())
		c := iv.Checks[name]
		r.numbers(&c.Passed, &c.Failed)
		iv.Checks[name] = c
	})
	for _, h := range iv.histograms() {
		r.histogram(h)
	}
	r.labels(iv, number)
}

// The parts of an interval in their order on the wire. A new one needs a new version.

func (i *Interval) numbers() []*int64 {
	return []*int64{
		&i.Start, &i.End, &i.ServerErrors, &i.BytesSent, &i.BytesReceived, &i.MaxInFlight, &i.InFlightEnd, &i.WaitingEnd,
		&i.MaxConnections, &i.DescriptorWaits, &i.CheckFail, &i.Unseen, &i.Datagrams.Late, &i.Datagrams.Duplicate, &i.Datagrams.Unmatched,
		&i.Arrivals,
	}
}

func (r *Requests) numbers() []*int64 {
	return []*int64{
		&r.Scheduled, &r.Sent, &r.Completed, &r.Failed, &r.TimedOut, &r.Dropped, &r.Starved, &r.Unsent, &r.InFlight, &r.Lost,
	}
}

func (f *Followups) numbers() []*int64 { return append(f.Requests.numbers(), &f.Refused, &f.Bad) }

func (i *Interval) counts() []*map[string]int64 {
	return []*map[string]int64{&i.Errors, &i.DroppedBy, &i.UnsentBy, &i.Followups.Status, &i.Followups.Errors}
}

func (t *Times) histograms() []*Histogram {
	return []*Histogram{&t.Latency, &t.Lateness, &t.Wait, &t.Service}
}

func (i *Interval) histograms() []*Histogram {
	return append(append(i.Times.histograms(), i.Warmup.histograms()...), &i.Followups.Latency)
}

func appendCounts(dst []byte, m map[string]int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		dst = binary.AppendVarint(appendText(dst, name), m[name])
	}
	return dst
}

type statusCounts = [load.MaxStatus + 1]int64 // of Interval.Status

// appendStatuses writes those statuses that there were, each by its distance from the one before.
func appendStatuses(dst []byte, counts *statusCounts) []byte {
	n := 0
	for _, c := range counts {
		if c != 0 {
			n++
		}
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	last := 0
	for s, c := range counts {
		if c != 0 {
			dst = binary.AppendUvarint(dst, uint64(s-last))
			dst = binary.AppendVarint(dst, c)
			last = s
		}
	}
	return dst
}

func (r *wireReader) statuses(counts *statusCounts) {
	last := 0
	r.each(func() {
		d := r.uvarint()
		if d >= uint64(len(counts)-last) {
			r.fail(errStatus)
			return
		}
		last += int(d)
		counts[last] += r.varint()
	})
}

// appendLabels writes the labels in the order of their names: their numbers depend on what came first.
func appendLabels(dst []byte, labels []*Label, name func(int) string) []byte {
	type named struct {
		name string
		*Label
	}
	var list []named
	for n, l := range labels {
		if l != nil {
			list = append(list, named{name(n), l})
		}
	}
	slices.SortStableFunc(list, func(a, b named) int { return strings.Compare(a.name, b.name) })
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, l := range list {
		dst = l.appendWire(appendText(dst, l.name))
	}
	return dst
}
