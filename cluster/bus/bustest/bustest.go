// Package bustest holds a bus to its contract: Run what must hold as long as nothing fails, RunFaults what must hold when
// servers are killed. It also starts nats-server processes for tests (Start).
package bustest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// Servers are the NATS servers that a suite runs against.
type Servers struct {
	Config   bus.Config // how to connect; the suite adds Job and Logf
	Replicas int        // 1 or 3
	// Kill ends, by SIGKILL or as suddenly, the server that matters most to the job: its only one, or the leader of its
	// streams. Start brings it back. Needed by RunFaults.
	Kill, Start func(t *testing.T, job string)
}

// limit bounds every wait of the suite; it is never reached when all is well.
const limit = 4 * time.Minute

var jobs atomic.Uint64

// within is the test's context with a deadline.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// connect connects for one job, until the test ends.
func (s Servers) connect(t *testing.T, job string) *bus.Bus {
	t.Helper()
	cfg := s.Config
	cfg.Job, cfg.Name, cfg.Logf = job, t.Name(), quiet(t)
	b, err := bus.Connect(within(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// quiet logs to the test, and no more once it has ended.
func quiet(t *testing.T) func(string, ...any) {
	var over atomic.Bool
	t.Cleanup(func() { over.Store(true) })
	return func(format string, args ...any) {
		if !over.Load() {
			t.Logf(format, args...)
		}
	}
}

// job makes a job of the test's own.
func (s Servers) job(t *testing.T, cfg bus.JobConfig) *bus.Job {
	t.Helper()
	name := fmt.Sprintf("j%d-%s", jobs.Add(1), strings.ToLower(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]))
	b := s.connect(t, name)
	cfg.Replicas = s.Replicas
	j, err := b.CreateJob(within(t), name, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.DeleteJob(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return j
}

// other opens the same job over another connection.
func (s Servers) other(t *testing.T, j *bus.Job) *bus.Job {
	t.Helper()
	o, err := s.connect(t, j.Name()).OpenJob(within(t), j.Name())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Run checks what must hold while nothing fails.
func Run(t *testing.T, s Servers) {
	for name, test := range map[string]func(*testing.T, Servers){
		"Keys": keys, "Race": race, "Watch": watch, "WatchMany": watchMany, "Watchers": watchers,
		"Messages": messages, "Silence": silence,
		"Queue": queue, "Large": large, "Same": same, "Redelivery": redelivery, "GiveBack": giveBack, "Full": full, "Bounds": bounds,
		"Log": log, "LogWriters": logWriters, "LogLarge": logLarge,
		"Jobs": twoJobs, "Deleted": deleted,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx := within(t)
	for !ok() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}
