package sim

import (
	"context"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// server is the bus of a simulation, in this process or another.
type server interface {
	where() (url, token string, err error)
	traffic() (bus.Traffic, error)
	usage() (Usage, error)
	close() error
}

// crew is its workers, likewise.
type crew interface {
	join(n int) error
	lose(n int) (Loss, error)
	knowRate(rate float64) (Knowledge, error)
	holding(skip int) (Holding, error)
	dues() ([]int64, error)
	usage() (Usage, error)
	close() error
}

// Holding is how far workers have come to hold something.
type Holding struct {
	Knowledge
	Least, Most int // parts that a worker holds
}

// hereBus is a bus in this process.
type hereBus struct{ s *bus.Server }

func (h hereBus) where() (string, string, error) { return h.s.URL(), h.s.Token(), nil }
func (h hereBus) traffic() (bus.Traffic, error)  { return h.s.Traffic() }
func (h hereBus) usage() (Usage, error)          { return usage(), nil }

func (h hereBus) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return h.s.Shutdown(ctx)
}

// hereCrew is workers in this process.
type hereCrew struct{ f *fleet }

func (h hereCrew) join(n int) error                      { return h.f.join(context.Background(), n) }
func (h hereCrew) lose(n int) (Loss, error)              { return h.f.lose(n), nil }
func (h hereCrew) knowRate(r float64) (Knowledge, error) { return h.f.knowRate(r), nil }
func (h hereCrew) dues() ([]int64, error)                { return h.f.dues() }
func (h hereCrew) usage() (Usage, error)                 { return usage(), nil }

func (h hereCrew) holding(skip int) (Holding, error) {
	k, least, most := h.f.holding(skip)
	return Holding{k, least, most}, nil
}

func (h hereCrew) close() error {
	h.f.close()
	return nil
}
