package cluster

import (
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// room is how much one of several feeders may push before it must look at the queue again. It holds for depthEvery, and is given no
// more often, so that what others may push that have looked at about the same time is not there twice.
type room struct {
	records float64
	bytes   int64
	seen    time.Time
	per     float64 // records a batch, about
	batches int64
}

// pushed notes a batch.
func (r *room) pushed(records, bytes int) {
	r.records -= float64(records)
	r.bytes -= int64(bytes)
	r.batches++
	r.per += (float64(records) - r.per) / float64(min(r.batches, 20))
}

// left tells whether there is room for another batch.
func (r *room) left(now time.Time) bool {
	return r.records > 0 && r.bytes > 0 && now.Sub(r.seen) < depthEvery
}

// wait is how long it is until the queue may be looked at again.
func (r *room) wait(now time.Time) time.Duration { return r.seen.Add(depthEvery).Sub(now) }

// see looks at the queue's depth: what is missing to the depth that is wanted is divided among the feeders.
func (r *room) see(now time.Time, d bus.Depth, records float64, bytes int64, feeders int) {
	r.records = (max(records, 1) - float64(d.Undelivered+d.Unacked)*max(r.per, 1)) / float64(feeders)
	r.bytes = (bytes - int64(d.Bytes)) / int64(feeders)
	r.seen = now
}
