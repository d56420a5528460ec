package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// NoRequestsError says that no request could be made of any of the first records, so that nothing was sent.
type NoRequestsError struct {
	Records int64    // that were read
	First   []string // the first ones' faults: "calls.jsonl:1: …"
}

func (e *NoRequestsError) Error() string {
	return fmt.Sprintf("no request could be made of any of the first %d records:\n  %s", e.Records, strings.Join(e.First, "\n  "))
}

// hopelessAfter is how many bad records at the beginning, with no good one among them, end a run before it begins.
const hopelessAfter = 100

// prime waits until enough is ready to begin, within limits.
func (p *producer) prime(ctx context.Context) {
	began := time.Now()
	select {
	case <-p.primed:
	case <-time.After(primeWait):
	case <-ctx.Done():
	}
	if p.e.cfg.Stage == nil {
		return
	}
	look := time.NewTicker(primeWait / 200)
	defer look.Stop()
	for ctx.Err() == nil && p.good.Load()+p.bad.Load() == 0 && time.Since(began) < stageWait {
		select {
		case <-p.done:
			return
		case <-look.C:
		}
	}
}

// fruitless tells whether records were read and all of them were bad.
func (p *producer) fruitless() error {
	bad := p.bad.Load()
	if bad == 0 || p.good.Load() > 0 {
		return nil
	}
	select {
	case <-p.done:
	default:
		if bad < hopelessAfter {
			return nil
		}
	}
	p.firstMu.Lock()
	defer p.firstMu.Unlock()
	return &NoRequestsError{Records: bad, First: p.first}
}
