package source

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
)

// part is what Skip and Limit leave of a source of any kind. Records are skipped once, not in each pass: where a pass begins, only the
// source itself knows.
type part struct {
	Source
	limit   int64 // 0: none
	skipped int64
	first   *load.Record // the first that is not skipped, until it is handed out
	read    atomic.Int64
	err     error // final
}

// newPart skips the first records of s.
func newPart(s Source, o *Options) (Source, error) {
	if o.Skip == 0 && o.Limit == 0 {
		return s, nil
	}
	p := &part{Source: s, limit: o.Limit}
	if o.Skip == 0 {
		return p, nil
	}
	p.first = new(load.Record)
	for n := range o.Skip + 1 {
		err := s.Read(p.first)
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("source: %s: nothing is left: it has %d records, the first %d are skipped", o.Path, n, o.Skip)
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	p.skipped = o.Skip
	return p, nil
}

// Read implements Source.
func (p *part) Read(r *load.Record) error {
	switch {
	case p.err != nil:
		return p.err
	case p.limit > 0 && p.read.Load() == p.limit:
		p.err = io.EOF
	case p.first != nil:
		*r, p.first = *p.first, nil
	default:
		p.err = p.Source.Read(r)
	}
	if p.err == nil {
		p.read.Add(1)
	}
	return p.err
}

// Stats implements Source.
func (p *part) Stats() Stats {
	s := p.Source.Stats()
	s.Read, s.Filtered = p.read.Load(), s.Filtered+p.skipped
	return s
}

// Close implements Source.
func (p *part) Close() error {
	p.err = errClosed
	return p.Source.Close()
}
