package transporttest

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// batch is how many requests are looked at together where allocations are counted. One in perAllocation requests may have one: that
// is the runtime's, or memory that grows for the last time.
const (
	batch         = 200
	perAllocation = 20
)

// allocations: in steady state neither requests nor answers cost one.
func (s *suite) allocations() error {
	return errors.Join(s.requestAllocations(), s.answerAllocations())
}

func (s *suite) requestAllocations() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	reqs := make([]load.Request, batch)
	for i := range reqs {
		s.Request(&reqs[i], i)
	}
	target, dst := s.target(), make([]byte, 0, 64<<10)
	encode := func() {
		for i := range reqs {
			if _, err2 := codec.AppendRequest(dst, &reqs[i], target); err2 != nil {
				err = err2
			}
		}
	}
	encode()
	if n := testing.AllocsPerRun(1, encode); err == nil && n > batch/perAllocation {
		return fmt.Errorf("AppendRequest: %v allocations for %d requests; want none", n, batch)
	}
	return err
}

func (s *suite) answerAllocations() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	n := batch
	if s.sequential {
		n = 1
	}
	// Three rounds: for the memory that a connection keeps, for AllocsPerRun's own first call, and the one that counts.
	d, err := s.talk(codec, 0, 3*n)
	if err != nil {
		return err
	}
	at, resp := 0, load.Response{}
	round := func() {
		for range n {
			if err2 := d.readOne(at, &resp); err2 != nil && err == nil {
				err = fmt.Errorf("answer %d: %w", at, err2)
			}
			at++
		}
	}
	round()
	if k := testing.AllocsPerRun(1, round); err == nil && k > float64(n)/perAllocation {
		return fmt.Errorf("Start and Parse: %v allocations for %d answers; want none", k, n)
	}
	return err
}

// memory: what a codec keeps does not grow with the requests that it has had.
func (s *suite) memory() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	const perRequest, slack = 8, 128 << 10
	n := s.few(20_000)
	have := func(first, n int) error {
		for i := 0; i < n; i += 50 {
			if err := s.converse(codec, first+i, 50); err != nil {
				return err
			}
		}
		return nil
	}
	if err := have(0, 500); err != nil {
		return err
	}
	before := heap()
	if err := have(1000, n); err != nil {
		return err
	}
	after := heap()
	runtime.KeepAlive(codec)
	if grown := after - before; grown > int64(n)*perRequest+slack {
		return fmt.Errorf("%d requests and answers left %d bytes in memory", n, grown)
	}
	return nil
}

// heap is what is in use after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
