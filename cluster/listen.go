package cluster

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// Plain messages of a job: heartbeats go up, questions come down.
const (
	subjectBeat   = "beat."   // + worker: beat, every now and then
	subjectWorker = "worker." // + worker + "." + question
	askLogs       = "logs"    // → the log's last lines
	askClock      = "time"    // → ns since the start, in decimal; "" while it is not known
	beatLeast     = 200 * time.Millisecond
	beatsMost     = 2000 // a second, of all workers together
)

// beatEvery is how often each of so many workers gives a sign of life: so that one coordinator can hear them all.
func beatEvery(workers int) time.Duration {
	return max(beatLeast, time.Duration(workers)*time.Second/beatsMost)
}

// beat is a sign of life.
type beat struct {
	At int64 `json:"at_ns"` // since the start
}

// listen answers questions and beats, until ctx ends.
func (w *worker) listen(ctx context.Context, side *sync.WaitGroup) error {
	stop, err := w.job.Subscribe(subjectWorker+w.id+".*", func(m *bus.Message) { _ = m.Reply(w.answer(m.Subject)) })
	if err != nil {
		return err
	}
	side.Go(func() {
		defer stop()
		tick := w.c.Clock.Ticker(beatEvery(w.spec.Workers))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if at, ok := w.now(); ok {
					_ = w.job.Publish(subjectBeat+w.id, encode(beat{at})) // the next one says the same
				}
			}
		}
	})
	return nil
}

// now is the job's time, if it has begun.
func (w *worker) now() (int64, bool) {
	w.steerMu.Lock()
	defer w.steerMu.Unlock()
	return int64(w.c.Clock.Since(w.start)), !w.start.IsZero()
}

func (w *worker) answer(subject string) []byte {
	switch {
	case strings.HasSuffix(subject, "."+askLogs):
		b, _ := json.Marshal(w.tail.lines())
		return b
	case strings.HasSuffix(subject, "."+askClock):
		if at, ok := w.now(); ok {
			return encode(at)
		}
	}
	return nil
}
