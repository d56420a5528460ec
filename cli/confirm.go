package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/report"
)

// discover waits for members of the services among j's targets, and asks before loading addresses beyond loopback and private ones,
// unless f says yes. Members that come later are then loaded only if they have been agreed to, or are not beyond those; agreed are the
// URLs of the former.
func discover(ctx context.Context, s streams, j *job.Job, f runFlags) (agreed []string, err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	err = j.Discover(ctx, func(line string) {
		if !f.quiet {
			fmt.Fprintln(s.err, "iago:", line)
		}
	})
	interrupted := ctx.Err() != nil
	stop() // an interrupt ends the process again while it asks
	switch {
	case err != nil && interrupted:
		return nil, &exitError{report.ExitInterrupted, err}
	case err != nil:
		return nil, &exitError{report.ExitFailed, err}
	case f.yes:
		return nil, nil
	}
	if agreed, err = confirm(s, j.Targets()); err == nil {
		j.Restrict(agreed)
	}
	return agreed, err
}

// namedMost bounds how many addresses a question names.
const namedMost = 10

// confirm asks before loading addresses beyond loopback and private ones; agreed are the URLs of those.
func confirm(s streams, targets []load.Target) (agreed []string, err error) {
	for _, t := range targets {
		if t.Unix == "" && beyond(t.Host) {
			agreed = append(agreed, t.URL)
		}
	}
	if len(agreed) == 0 {
		return nil, nil
	}
	names := strings.Join(agreed[:min(len(agreed), namedMost)], ", ")
	if more := len(agreed) - namedMost; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	if !isTerminal(s.in) {
		return nil, usage(fmt.Errorf("%s: not a loopback or private address; say --yes if it is yours to load", names))
	}
	fmt.Fprintf(s.err, "%s: not a loopback or private address. Is it yours to load? [y/N] ", names)
	answer, _ := bufio.NewReader(s.in).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return nil, usage(errors.New("not confirmed, nothing was sent"))
	}
	return agreed, nil
}

// beyond tells whether host has, or resolves to, an address that is neither loopback nor private. A name that does not
// resolve cannot be loaded; the run says so.
func beyond(host string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	is, err := job.Beyond(ctx, host)
	return err == nil && is
}
