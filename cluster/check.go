package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/job"
)

// CheckError says that a job cannot be run as it was asked for; nothing has been done.
type CheckError struct{ Err error }

func (e *CheckError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *CheckError) Unwrap() error { return e.Err }

func refuse(format string, args ...any) error { return &CheckError{fmt.Errorf(format, args...)} }

// complete fills in defaults and makes all the checks of a run.
func (f *feeding) complete() (err error) {
	f.Workers, f.Wait, f.Lease = max(f.Workers, 1), cmp.Or(f.Wait, DefaultWait), cmp.Or(f.Lease, DefaultLease)
	f.Depth.Time, f.Depth.Bytes = cmp.Or(f.Depth.Time, DefaultDepth.Time), cmp.Or(f.Depth.Bytes, DefaultDepth.Bytes)
	f.Feeders, f.Collect = max(f.Feeders, 1), cmp.Or(f.Collect, 2*f.Lease)
	if f.Logf == nil {
		f.Logf = func(string, ...any) {}
	}
	if f.ID == "" {
		host, _ := os.Hostname()
		f.ID = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	if f.Lease < 500*time.Millisecond {
		return refuse("cluster: a lease of %v: expected 500ms or more: workers renew it four times as often", f.Lease)
	}
	if f.prepared, err = job.Prepare(f.Spec, job.Options{Stdin: f.Stdin, Version: f.Version}); err != nil {
		return &CheckError{err}
	}
	f.Job = cmp.Or(f.Job, f.Spec.Name)
	if err = f.check(); err != nil {
		f.prepared.Close()
		return &CheckError{err}
	}
	return nil
}

// check refuses what only one process can do.
func (f *feeding) check() error {
	pipe := f.Spec.Records.File == "-"
	switch {
	case f.prepared.Closed():
		return errors.New("cluster: closed mode (--rate max) is for one process: each of its connections waits for its answer; give a rate")
	case pipe && f.Direct:
		return errors.New("cluster: records from standard input cannot be read by the workers themselves: give a file, or leave out --direct")
	case pipe && f.Feeders > 1:
		return fmt.Errorf("cluster: records from standard input can be read by one feeder only, not by %d: give a file", f.Feeders)
	}
	return bus.ValidJob(f.Job)
}
