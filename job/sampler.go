package job

import (
	"sync"
	"time"

	"github.com/iagoloadgen/iago/internal/host"
)

// sampler watches the machine while a run goes on: the share of processor time that a hypervisor took.
type sampler struct {
	mu    sync.Mutex
	last  host.Ticks
	known bool
	now   float64
	most  float64

	stop chan struct{}
	done chan struct{}
}

// watch samples every interval, until Close.
func watch(every time.Duration) *sampler {
	s := &sampler{stop: make(chan struct{}), done: make(chan struct{})}
	s.last, s.known = host.CPUTicks()
	go func() {
		defer close(s.done)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				s.look()
			case <-s.stop:
				return
			}
		}
	}()
	return s
}

func (s *sampler) look() {
	t, ok := host.CPUTicks()
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok && s.known && t.Total > s.last.Total && t.Steal >= s.last.Steal {
		s.now = float64(t.Steal-s.last.Steal) / float64(t.Total-s.last.Total)
		s.most = max(s.most, s.now)
	}
	s.last, s.known = t, ok
}

// steal is the share of the machine's processor time that was taken away, in the last interval and in the worst: 0 to 1.
func (s *sampler) steal() (now, most float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.most
}

func (s *sampler) Close() {
	close(s.stop)
	<-s.done
}
