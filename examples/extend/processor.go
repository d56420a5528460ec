package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

func init() {
	processor.Register(processor.Def{
		Name: "retell", Summary: "sends each record, checks that it came back, and sends some of them again",
		Settings: func() processor.Settings { return &retelling{Share: 0.1, Think: 20 * time.Millisecond, Heavy: 1000} },
	})
}

// retelling is the section "retell" of a spec's processor.
type retelling struct {
	Share float64       `yaml:"share"` // of the answers that are followed by the same request once more
	Think time.Duration `yaml:"think"` // how long after the answer
	Heavy int           `yaml:"heavy"` // a body of more bytes takes two arrivals
}

// Validate implements processor.Settings.
func (s *retelling) Validate() error {
	if s.Share < 0 || s.Share > 1 {
		return fmt.Errorf("share: %v: expected a number between 0 and 1", s.Share)
	}
	return nil
}

// NewProcessor implements processor.Settings.
func (s *retelling) NewProcessor(env processor.Env) (processor.Processor, error) {
	return &retell{retelling: *s, rng: rand.New(rand.NewPCG(env.Seed, 1))}, nil
}

// retell implements processor.Responder. Process and Respond are called by different goroutines; rng is Respond's alone.
type retell struct {
	retelling
	rng *rand.Rand
}

// Process makes one request of a record.
func (p *retell) Process(rec *load.Record, add func() *load.Request) error {
	if len(rec.Raw) == 0 {
		return processor.ErrFiltered
	}
	req := add()
	req.URI, req.Body, req.Label = req.Keep(rec.URI), req.Keep(rec.Body), "small"
	if len(rec.Body) == 0 {
		req.Body = req.Keep(rec.Raw)
	}
	if len(req.Body) > p.Heavy {
		req.Label, req.Weight = "heavy", 2
	}
	return nil
}

// Respond sees every answer, and every request that got none.
func (p *retell) Respond(x *processor.Exchange) {
	if x.Cause != "" {
		return
	}
	x.Check("came back", bytes.Equal(x.Response.Content, x.Request.Body))
	if x.Depth == 0 && p.rng.Float64() < p.Share {
		again := x.FollowUp(p.Think)
		again.Body, again.Label = again.Keep(x.Request.Body), "again"
	}
}
