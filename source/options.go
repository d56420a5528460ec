package source

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// DefaultMaxLine is the longest line that is read unless [Options] says otherwise, in bytes without the line's end.
const DefaultMaxLine = 1 << 20

// Options say what [Open] reads, and how.
type Options struct {
	// Path is the file; "-" is standard input.
	Path string
	// Stdin is what "-" reads. nil: os.Stdin.
	Stdin io.Reader
	// Format is the name of a registered format. Empty: guessed from the first lines.
	Format string
	// Lines says that the entries are lines of text for a protocol of commands, not of paths: a format that is not named is then
	// jsonl if the first line is a JSON object, and lines otherwise.
	Lines bool
	// Columns name the columns of the formats csv and tsv, the first ones first; "" leaves the name that the format gives.
	Columns []string
	// Loop starts over at the file's end. Standard input, pipes and devices cannot be read twice: they end all the same,
	// and Stats.Loops stays 0.
	Loop bool
	// Skip is how many good records are left out at the beginning of each pass. They count as filtered.
	Skip int64
	// Limit is how many records are handed out in all, over all passes. 0: no limit.
	Limit int64
	// MaxLine bounds a line's length, in bytes without its end. A longer line is bad: it is skipped to its end.
	// 0: DefaultMaxLine.
	MaxLine int
}

// check returns all that is wrong with o, joined.
func (o *Options) check() error {
	var errs []error
	if o.Path == "" {
		errs = append(errs, errors.New(`source: path: it is empty; give a file, or "-" for standard input`))
	}
	if o.Skip < 0 {
		errs = append(errs, fmt.Errorf("source: skip: %d is negative; give a number of records, or 0", o.Skip))
	}
	if o.Limit < 0 {
		errs = append(errs, fmt.Errorf("source: limit: %d is negative; give a number of records, or 0 for all", o.Limit))
	}
	if o.MaxLine < 0 || o.MaxLine > math.MaxInt32 {
		errs = append(errs, fmt.Errorf("source: max_line: %d: expected 1 to %d bytes, or 0 for %d", o.MaxLine, math.MaxInt32, DefaultMaxLine))
	}
	return errors.Join(errs...)
}
