package spec

import (
	"math"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/discovery"
)

// The defaults of a run that says nothing else.
const (
	defaultRate     = 100
	defaultDuration = 10 * second
)

// Complete fills in the defaults that depend on other fields: the name, the rate and the duration. It is called when all
// fields have been set, and changes nothing the second time.
func (s *Spec) Complete() {
	if s.Name == "" {
		s.Name = s.defaultName()
	}
	if s.Rate == (Rate{}) && len(s.Profile) == 0 && !s.ownRates() {
		s.Rate.PerSecond = defaultRate
	}
	if s.Records.File == "-" { // it cannot be read twice, and whoever reads this spec again must not think that it is to be
		s.Records.Loop = false
	}
	if s.Duration == 0 && s.Requests == 0 && !s.ends() {
		s.Duration = defaultDuration
	}
}

// ends says that the profile ends by itself.
func (s *Spec) ends() bool {
	if s.Rate.Max {
		return false
	}
	p, err := s.Process(0)
	return err == nil && !math.IsInf(arrival.Length(p.Profile), 1)
}

// Process returns the arrival process of an open run: the law, at the rate or the profile. Seed is the seed to use if s has
// none. The error is that of the first thing wrong, which [Spec.Validate] shows in full.
func (s *Spec) Process(seed uint64) (arrival.Process, error) {
	if s.Seed != nil {
		seed = *s.Seed
	}
	if s.ownRates() {
		return s.Arrival.Process(nil, seed)
	}
	profile, err := s.profile()
	if err != nil {
		return arrival.Process{}, err
	}
	return s.Arrival.Process(profile, seed)
}

// profile returns the rate over time that rate or profile ask for.
func (s *Spec) profile() (arrival.Profile, error) {
	if len(s.Profile) == 0 {
		return arrival.NewConstant(s.Rate.PerSecond)
	}
	pieces := make([]arrival.Profile, len(s.Profile))
	for i, piece := range s.Profile {
		p, err := piece.Profile()
		if err != nil {
			return nil, err
		}
		pieces[i] = p
	}
	if len(pieces) == 1 {
		return pieces[0], nil
	}
	return arrival.Sequence(pieces...)
}

const maxName = 100

// unnamed is what a name may not hold.
var unnamed = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// hostOrService is a target's host, or for one that is discovered the last part of its path, or the first host.
func hostOrService(text string) string {
	if _, address, ok := discovery.SplitTarget(text); ok {
		a, err := discovery.ParseAddress(strings.SplitN(address, "#", 2)[0])
		switch base := path.Base(a.Path); {
		case err != nil:
		case base != "." && base != "/":
			return base
		case len(a.Hosts) > 0:
			return a.Hosts[0]
		}
		return ""
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// defaultName is made of the spec file's name, or of the first target's host.
func (s *Spec) defaultName() string {
	base := strings.TrimSuffix(filepath.Base(s.file), filepath.Ext(s.file))
	if s.file == "" {
		base = ""
		if urls := s.urls(); len(urls) > 0 {
			base = hostOrService(urls[0])
		}
	}
	name := strings.Trim(unnamed.ReplaceAllString(base, "-"), "-")
	if name == "" {
		return "run"
	}
	return name[:min(len(name), maxName)]
}
