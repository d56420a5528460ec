package arrival

import (
	"errors"
	"fmt"
)

// Process is an arrival process: a law and a rate for it. It is safe for concurrent use.
type Process struct {
	// NewLaw returns a fresh law; always one with the same gaps.
	NewLaw  func() Law
	Profile Profile
	Text    string // in words, for reports: "poisson, 1000/s"
	OwnRate bool   // its rates are its own, not the caller's
}

// Schedule makes a schedule of p with a fresh law; always one with the same due times.
func (p Process) Schedule(limit Limit) *Schedule { return New(p.NewLaw(), p.Profile, limit) }

// Split returns the share of worker i of n, who need not talk to each other: see [Split]. It panics unless 0 ≤ i < n.
func (p Process) Split(i, n int) Process {
	checkPart("part", i, n)
	whole := p.NewLaw
	p.NewLaw = func() Law { return Split(whole(), i, n) }
	return p
}

// Parse makes the process of a text like "poisson" or "gamma:shape=0.5" at a constant rate in arrivals per second.
// A process that has rates of its own ignores rate; it is up to the caller to refuse one (see [Process].OwnRate).
// Errors say what is wrong with which parameter, and what was expected; all of them at once.
func Parse(text string, rate float64, seed uint64) (Process, error) {
	c, err := ParseCall(text)
	if err != nil {
		return Process{}, err
	}
	d, err := processes.find(c.Name)
	if err != nil {
		return Process{}, err
	}
	if d.OwnRate {
		return c.Process(nil, seed)
	}
	if rate == 0 {
		return Process{}, fmt.Errorf("arrival: %s: no rate; expected one above 0, for example 1000/s", c.Name)
	}
	p, err := NewConstant(rate)
	if err != nil {
		return Process{}, err
	}
	return c.Process(p, seed)
}

// ParseProfile makes the profile of a text like "ramp:from=0/s,to=1000/s,for=30s". Put several into a [Sequence].
func ParseProfile(text string) (Profile, error) {
	c, err := ParseCall(text)
	if err != nil {
		return nil, err
	}
	return c.Profile()
}

// Process makes the registered process of that name. p is the profile for its law: nil for a process with rates of
// its own, and only for such a one. The same call, profile and seed make the same process.
func (c Call) Process(p Profile, seed uint64) (Process, error) {
	d, err := processes.find(c.Name)
	if err != nil {
		return Process{}, err
	}
	args, err := decode(c.Name, d.Params, c.Params)
	switch {
	case d.OwnRate && p != nil:
		err = errors.Join(err, fmt.Errorf("arrival: %s has rates of its own; expected no rate or profile beside it", c.Name))
	case !d.OwnRate && p == nil:
		err = errors.Join(err, fmt.Errorf("arrival: %s has no rate of its own; expected a rate or a profile beside it", c.Name))
	}
	if err != nil {
		return Process{}, err
	}
	args.Profile, args.Seed = p, seed
	out, err := d.Build(args)
	if err != nil {
		return Process{}, err
	}
	if out.Profile == nil {
		out.Profile = p
	}
	if out.NewLaw == nil || out.Profile == nil {
		return Process{}, fmt.Errorf("arrival: %s: its Build returned no law or no profile", c.Name)
	}
	out.Text, out.OwnRate = c.String()+", "+describe(out.Profile), d.OwnRate
	return out, nil
}

// Profile makes the registered profile of that name.
func (c Call) Profile() (Profile, error) {
	d, err := profiles.find(c.Name)
	if err != nil {
		return nil, err
	}
	args, err := decode(c.Name, d.Params, c.Params)
	if err != nil {
		return nil, err
	}
	p, err := d.Build(args)
	if err == nil && p == nil {
		err = fmt.Errorf("arrival: %s: its Build returned no profile", c.Name)
	}
	return p, err
}
