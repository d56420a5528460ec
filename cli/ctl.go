package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/cluster"
	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/report"
)

// ctlWait bounds an order.
const ctlWait = 5 * time.Second

func newCtl(s streams) *cobra.Command {
	var f busFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "ctl JOB status | rate … | scale F | pause | resume | stop | kill | workers | logs WORKER",
		Short: "Look at a running job, and change it",
		Long: `Gives an order to a job on a bus; its coordinator answers within a second.

  iago ctl shop status --bus nats://127.0.0.1:4222 --bus-token-file token
  iago ctl shop rate 5000/s          a constant rate from a moment on that all workers know of beforehand
  iago ctl shop rate +500/s          more, or less (rate -500/s, rate -10%), the profile's shape unchanged
  iago ctl shop scale 1.5            so many times the rate
  iago ctl shop pause                nothing is due until resume; the schedule's clock goes on
  iago ctl shop stop                 the schedule ends; what is under way is waited for
  iago ctl shop kill                 everything ends at once
  iago ctl shop workers              who takes part, with which share
  iago ctl shop logs worker-1        the last lines of a worker's log

Changes show in the results as events.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage(errors.New("expected a job and an order, for example: iago ctl shop status --bus nats://127.0.0.1:4222"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return control(s, &f, args[0], args[1:], asJSON) },
	}
	f.add(c, "where the bus is: nats://HOST:PORT or tls://…", "")
	c.Flags().BoolVar(&asJSON, "json", false, "answer in JSON")
	return c
}

// shielded keeps changes such as -500/s and -10% from being taken for flags: with a space before it, a word is none.
func shielded(args []string) []string {
	if len(args) == 0 || args[0] != "ctl" {
		return args
	}
	out := slices.Clone(args)
	for i, a := range out {
		if len(a) > 1 && a[0] == '-' && (a[1] >= '0' && a[1] <= '9' || a[1] == '.') {
			out[i] = " " + a
		}
	}
	return out
}

func control(s streams, f *busFlags, name string, words []string, asJSON bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), ctlWait)
	defer cancel()
	f.conf.Timeout, f.conf.Job = ctlWait, name
	b, err := f.connect(ctx, "iago ctl", nil)
	if err != nil {
		return err
	}
	defer b.close()
	j, err := b.OpenJob(ctx, name)
	if errors.Is(err, bus.ErrNotFound) {
		return usage(fmt.Errorf("no job %q on this bus%s", name, f.others(ctx)))
	}
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	if words[0] == "logs" {
		return workerLogs(ctx, s, j, words)
	}
	status, err := cluster.Control(ctx, j, strings.Join(words, " "))
	if errors.Is(err, bus.ErrNobody) {
		if over, e := cluster.Over(ctx, j); e == nil && over {
			return usage(fmt.Errorf("job %s is over", name))
		}
	}
	switch {
	case errors.Is(err, bus.ErrNobody):
		return &exitError{report.ExitFailed, fmt.Errorf("%w: nobody coordinates job %s at this moment; its workers go on by what was agreed. Start its iago feed command again to pick it up", err, name)}
	case errors.Is(err, bus.ErrUnavailable):
		return &exitError{report.ExitFailed, err}
	case err != nil:
		return usage(err)
	case asJSON:
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return e.Encode(status)
	}
	showStatus(s.out, status, words[0] == cluster.OrderWorkers)
	return nil
}

// others tells which jobs there are, if these credentials let it be known.
func (f *busFlags) others(ctx context.Context) string {
	f.conf.Job = ""
	b, err := f.connect(ctx, "iago ctl", nil)
	if err != nil {
		return ""
	}
	defer b.close()
	names, err := b.Jobs(ctx)
	switch {
	case err != nil:
		return ""
	case len(names) == 0:
		return "; there is none"
	}
	return "; there is " + strings.Join(names, ", ")
}

func workerLogs(ctx context.Context, s streams, j *bus.Job, words []string) error {
	if len(words) != 2 {
		return usage(errors.New("expected the name of a worker, as iago ctl JOB workers shows it"))
	}
	lines, err := cluster.Logs(ctx, j, words[1])
	if errors.Is(err, bus.ErrNobody) {
		return usage(fmt.Errorf("%w: is there a worker %s? See iago ctl %s workers", err, words[1], j.Name()))
	}
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	for _, l := range lines {
		fmt.Fprintln(s.out, l)
	}
	return nil
}

// showStatus prints how a job stands.
func showStatus(w io.Writer, st *cluster.Status, workersOnly bool) {
	if st.Said != "" {
		fmt.Fprintln(w, st.Said)
	}
	if !workersOnly {
		fmt.Fprintf(w, "%s: %s", st.Job, st.Phase)
		if st.At >= 0 {
			fmt.Fprintf(w, " for %v", time.Duration(st.At).Round(time.Second))
		}
		if st.End > 0 {
			fmt.Fprintf(w, " of %v", time.Duration(st.End).Round(time.Millisecond))
		}
		fmt.Fprintf(w, ", %s/s asked for, coordinated by %s\n", report.Count(int64(st.Rate)), st.Coordinator)
		if st.Unheld > 0 && st.At >= 0 {
			fmt.Fprintf(w, "  %d of %d parts of the schedule are in nobody's hands: so much less is sent\n", st.Unheld, st.Parts)
		}
	}
	if st.Count > len(st.Workers) {
		fmt.Fprintf(w, "  %d workers:", st.Count)
		for _, state := range slices.Sorted(maps.Keys(st.States)) {
			fmt.Fprintf(w, " %d %s", st.States[state], state)
		}
		fmt.Fprintf(w, "; iago ctl %s workers lists them\n", st.Job)
		showEvents(w, st)
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  WORKER\tHOST\tSTATE\tSHARE\tSENT\tCOMPLETED\tSEEN\tCLOCK")
	for _, x := range st.Workers {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%.1f%%\t%s\t%s\t%v ago\t%+v ± %v\n", x.ID, x.Host, x.State, 100*x.Share, report.Count(x.Sent), report.Count(x.Complete),
			time.Duration(x.Seen).Round(100*time.Millisecond), time.Duration(x.Offset).Round(time.Microsecond), time.Duration(x.Within).Round(time.Microsecond))
	}
	_ = t.Flush()
	if !workersOnly {
		showEvents(w, st)
	}
}

// showEvents prints what has happened to a job.
func showEvents(w io.Writer, st *cluster.Status) {
	for _, e := range st.Events {
		fmt.Fprintf(w, "  %v  %s\n", time.Duration(e.At).Round(time.Millisecond), e.Text)
	}
}
