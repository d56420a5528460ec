package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kill ends all processes: by their stop commands, by asking signals where there are none, and after grace by force. Then the folder is
// removed. If something could not be ended the folder stays, so that it can be tried again.
func (j *Job) Kill(ctx context.Context, grace time.Duration) error {
	entries, err := j.entries()
	if err != nil {
		return err
	}
	asked, wrong := j.stop(ctx, entries)
	j.signal(asked, false)
	left := j.await(ctx, entries, grace)
	for _, kill := range []bool{false, true} { // what a stop command has not ended is asked, too
		if len(left) > 0 {
			j.signal(left, kill)
			left = j.await(ctx, entries, 5*time.Second)
		}
	}
	if len(left) > 0 {
		var names []string
		for _, e := range left {
			names = append(names, e.Name)
		}
		wrong = append(wrong, fmt.Errorf("launch: job %s: still there: %s", j.name, strings.Join(names, ", ")))
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	for _, c := range j.children {
		<-c.done
	}
	for _, e := range entries {
		removeGroups(e.Cgroup)
	}
	return j.folder.Remove()
}

// stop runs the stop commands and returns those that have to be asked by a signal.
func (j *Job) stop(ctx context.Context, entries []Entry) (asked []Entry, wrong []error) {
	for _, e := range entries {
		if e.Stop == "" || e.Status == "" && !j.alive(e) {
			asked = append(asked, e)
		} else if _, err := shell(ctx, e.Stop); err != nil {
			asked = append(asked, e)
			if j.there(ctx, e) { // it may have ended just before
				wrong = append(wrong, fmt.Errorf("launch: %s: its stop command failed: %w", e.Name, err))
			}
		}
	}
	return asked, wrong
}

// there tells whether the process runs, wherever it does.
func (j *Job) there(ctx context.Context, e Entry) bool {
	if e.Status == "" || !e.Over {
		return j.alive(e)
	}
	_, err := shell(ctx, e.Status)
	return err == nil
}

// signal goes to the groups of those that live.
func (j *Job) signal(entries []Entry, kill bool) {
	for _, e := range entries {
		if j.alive(e) {
			signalGroup(e.PID, kill)
		}
	}
}

// await waits until nobody of them lives, but no longer than most, and returns who still does.
func (j *Job) await(ctx context.Context, entries []Entry, most time.Duration) (left []Entry) {
	deadline := time.Now().Add(most)
	for {
		left = left[:0]
		for _, e := range entries {
			if j.there(ctx, e) {
				left = append(left, e)
			}
		}
		if len(left) == 0 || ctx.Err() != nil || !time.Now().Before(deadline) {
			return left
		}
		time.Sleep(20 * time.Millisecond)
	}
}
