package source

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/iagoloadgen/iago/load"
)

// Formatted is what sources that read a [Format] can tell besides: its name, given or guessed. Those of [Open] do.
type Formatted interface {
	Format() string
}

// Open opens the source at o.Path: that of a registered [Kind], or the lines of a file. It recognizes the file's compression and
// format, and reads up to its first record, so that a source without any is found before the first request is sent. It waits
// for standard input until then.
func Open(o Options) (Source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	k, named, err := KindOf(o.Path)
	switch {
	case err != nil:
		return nil, err
	case named:
		return openKind(k, &o)
	}
	return openLines(o)
}

// openKind opens a source of a kind of its own.
func openKind(k Kind, o *Options) (Source, error) {
	whole := *o
	whole.Skip, whole.Limit = 0, 0
	s, err := k.Open(whole)
	if err != nil {
		return nil, err
	}
	return newPart(s, o)
}

// openLines opens a source of lines.
func openLines(o Options) (Source, error) {
	if o.MaxLine == 0 {
		o.MaxLine = DefaultMaxLine
	}
	in, err := openInput(&o)
	if err != nil {
		return nil, err
	}
	s := &lineSource{
		o: o, in: in, unpack: newUnpacker(in), lines: newLineReader(o.MaxLine),
		tooLong: fmt.Errorf("longer than %d bytes", o.MaxLine),
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// lineSource is the Source of Open.
type lineSource struct {
	o      Options
	in     *input
	unpack *unpacker
	lines  *lineReader
	format Format
	first  *load.Record // found by Open and not yet handed out
	pass   pass
	count  counter
	err    error // final

	tooLong error // the fault of a line beyond MaxLine
}

// pass is what has been met since the source was last started over.
type pass struct {
	good, bad int64
	first     []string // bad lines before the first good one
}

var errClosed = errors.New("source: read after Close")

// open finds the format and the first record.
func (s *lineSource) open() (err error) {
	if err = s.unpack.start(); err != nil {
		return err
	}
	s.lines.start(s.unpack)
	switch {
	case s.o.Format == "" && s.o.Lines:
		s.format, err = guessLines(s.lines.buf)
	case s.o.Format == "":
		s.format, err = guess(s.in.name, s.lines.buf)
	default:
		s.format, err = formatNamed(s.o.Format)
	}
	if err != nil {
		return err
	}
	s.first = new(load.Record)
	return s.next(s.first)
}

// Format implements Formatted.
func (s *lineSource) Format() string { return s.format.Name }

// Stats implements Source.
func (s *lineSource) Stats() Stats { return s.count.stats() }

// Read implements Source.
func (s *lineSource) Read(r *load.Record) error {
	switch {
	case s.err != nil:
		return s.err
	case s.o.Limit > 0 && s.count.read.Load() == s.o.Limit:
		s.err = io.EOF
	case s.first != nil:
		*r, s.first = *s.first, nil
	default:
		s.err = s.next(r)
	}
	if s.err == nil {
		s.count.read.Add(1)
	}
	return s.err
}

// name gives the record's columns the names that the options have for them.
func (s *lineSource) name(r *load.Record) {
	for i := range min(len(r.Fields), len(s.o.Columns)) {
		if column := s.o.Columns[i]; column != "" {
			r.Fields[i].Name = append(r.Fields[i].Name[:0], column...)
		}
	}
}

// next fills r with the next record that is not skipped, of this pass or, where the source loops, a further one.
func (s *lineSource) next(r *load.Record) error {
	for {
		switch ok, err := s.scan(r); {
		case ok:
			if s.pass.good++; s.pass.good > s.o.Skip {
				return nil
			}
			s.count.filtered.Add(1)
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case err != nil:
			if err := s.endPass(); err != nil {
				return err
			}
		}
	}
}

// scan reads a line. !ok with a nil error is a line that is no record.
func (s *lineSource) scan(r *load.Record) (ok bool, err error) {
	line, whole, err := s.lines.next()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			err = atLine(err, s.lines.num)
		}
		return false, err
	}
	if whole && s.format.ignores(line) {
		return false, nil
	}
	r.Reset()
	r.File, r.Line = s.in.name, s.lines.num
	var fault error
	if whole {
		r.Raw = append(r.Raw, line...)
		if fault = s.format.Parse(line, r); fault == nil {
			s.name(r)
		}
	} else {
		fault = s.tooLong
	}
	if fault != nil {
		s.countBad(line, fault)
	}
	return fault == nil, nil
}

// atLine says how far a pass came before err broke it.
func atLine(err error, whole int64) error {
	return fmt.Errorf("%w (in or after line %d)", err, whole+1)
}

func (s *lineSource) countBad(line []byte, fault error) {
	n := s.count.bad.Add(1)
	s.pass.bad++
	ever, here := n <= badShown, s.pass.good == 0 && s.pass.bad <= badShown
	if !ever && !here {
		return
	}
	message := badLine(s.in.name, s.lines.num, s.format.Name, line, fault)
	if ever {
		s.count.show(message)
	}
	if here {
		s.pass.first = append(s.pass.first, message)
	}
}

// endPass starts the source over, or returns io.EOF where it does not loop. A pass without records is an error.
func (s *lineSource) endPass() error {
	if s.pass.good <= s.o.Skip {
		return s.noRecords()
	}
	if !s.o.Loop || !s.in.repeatable() {
		return io.EOF
	}
	if err := s.in.rewind(); err != nil {
		return err
	}
	if err := s.unpack.start(); err != nil {
		return err
	}
	s.lines.start(s.unpack)
	s.pass = pass{first: s.pass.first[:0]}
	s.count.loops.Add(1)
	return nil
}

func (s *lineSource) noRecords() error {
	where := "source: " + s.in.name
	if n := s.count.loops.Load(); n > 0 {
		where += fmt.Sprintf(": pass %d", n+1)
	}
	switch {
	case s.pass.good > 0:
		return fmt.Errorf("%s: nothing is left: it has %d records, the first %d are skipped", where, s.pass.good, s.o.Skip)
	case s.lines.num == 0:
		return fmt.Errorf("%s: is empty; give a file of records", where)
	case s.pass.bad == 0:
		return fmt.Errorf("%s: no records in its %d lines, which are all empty or comments", where, s.lines.num)
	}
	return fmt.Errorf("%s: no records: %d lines read, %d of them bad:\n  %s",
		where, s.lines.num, s.pass.bad, strings.Join(s.pass.first, "\n  "))
}

// Close implements Source.
func (s *lineSource) Close() error {
	if errors.Is(s.err, errClosed) {
		return nil
	}
	s.err = errClosed
	s.unpack.close()
	return s.in.Close()
}
