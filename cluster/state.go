package cluster

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/spec"
)

// Keys of a job.
const (
	keySpec     = "spec"
	keyLeader   = "leader"
	keyPlan     = "plan"
	keyEvents   = "events"
	prefixShare = "share."
	prefixLease = "lease."
	prefixFeed  = "feed."
)

// Phase says how far a job is.
type Phase string

// Phases of a job, in order.
const (
	Gathering Phase = "gathering" // waiting for workers
	Preparing Phase = "preparing" // the workers get ready
	Running   Phase = "running"   // the start instant is known
	Ending    Phase = "ending"    // the schedule is over: last answers and results
	Done      Phase = "done"      // the results are written
)

// JobSpec is what a job is, from its beginning on.
type JobSpec struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	Packed   *spec.Packed  `json:"packed"` // with its secrets
	Seed     uint64        `json:"seed"`
	Parts    int           `json:"parts"`   // the arrival process is divided into so many
	Workers  int           `json:"workers"` // wanted
	Lease    time.Duration `json:"lease_ns"`
	Feeders  int           `json:"feeders"` // parts of the record source; 0: none, or read by the workers
	Direct   bool          `json:"direct"`  // the workers read the source themselves
	Created  time.Time     `json:"created"`
	Depth    int64         `json:"depth_bytes"` // of the queue of records
	Duration time.Duration `json:"duration_ns"` // of the schedule; 0: no such limit
	Requests int64         `json:"requests"`    // the schedule ends with its so-manieth arrival; 0: no such limit

	Restricted bool     `json:"restricted,omitempty"` // see FeedConfig
	Agreed     []string `json:"agreed,omitempty"`
}

// Plan is the job as it is now.
type Plan struct {
	Phase   Phase            `json:"phase"`
	Leader  string           `json:"leader"`
	Start   int64            `json:"start_unix_ns"` // by the first coordinator's clock; 0: not known yet
	End     int64            `json:"end_ns"`        // of the schedule, since the start; 0: the records' end decides
	Changes []arrival.Change `json:"changes,omitempty"`
	Fed     bool             `json:"fed"`                 // the record source has ended: no more than what is in the queue will come
	Drained bool             `json:"drained"`             // and that has been taken up
	FedAt   int64            `json:"fed_at_ns,omitempty"` // when
	Stop    string           `json:"stop,omitempty"`      // why the job ends before its time; "" while it does not
	Kill    bool             `json:"kill,omitempty"`      // at once
	Aborted bool             `json:"aborted,omitempty"`   // by one of the rules of the job itself
}

// Event is something that a reader of the results should know of.
type Event struct {
	At   int64  `json:"at_ns"` // since the start; below 0 before it
	Text string `json:"text"`
}

// Holding is a stretch of parts and the time for which they are a worker's own.
type Holding = arrival.Holding

// Share is what a worker has been given.
type Share struct {
	Seq  int64     `json:"seq"`
	Life int64     `json:"life"` // of the lease that it was given under: it means nothing under another
	Held []Holding `json:"held,omitempty"`
	Had  []Holding `json:"had,omitempty"` // what was its own when its leases ended, up to then; it may not live to tell itself
}

// State says what a worker is at.
type State string

// States of a worker.
const (
	Joining State = "joining" // it is there and has nothing yet
	Ready   State = "ready"   // it could start
	Sending State = "sending"
	Leaving State = "leaving" // it goes once others have its share
	Left    State = "left"    // it has gone, its last word is in the log
	Expired State = "expired" // written by the coordinator: the lease has ended
)

// Lease is a worker's own key.
type Lease struct {
	ID      string `json:"id"`
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Version string `json:"version"`
	State   State  `json:"state"`
	Life    int64  `json:"life"`              // grows when the lease is taken anew, the one before having ended
	Turn    int64  `json:"turn"`              // renewals so far
	Seen    int64  `json:"seen"`              // number of the share it works by
	Stopped int64  `json:"stopped,omitempty"` // the parts that Seen took away were its own up to this moment, ns since the start
	Offset  int64  `json:"offset_ns"`         // the coordinator's clock less its own
	Error   int64  `json:"offset_error_ns"`   // at most so much off
	Why     string `json:"why,omitempty"`
	Input   bool   `json:"bad_input,omitempty"` // why it has left: a mistake in the spec or the records
	Over    bool   `json:"over,omitempty"`      // it has come to the end of the schedule, or of the records
	NoExec  bool   `json:"no_exec,omitempty"`
}

// Leader is the coordinator's own lease.
type Leader struct {
	ID   string `json:"id"`
	Term int64  `json:"term"` // grows with every coordinator
	Turn int64  `json:"turn"`
}

// Progress is how far a part of the record source has come.
type Progress struct {
	Owner   string   `json:"owner"`
	Turn    int64    `json:"turn"`
	Records int64    `json:"records"` // pushed so far
	Batches int64    `json:"batches"`
	Bad     int64    `json:"bad,omitempty"`
	Loops   int64    `json:"loops,omitempty"`
	Done    bool     `json:"done"` // the source has come to its end
	Over    bool     `json:"over"` // nothing more will be pushed
	Err     string   `json:"error,omitempty"`
	First   []string `json:"first_bad,omitempty"`
}

// encode writes a value that is known to be encodable.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cluster: %T: %v", v, err))
	}
	return b
}

// decode reads a value of the bus.
func decode[T any](key string, b []byte) (v T, err error) {
	if err = json.Unmarshal(b, &v); err != nil {
		err = fmt.Errorf("cluster: key %s: %w: was it written by another version of Iago?", key, err)
	}
	return v, err
}
