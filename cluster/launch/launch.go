// Package launch starts the processes of a distributed job: feeders, which read records and coordinate, and workers, which send the
// load. What places and restarts processes is somebody else's engine (this machine's kernel, Kubernetes, a batch system); a
// [Launcher] only asks it.
//
// A job has a name, and everything that a launcher makes can be found by it: [Launcher.Attach] and [Launcher.Kill] work from any
// process that can reach the same engine. Launchers register themselves by name ([Register]) and are made out of options that people
// write as key=value or in a YAML file ([Def.New]).
//
// Secrets (the bus's token, its credentials, the spec with what headers it has) are files of mode 0600 or what the engine has
// for secrets; they are never arguments of a process.
package launch

import (
	"context"
	"errors"
	"io"
	"time"
)

// Launcher starts jobs on one kind of engine. Its methods may be called from several goroutines. One that is an [io.Closer] too keeps connections
// for its next request until it is closed; handles are of no use afterwards.
type Launcher interface {
	// Render returns what Start would ask for: manifests or command lines, the same for the same job. Nothing is started.
	Render(Job) ([]File, error)
	// Start starts the job's processes. ctx bounds the starting, not the job. After an error nothing is left behind. An error is
	// [ErrExists] when a job of that name is there already.
	Start(ctx context.Context, j Job) (Handle, error)
	// Attach finds a job that was started before, maybe by another process; [ErrNoJob] if there is none.
	Attach(ctx context.Context, job string) (Handle, error)
	// Kill ends all processes of a job, asking first and forcing after a grace period, waits until they are gone or ctx is over,
	// and removes what Start made. [ErrNoJob] if there is no such job.
	Kill(ctx context.Context, job string) error
}

// Detacher is a [Launcher] whose jobs may go on when the process that launched them has ended. Jobs of others end with it.
type Detacher interface {
	// Detaches tells whether they do, with the options that were given.
	Detaches() bool
}

// Handle is a job that was started. Its methods may be called from several goroutines.
type Handle interface {
	// Status tells how every process is doing, feeders first. Where the engine replaces processes, old ones may be told of too.
	Status(ctx context.Context) ([]Process, error)
	// Logs gives what a process, by its [Process.Name], has printed. follow: and what it will print, until it ends or ctx is over.
	// Reading returns the error of ctx when it is over. The caller closes it.
	Logs(ctx context.Context, process string, follow bool) (io.ReadCloser, error)
	// Wait waits until every process has ended and returns the job's exit status ([Status]). Once the feeders have ended, it does not
	// wait for what is on machines that do not answer.
	Wait(ctx context.Context) (status int, err error)
	// Cleanup removes what is left of a job that has ended: files, objects of the engine. Logs are gone with it. A job that is still
	// running is left as it is, with an error. An error is [ErrUnreachable] when all is removed that can be reached.
	Cleanup(ctx context.Context) error
}

var (
	// ErrNoJob says that no job of this name is known to the launcher.
	ErrNoJob = errors.New("no such job")
	// ErrExists says that there is a job of this name already.
	ErrExists = errors.New("there is a job of this name already; kill it first, or choose another name")
	// ErrUnreachable says that processes are on machines that do not answer: they have been asked to end, and may be running.
	ErrUnreachable = errors.New("processes on machines that do not answer may still be running; they end when their machines are back")
)

// Role says what a process of a job does.
type Role string

// The roles.
const (
	Feeder Role = "feeder" // reads records, coordinates
	Worker Role = "worker" // sends requests
)

// State is how far a process is.
type State string

// The states.
const (
	Pending State = "pending" // asked for, not running yet
	Running State = "running"
	Done    State = "done"    // ended with exit status 0
	Failed  State = "failed"  // ended otherwise
	Unknown State = "unknown" // cannot be seen: its machine does not answer, or it ended unobserved
)

// Over tells whether a process in this state will not run any more.
func (s State) Over() bool { return s == Done || s == Failed }

// Status is the exit status of a job whose processes have ended: that of its feeders. One that stood by to the end has 0, so another one's
// wins; one that was ended by a signal says nothing of the job if another has ended by itself. False: not known.
func Status(list []Process) (status int, known bool) {
	const killed = 128 + 2 // 130 is that of a feeder that was interrupted and ended in order
	status, rank := -1, 0
	for _, p := range list {
		if p.Role != Feeder || !p.State.Over() || p.Exit < 0 {
			continue
		}
		r := 2
		switch {
		case p.Exit > killed:
			r = 1
		case p.Exit > 0:
			r = 3
		}
		if r > rank {
			status, rank = p.Exit, r
		}
	}
	return status, rank > 0
}

// Process is one process of a job.
type Process struct {
	Name    string    // what Logs takes; unique in the job
	Role    Role      //
	Index   int       // among those of its role, from 0; a replaced process and its successor share it
	State   State     //
	Exit    int       // exit status, when over; 128 + n: ended by signal n; -1: not known
	Reason  string    // more about the state, in the engine's words: "ImagePullBackOff", "signal: killed"; may be empty
	Where   string    // machine, or process number on this one; may be empty
	Started time.Time // zero: not known
}
