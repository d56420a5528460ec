package discovery

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// Options reads the part of an address behind its question mark. Each method names an option and says what it is when left out; at
// the end [Options.Err] tells of all values that are wrong, and of options that nobody asked for.
type Options struct {
	address string
	values  url.Values
	known   []string
	errs    []error
}

// Options begins to read the address's options.
func (a Address) Options() *Options { return &Options{address: a.String(), values: a.query} }

func (o *Options) take(name string) (value string, ok bool) {
	o.known = append(o.known, name)
	switch list := o.values[name]; len(list) {
	case 0:
		return "", false
	case 1:
		return list[0], true
	default:
		o.wrong(name, "given %d times", len(list))
		return "", false
	}
}

func (o *Options) wrong(name, format string, args ...any) {
	o.errs = append(o.errs, fmt.Errorf("option %s: "+format, append([]any{name}, args...)...))
}

// Text is an option's value as it stands, or def.
func (o *Options) Text(name, def string) string {
	if v, ok := o.take(name); ok {
		return v
	}
	return def
}

// Duration is an option such as 500ms or 10s, at least least.
func (o *Options) Duration(name string, def, least time.Duration) time.Duration {
	v, ok := o.take(name)
	if !ok {
		return def
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least {
		o.wrong(name, "%q; expected a time of at least %v, such as %v", v, least, def)
		return def
	}
	return d
}

// Bool is an option that is true or false; false when left out.
func (o *Options) Bool(name string) bool {
	v, ok := o.take(name)
	if !ok {
		return false
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		o.wrong(name, "%q; expected true or false", v)
	}
	return b
}

// Err is everything that is wrong with the options, joined; call it when all have been read.
func (o *Options) Err() error {
	for name := range o.values {
		if !slices.Contains(o.known, name) {
			o.errs = append(o.errs, o.unknown(name))
		}
	}
	if len(o.errs) == 0 {
		return nil
	}
	slices.SortFunc(o.errs, func(a, b error) int { return compareText(a.Error(), b.Error()) })
	return fmt.Errorf("discovery: address %s: %w", o.address, errors.Join(o.errs...))
}

func (o *Options) unknown(name string) error {
	if hint := suggest.DidYouMean(name, o.known); hint != "" || len(o.known) == 0 {
		return fmt.Errorf("option %s is not known%s", name, hint)
	}
	return fmt.Errorf("option %s is not known; known are %q", name, o.known)
}
