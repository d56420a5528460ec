// Package engine is the open-loop core: it takes up requests when they are due, whatever the target does, moves their
// bytes, and measures. Each shard owns everything it touches (its part of the schedule, its connections, its figures)
// on a thread of its own; see shard.go for its loop.
package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/iagoloadgen/iago/internal/poller"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/transport"
)

// Schedule yields due times in nanoseconds since the run's start, ascending, until ok is false.
type Schedule interface {
	Next() (due int64, ok bool)
}

// Wait says how a shard waits for the next arrival.
type Wait string

// Ways to wait.
const (
	WaitAuto  Wait = "auto"  // asleep until just before, then polling
	WaitSleep Wait = "sleep" // asleep: cheapest, some tens of microseconds late
	WaitSpin  Wait = "spin"  // polling: sharpest, takes a core
)

// Pool bounds the connections that are kept. Zero durations and counts mean no bound, except where stated.
type Pool struct {
	Keep      int           // connections per target that Idle does not close
	PerTarget int           // most open per target
	Idle      time.Duration // an idle connection beyond Keep is closed after this
	MaxIdle   time.Duration // any idle connection is closed after this
	MaxLife   time.Duration // a connection older than this is closed once it has its answer
	NoReuse   bool          // one connection for each request
}

// Config is all that a run needs. Either Fixed or Source, with Processor or Stage, give the requests.
type Config struct {
	Codec   transport.Codec
	Targets []load.Target
	TLS     *tls.Config // for targets with TLS

	// Schedule gives shard i of n its part of the arrivals; nil in closed mode.
	Schedule func(shard, shards int) Schedule
	// Live is a schedule that is steered from outside, instead. Duration and N have no say then.
	Live *Live
	// Begin is asked for the start instant once everything is ready; it may wait for others. nil: the run starts at once. An instant in
	// the past: the run is joined in the middle.
	Begin func(context.Context) (time.Time, error)
	// Closed makes every connection send again as soon as it has its answer, for Duration and at most N requests.
	Closed   bool
	Duration time.Duration // closed mode's length; 0: until N, the source's end or a stop
	N        int64

	Fixed     *load.Request
	Source    source.Source
	Processor processor.Processor
	Stage     processor.Stage            // instead of Processor: it reads Source by itself
	Label     func(*load.Request) string // nil: no labels but the requests' own. Called by one goroutine

	// Responder sees the outcomes; nil: nobody does. Keep is how many bytes of an answer's content it is shown.
	Responder processor.Responder
	Keep      int64
	FollowUps FollowUps

	// Preface appends what goes before everything else on a connection to server, TLS included, that is opened for req
	// (the PROXY protocol). nil: nothing.
	Preface func(dst []byte, req *load.Request, server netip.AddrPort) ([]byte, error)

	Pipeline       int // most requests under way on a connection; 0: 1. Used when there are no more connections to open
	Connections    int // most open at once; 0: no limit but the descriptors'
	Descriptors    int // connections that the process may open; 0: unknown
	Pool           Pool
	Timeout        time.Duration // attempt → end of answer; required
	ConnectTimeout time.Duration // 0: Timeout alone
	Resolve        time.Duration // names are resolved again at this interval; 0: never
	DropBeyond     int           // requests beyond this many waiting for a connection are dropped; 0: queue without limit
	SkipLate       time.Duration // arrivals that the generator is later for than this are dropped; 0: sent
	Warmup         time.Duration // what is due before this is kept out of the figures of time

	Shards   int // 1 at least
	Wait     Wait
	Poller   string // how to talk to the kernel: a name of internal/poller; "" is "auto"
	RingSize int    // requests prepared ahead per shard; 0: a default
	Seed     uint64

	RingBytes int // of them per shard, though one request may be larger; 0: 16 MiB

	// OnInterval gets every second's figures of all shards, in order, soon after the second's end. The interval is
	// only valid during the call. nil: none.
	OnInterval func(*measure.Interval)
	// Logf gets rare events in words (targets that fail, names that resolve anew). nil: none.
	Logf func(format string, args ...any)
}

// check finds mistakes of the caller, not of the user: the spec has been validated before.
func (c *Config) check() error {
	switch {
	case c.Codec == nil:
		return errors.New("engine: no codec")
	case len(c.Targets) == 0:
		return errors.New("engine: no targets")
	case (c.Schedule == nil && c.Live == nil) != c.Closed, c.Schedule != nil && c.Live != nil:
		return errors.New("engine: a schedule is needed in open mode, and only there")
	case c.Closed && c.Connections <= 0:
		return errors.New("engine: closed mode needs a number of connections")
	case (c.Fixed == nil) == (c.Source == nil || (c.Processor == nil) == (c.Stage == nil)):
		return errors.New("engine: either a fixed request or a source and a processor are needed")
	case slices.ContainsFunc(c.Targets, func(t load.Target) bool { return t.Datagram != c.Targets[0].Datagram }):
		return errors.New("engine: targets of datagrams and of streams cannot be mixed")
	case c.Timeout <= 0:
		return errors.New("engine: a time-out is needed")
	case poller.Check(c.Poller) != nil:
		return poller.Check(c.Poller)
	case c.Connections > 0 && c.Shards > c.Connections:
		return fmt.Errorf("engine: %d shards cannot share %d connections", c.Shards, c.Connections)
	}
	return nil
}

// Result is what a run leaves besides its intervals.
type Result struct {
	Started  time.Time // the start instant: due times count from it
	Elapsed  time.Duration
	End      End
	Labels   map[string]*measure.Label
	Failures []measure.Failure
	Sample   *measure.Sample // what Failures are of, to be merged with that of other processes
	Source   source.Stats
	Unused   int64 // requests prepared ahead and not taken
	Arrivals int64
	Shards   int
	Poller   string
	Duration time.Duration // of the schedule: to its end, or to the moment it was stopped
}

// End says why a run ended.
type End string

// Ends of a run.
const (
	EndSchedule    End = "schedule"    // the schedule's own end
	EndSource      End = "source"      // the records ended
	EndInterrupted End = "interrupted" // stopped from outside
	EndAborted     End = "aborted"     // broken off by a rule
)
