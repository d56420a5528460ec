package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrInterrupted says that the user has ended this process's part in a job, and that it has no results.
var ErrInterrupted = errors.New("cluster: interrupted")

var (
	errBefore  = fmt.Errorf("%w before the job had begun", ErrInterrupted)
	errGivenUp = fmt.Errorf("%w twice, and the bus does not answer: the job ends by itself and its results stay on the bus; the same command started again collects them", ErrInterrupted)
)

// killWait is how long the order to break a job off is tried to be given.
const killWait = 5 * time.Second

// interrupts passes on what the user wants: with the end of ctx that the schedule stops, with that of kill that everything does. If nobody
// takes the second order, giveUp is called. It returns when run ends.
func (f *feeding) interrupts(run, ctx, kill context.Context, giveUp func()) {
	select {
	case <-run.Done():
		return
	case <-ctx.Done():
	}
	f.insist(run, kill, OrderStop)
	select {
	case <-run.Done():
		return
	case <-kill.Done():
	}
	late, cancel := context.WithTimeout(run, killWait)
	defer cancel()
	if !f.insist(late, context.Background(), OrderKill) && run.Err() == nil {
		giveUp()
	}
}

// insist gives an order until it is taken: true. false: ctx or next has ended before.
func (f *feeding) insist(ctx, next context.Context, text string) bool {
	for ctx.Err() == nil && next.Err() == nil {
		one, cancel := f.Clock.Timeout(ctx, 2*time.Second)
		stop := context.AfterFunc(next, cancel)
		_, err := Control(one, f.job, text)
		stop()
		cancel()
		if err == nil {
			return true
		}
		select {
		case <-ctx.Done():
		case <-next.Done():
		case <-f.Clock.After(lookEvery):
		}
	}
	return false
}
