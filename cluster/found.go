package cluster

import (
	"context"
	"maps"
	"slices"

	"github.com/iagoloadgen/iago/job"
)

// discover finds the members of services among the job's targets: each worker follows them itself. false: there is an error, or nothing to
// do any more.
func (w *worker) discover(ctx, kill context.Context, j *job.Job) (bool, error) {
	if w.spec.Restricted {
		j.Restrict(w.spec.Agreed)
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(kill, cancel)()
	err := j.Discover(wait, func(line string) { w.logf("%s", line) })
	if err != nil && wait.Err() != nil {
		return false, nil
	}
	return err == nil, err
}

// targets are those that were asked for, and the members that workers found.
func (s *summing) targets() []string {
	list := s.model.URLs()
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.led.workers)) {
		last := s.led.workers[id].last
		if last == nil {
			continue
		}
		for _, url := range last.Members {
			if !seen[url] {
				seen[url] = true
				list = append(list, url)
			}
		}
	}
	return list
}
