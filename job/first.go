package job

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/expr"
	"github.com/iagoloadgen/iago/source"
)

// tryMost is how many records are tried at most before the run, while all are bad.
const tryMost = 100

// tryFirst makes a request of the first records, until one is good, so that what fits none of them is told before anything is sent. The
// records that were read are handed out again.
func (j *Job) tryFirst() error {
	ahead := &readAhead{Source: j.source}
	j.config.Source = ahead
	trial, err := j.trial()
	if err != nil || trial == nil {
		return err
	}
	var faults []string
	for line := int64(0); len(ahead.first) < tryMost; {
		rec := new(load.Record)
		if err := j.source.Read(rec); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		ahead.first = append(ahead.first, rec)
		err := j.tryOne(trial, rec)
		if err == nil || errors.Is(err, processor.ErrFiltered) {
			return nil
		}
		if rec.File == "" { // made, not read: the next would be the same
			return fmt.Errorf("job: %w", err)
		}
		if rec.Line <= line { // from the start again
			break
		}
		line = rec.Line
		faults = append(faults, fmt.Sprintf("%s:%d: %v", rec.File, rec.Line, err))
	}
	if len(faults) == 0 {
		return nil
	}
	return &engine.NoRequestsError{Records: int64(len(faults)), First: faults[:min(3, len(faults))]}
}

// trial is a second processor like the run's, which must begin with the first record; nil: there is no telling, because it may
// have effects.
func (j *Job) trial() (processor.Processor, error) {
	if j.config.Stage != nil || j.options.Processor != nil || j.spec.Processor.Name != "" {
		return nil, nil
	}
	p, err := j.configured()
	if err != nil {
		return nil, err
	}
	if conf := j.spec.Expressions(); !conf.IsZero() {
		return expr.New(conf, p, j.seed, func(string, ...any) {})
	}
	return p, nil
}

// tryOne makes and encodes the requests of rec.
func (j *Job) tryOne(p processor.Processor, rec *load.Record) error {
	var made []*load.Request
	err := p.Process(rec, func() *load.Request {
		made = append(made, new(load.Request))
		return made[len(made)-1]
	})
	for _, req := range made {
		if err == nil {
			_, err = j.config.Codec.AppendRequest(nil, req, &j.config.Targets[0])
		}
		if err == nil && j.config.Preface != nil {
			_, err = j.config.Preface(nil, req, netip.AddrPort{})
		}
	}
	return err
}

// readAhead hands out records that were read before the run, then the others.
type readAhead struct {
	source.Source
	first []*load.Record
}

// Read implements source.Source.
func (s *readAhead) Read(r *load.Record) error {
	if len(s.first) == 0 {
		return s.Source.Read(r)
	}
	*r, s.first = *s.first[0], s.first[1:]
	return nil
}
