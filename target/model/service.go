package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Service is a distribution of service times: how long one server works on one request.
// It has no state of its own, so it is safe for concurrent use as long as the generators given to Draw are.
type Service interface {
	// Draw returns one service time. Below 0 counts as 0, above a day as a day.
	Draw(r *rand.Rand) time.Duration
	// String returns the text that [ParseService] makes the same Service of.
	String() string
}

// longest bounds service times and the times of faults, so that sums of them stay far from overflowing.
const longest = 24 * time.Hour

type (
	// None takes no time.
	None struct{}
	// Constant always takes Time.
	Constant struct{ Time time.Duration }
	// Exponential has the given mean; with Poisson arrivals and one server it makes M/M/1.
	Exponential struct{ Mean time.Duration }
	// Lognormal is Median·exp(Sigma·Z) with Z standard normal; its mean is Median·exp(Sigma²/2).
	Lognormal struct {
		Median time.Duration
		Sigma  float64
	}
	// Bimodal takes Slow with probability Share, and Fast otherwise.
	Bimodal struct {
		Fast, Slow time.Duration
		Share      float64
	}
)

// Draw returns 0.
func (None) Draw(*rand.Rand) time.Duration { return 0 }

// Draw returns the constant.
func (c Constant) Draw(*rand.Rand) time.Duration { return c.Time }

// Draw returns an exponential variate.
func (e Exponential) Draw(r *rand.Rand) time.Duration {
	return bounded(r.ExpFloat64() * float64(e.Mean))
}

// Draw returns a lognormal variate.
func (l Lognormal) Draw(r *rand.Rand) time.Duration {
	return bounded(float64(l.Median) * math.Exp(l.Sigma*r.NormFloat64()))
}

// Draw returns one of the two times.
func (b Bimodal) Draw(r *rand.Rand) time.Duration {
	if r.Float64() < b.Share {
		return b.Slow
	}
	return b.Fast
}

func bounded(ns float64) time.Duration {
	if ns < float64(longest) {
		return time.Duration(math.Round(ns))
	}
	return longest
}

func (None) String() string          { return "none" }
func (c Constant) String() string    { return "constant:" + c.Time.String() }
func (e Exponential) String() string { return "exp:mean=" + e.Mean.String() }

func (l Lognormal) String() string {
	return fmt.Sprintf("lognormal:median=%s,sigma=%s", l.Median, strconv.FormatFloat(l.Sigma, 'g', -1, 64))
}

func (b Bimodal) String() string {
	return fmt.Sprintf("bimodal:fast=%s,slow=%s,share=%s", b.Fast, b.Slow, formatShare(b.Share))
}

func formatShare(f float64) string { return strconv.FormatFloat(f*100, 'g', 12, 64) + "%" }

// ParseService reads a service time as it is written on a command line:
//
//	none                                      no time at all (also: the empty text)
//	constant:1ms
//	exp:mean=1ms                              also exponential
//	lognormal:median=1ms,sigma=0.5
//	bimodal:fast=1ms,slow=100ms,share=1%      share of the slow ones
//
// The error names the text, the parameter and what was expected.
func ParseService(text string) (Service, error) {
	if strings.TrimSpace(text) == "" {
		return None{}, nil
	}
	p, err := parseParams("service", text)
	if err != nil {
		return nil, err
	}
	parse, ok := map[string]func(*params) (Service, error){
		"none":        parseNone,
		"constant":    parseConstant,
		"exp":         parseExponential,
		"exponential": parseExponential,
		"lognormal":   parseLognormal,
		"bimodal":     parseBimodal,
	}[p.name]
	if !ok {
		return nil, p.errorf("unknown distribution, expected none, constant, exp, lognormal or bimodal")
	}
	return parse(p)
}

func parseNone(p *params) (Service, error) { return None{}, p.known() }

func parseConstant(p *params) (Service, error) {
	if err := p.known("time"); err != nil {
		return nil, err
	}
	d, err := p.duration("time", true)
	return Constant{d}, err
}

func parseExponential(p *params) (Service, error) {
	if err := p.known("mean"); err != nil {
		return nil, err
	}
	d, err := p.duration("mean", true)
	return Exponential{d}, err
}

func parseLognormal(p *params) (Service, error) {
	if err := p.known("median", "sigma"); err != nil {
		return nil, err
	}
	median, err := p.duration("median", true)
	if err != nil {
		return nil, err
	}
	sigma, err := p.number("sigma")
	if err == nil && (!(sigma >= 0) || sigma > 10) {
		err = p.errorf("sigma: %g is not between 0 and 10", sigma)
	}
	return Lognormal{median, sigma}, err
}

func parseBimodal(p *params) (Service, error) {
	if err := p.known("fast", "slow", "share"); err != nil {
		return nil, err
	}
	fast, err := p.duration("fast", true)
	if err != nil {
		return nil, err
	}
	slow, err := p.duration("slow", true)
	if err != nil {
		return nil, err
	}
	share, err := p.share("share", true)
	return Bimodal{fast, slow, share}, err
}
