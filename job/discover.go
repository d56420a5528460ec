package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/report"
)

// tellAfter is how long members are waited for without a word.
const tellAfter = time.Second

// Discover begins to follow the services among the targets, and waits until each has a member that can be loaded, for as long as the
// spec says at most (discovery_wait). A wait of more than a second is told to tell; nil: to nobody. The error says which services have none
// and why; it is ctx's if that ends first. Without services, and when called again, it does nothing. [Job.Run] calls it if nobody has;
// Close ends the following.
func (j *Job) Discover(ctx context.Context, tell func(line string)) error {
	f := j.follower
	if f == nil || f.stop != nil {
		return nil
	}
	if err := f.start(); err != nil {
		return err
	}
	wait := time.Duration(j.spec.DiscoveryWait)
	limit, quiet := time.NewTimer(wait), time.NewTimer(tellAfter)
	defer limit.Stop()
	defer quiet.Stop()
	for {
		missing, changed, err := f.missing()
		if len(missing) == 0 || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-quiet.C:
			if tell != nil {
				tell(fmt.Sprintf("waiting up to %v for members of %s", wait, names(missing)))
			}
		case <-limit.C:
			return f.none(missing, wait)
		case <-ctx.Done():
			return fmt.Errorf("job: waiting for members of %s: %w", names(missing), ctx.Err())
		}
	}
}

func names(missing []*service) string {
	list := make([]string, len(missing))
	for i, s := range missing {
		list[i] = s.URL
	}
	return strings.Join(list, ", ")
}

// none says why there are no members.
func (f *follower) none(missing []*service, wait time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, s := range missing {
		var why string
		switch {
		case !s.known && s.said != "":
			why = s.said
		case !s.known:
			why = "it has not answered"
		case len(s.set) == 0:
			why = "it has none"
		default:
			why = fmt.Sprintf("none of its %d can be loaded: %s", len(s.set), s.refused)
		}
		errs = append(errs, fmt.Errorf("job: target %s: no members after %v (discovery_wait): %s", s.URL, wait, why))
	}
	return errors.Join(errs...)
}

// Restrict keeps members that discovery finds beyond loopback and private addresses from being loaded, now and later, but for those that
// were agreed to, by the URLs that [Job.Targets] has for them. They are left out, and the log and the results' events say so.
func (j *Job) Restrict(agreed []string) {
	if j.follower != nil {
		j.follower.restrict(agreed)
	}
}

// Targets are the addresses that will be loaded: the fixed ones, and the members that discovery has found so far.
func (j *Job) Targets() []load.Target {
	if j.follower == nil {
		return j.config.Targets
	}
	return j.follower.now()
}

// Discovers tells whether there are services among the targets.
func (j *Job) Discovers() bool { return j.follower != nil }

// described are the targets for people who are told what will be run.
func (j *Job) described() string {
	list := j.urls()
	if j.follower == nil {
		return strings.Join(list, ", ")
	}
	f := j.follower
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, s := range f.services {
		note := " (looked up when the run begins)"
		if s.known {
			note = fmt.Sprintf(" (members: %d)", s.usable)
		}
		list[s.Before+i] += note
	}
	return strings.Join(list, ", ")
}

// attach gives the engine its targets, now and whenever they change.
func (j *Job) attach(set func([]load.Target) error) error {
	switch f := j.follower; {
	case f == nil:
		return nil
	case f.stop == nil:
		return errors.New("job: services among the targets have not been discovered; call Discover first")
	default:
		return f.attach(set, j.logf)
	}
}

// seen are the targets that were asked for, and the members that were found.
func (j *Job) seen() []string {
	if j.follower == nil {
		return j.urls()
	}
	return append(j.urls(), j.Members()...)
}

// Members are the members that discovery has found and that were loaded, as URLs, in the order in which they came: the first thousand.
func (j *Job) Members() []string {
	if j.follower == nil {
		return nil
	}
	f := j.follower
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

// events are what has become of the targets up to the end of a run.
func (j *Job) events(started, ended time.Time) []report.Event {
	if j.follower == nil {
		return nil
	}
	return j.follower.history(started, ended)
}
