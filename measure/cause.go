package measure

// Names under which a run counts what became of requests for a reason that others act upon: the keys of
// [Interval].DroppedBy, [Interval].UnsentBy and [Interval].Errors. Other failures go by names of the engine's choice.
const (
	DroppedLate       = "late"             // DroppedBy: the generator was later than the late rule allows
	DroppedOverload   = "overload"         // DroppedBy: too many waited for a connection
	UnsentConnections = "connection limit" // UnsentBy: all connections that the job allows were busy
	UnsentDescriptors = "file descriptors" // UnsentBy: the process could not open more
	UnsentLease       = "no lease"         // UnsentBy: the worker was cut off from the job and had to stop
	UnsentLate        = "told late"        // UnsentBy: due before the worker was told that they are its own
	UnsentStopped     = "stopped"          // UnsentBy: due, and not taken up yet when the worker was stopped
	UnsentNoWorker    = "no worker"        // UnsentBy: no worker had their part of the schedule
	FailedNoPort      = "no local port"    // Errors: the machine had no ephemeral port left
	FailedLease       = "lease ended"      // Errors: aborted, because the worker was cut off from the job
)

// GeneratorsOwn counts the requests that came to nothing for a cause on the generator's side rather than the target's.
func (i *Interval) GeneratorsOwn() int64 {
	return i.DroppedBy[DroppedLate] + i.UnsentBy[UnsentDescriptors] + i.Errors[FailedNoPort] +
		i.UnsentBy[UnsentLease] + i.UnsentBy[UnsentLate] + i.UnsentBy[UnsentNoWorker] + i.Errors[FailedLease]
}
