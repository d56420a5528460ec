package sim

import (
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// Figures are what a simulation has measured. Times are by its own clock.
type Figures struct {
	Config Config `json:"-"`

	Gathered  time.Duration // from the first worker's start until all were there
	Prepared  time.Duration // from then until all were ready
	ClockOff  time.Duration // the largest error of a worker's clock, by its own account
	Second    int64         // bytes that the figures of a worker's second take, on average
	Window    time.Duration // over which what follows was counted, while nothing happened
	Bus       Usage         // CPU: in the window; memory: at its end. Of the whole process, as those that follow
	Head      Usage         // the coordinator's process
	Fleet     Usage         // the workers'
	Traffic   bus.Traffic   // in the window; Connections and Subscriptions: at its end
	Kinds     map[string]Count
	KindsOver time.Duration // over which Kinds were counted
	Control   time.Duration // how long the answer to an order took, at worst, in real time
	Answer    int           // bytes of an answer to status

	Change   Spread // the change of the rate
	Losing   Loss   // a part of the workers
	Recovery Outage // of that
	Joining  Outage // of others' coming
	Joined   Spread // to those who came
	Stop     time.Duration
	Sum      time.Duration // real time that the summing up took, until the outcome
	Peak     Usage         // of the coordinator's process, after that
	Law      Law
	Unsent   int64 // by the job's own account
	Lost     int64
	Complete int64
}

// Spread is how a change came to all workers.
type Spread struct {
	Workers     int
	First, Last time.Duration // after the order, or the first one's coming
	Instant     time.Duration // after the order: when the change takes effect
	Late        int           // workers that came to know after the instant
}

// Outage is what was not sent because of something.
type Outage struct {
	Missing int           // arrivals
	Over    time.Duration // from the moment until the last of them was due
}
