package spec

import (
	"errors"
	"strings"

	"github.com/iagoloadgen/iago/arrival"
)

// rate checks rate against what excludes it, and the closed mode.
func (c *checker) rate() {
	s := c.spec
	rated := c.given("rate") || s.Rate != Rate{}
	switch {
	case rated && len(s.Profile) > 0:
		c.problem("rate", "%v: expected no rate beside %s", s.Rate, c.the("profile"))
	case rated && s.ownRates():
		c.problem("rate", "%v: expected no rate beside %s: %s has rates of its own", s.Rate, c.the("arrival"), s.Arrival.Name)
	case len(s.Profile) > 0 && s.ownRates():
		c.problem("profile", "expected no profile beside %s: %s has rates of its own", c.the("arrival"), s.Arrival.Name)
	}
	if !s.Rate.Max {
		return
	}
	if s.Connections == 0 && !c.broken("connections") {
		c.problem("rate", "max: the closed mode needs connections, the number of requests to keep going at once")
	}
	if c.given("arrival") && !s.ownRates() {
		c.problem("arrival", "%s: expected no arrival process beside %s: the closed mode sends when an answer has come", s.Arrival, c.the("rate"))
	}
}

// ownRates says that the arrival process takes no rate and no profile.
func (s *Spec) ownRates() bool {
	for _, d := range arrival.Defs() {
		if d.Name == s.Arrival.Name {
			return d.OwnRate
		}
	}
	return false
}

// arrivals checks the arrival process and the profile, each parameter at its place.
func (c *checker) arrivals() {
	s := c.spec
	pieces := make([]arrival.Profile, len(s.Profile))
	whole := true
	for i, piece := range s.Profile {
		p, err := piece.Profile()
		c.choice(index("profile", i), piece, err)
		pieces[i], whole = p, whole && err == nil
	}
	if whole && len(pieces) > 0 {
		_, err := arrival.Sequence(pieces...)
		c.error("profile", err, "arrival: sequence: ")
	}
	var p arrival.Profile
	if !s.ownRates() {
		p, _ = arrival.NewConstant(1)
	}
	_, err := s.Arrival.Process(p, 0)
	c.choice("arrival", s.Arrival, err)
}

// choice notes what is wrong with a choice, by parameter where it is one.
func (c *checker) choice(field string, choice Choice, err error) {
	for _, e := range flatten(err) {
		if wrong, ok := errors.AsType[*arrival.ParamError](e); ok {
			c.problem(join(join(field, choice.Name), wrong.Param), "%s", wrong.Reason)
			continue
		}
		c.problem(field, "%s", strings.TrimPrefix(e.Error(), "arrival: "))
	}
}

// length checks how long the run is, and its warm-up.
func (c *checker) length() {
	s := c.spec
	if c.given("duration") && s.Duration == 0 {
		c.problem("duration", "0: expected a duration above 0, such as 30s")
	}
	c.notNegative("requests", s.Requests)
	whole := *s
	whole.Complete()
	if whole.Duration > 0 && s.Warmup >= whole.Duration && !c.broken("duration") && !c.broken("requests") {
		c.problem("warmup", "%v: expected less than %s, which is %v", s.Warmup, c.the("duration"), whole.Duration)
	}
	if s.DiscoveryWait == 0 {
		c.problem("discovery_wait", "0: expected a duration above 0, such as 30s")
	}
	if s.Timeout == 0 {
		c.problem("timeout", "0: expected a duration above 0, such as 30s")
	} else if s.ConnectTimeout > s.Timeout && !c.broken("timeout") {
		c.problem("connect_timeout", "%v: expected at most %s, which is %v and includes connecting", s.ConnectTimeout, c.the("timeout"), s.Timeout)
	}
}
