package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

const (
	subjectTime = "time"
	probes      = 16
	probeEvery  = 5 * time.Millisecond
)

// offset is how far another clock is ahead of ours.
type offset struct {
	ahead  time.Duration
	within time.Duration // it is at most so much off
}

// askTime compares the coordinator's clock with ours over the bus: of several round trips the shortest says most, and half of it is
// what the result may be off (Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989).
func askTime(ctx context.Context, clock *Clock, j *bus.Job) (best offset, err error) {
	found := false
	for range probes {
		one, cancel := clock.Timeout(ctx, time.Second)
		sent := clock.Now()
		answer, e := j.Request(one, subjectTime, nil)
		trip := clock.Since(sent)
		cancel()
		switch {
		case ctx.Err() != nil:
			return best, ctx.Err()
		case e != nil:
			err = e
		case len(answer) != 8:
			err = errors.New("cluster: the answer to a time probe is no time: is another version of Iago at work?")
		default:
			theirs := time.Unix(0, int64(binary.BigEndian.Uint64(answer)))
			if o := (offset{theirs.Sub(sent.Add(trip / 2)), trip / 2}); !found || o.within < best.within {
				best, found = o, true
			}
		}
		clock.Sleep(probeEvery)
	}
	if found {
		err = nil
	}
	return best, err
}

// answerTime answers a time probe; the job's clock is ahead of ours by so much.
func answerTime(m *bus.Message, clock *Clock, ahead time.Duration) {
	_ = m.Reply(binary.BigEndian.AppendUint64(nil, uint64(clock.Now().Add(ahead).UnixNano())))
}
