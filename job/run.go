package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/internal/host"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/processor/exec"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/report/html"
)

// Outcome is what a run leaves.
type Outcome struct {
	Summary *report.Summary
	HTML    string // path of report.html; "": not written
	Status  int    // exit status
	Err     error  // what went wrong beside the figures: results that could not be written, a source that failed
}

// running is a run under way.
type running struct {
	*Job
	dir     *report.Dir
	col     *report.Collector
	engine  *engine.Engine
	sampler *sampler
	log     *slog.Logger
	began   time.Time
	aborted string
	kill    context.Context
}

// Run runs the job to its end. When ctx ends, the schedule stops and what is under way is waited for; when kill ends, the
// run is broken off. An error says that the run could not begin: nothing was sent. A job runs once.
func (j *Job) Run(ctx, kill context.Context) (*Outcome, error) {
	defer j.Close()
	if err := j.Discover(ctx, nil); err != nil {
		return nil, err
	}
	r := &running{Job: j, kill: kill, began: time.Now()}
	if err := r.open(); err != nil {
		return nil, err
	}
	var err error
	if r.engine, err = engine.New(r.config); err == nil {
		err = r.attach(r.engine.SetTargets)
	}
	if err != nil {
		return nil, errors.Join(err, r.closeDir())
	}
	r.sampler = watch(time.Second)
	stop := context.AfterFunc(kill, func() { r.engine.Break(engine.EndInterrupted) })
	result, err := r.engine.Run(ctx)
	stop()
	r.sampler.Close()
	if result.Shards == 0 { // it never began
		return nil, errors.Join(err, r.closeDir())
	}
	return r.finish(&result, err), nil
}

// BadInput tells whether an error of [Job.Run] is the input's: no request can be made of the records, or the program that makes them
// cannot be used.
func BadInput(err error) bool {
	var none *engine.NoRequestsError
	var start *exec.StartError
	return errors.As(err, &none) || errors.As(err, &start)
}

// open makes the run directory and what takes the seconds.
func (r *running) open() error {
	rec := report.Recording{Warmup: r.config.Warmup, Started: func() time.Time { return r.engine.Started() }}
	if !r.config.Closed {
		profile, end := r.process.Profile, r.config.Duration.Seconds()
		rec.RateAsked = func(from, to int64) float64 {
			a, b := float64(from)/1e9, float64(to)/1e9
			if end > 0 {
				a, b = min(a, end), min(b, end)
			}
			if b <= a {
				return 0
			}
			return (profile.Area(b) - profile.Area(a)) / (b - a)
		}
	}
	logs := io.Discard
	if r.options.Dir != "" {
		var err error
		if r.dir, err = report.CreateDir(r.options.Dir); err != nil {
			return err
		}
		yaml, err := r.spec.YAML()
		if err == nil {
			err = r.dir.WriteSpec(yaml)
		}
		if err != nil {
			return errors.Join(err, r.dir.Close())
		}
		rec.Series, rec.Latency, logs = r.dir.Series(), r.dir.Latency(), r.dir.Log()
	}
	r.log = slog.New(slog.NewTextHandler(logs, nil))
	r.col = report.NewCollector(rec)
	r.config.OnInterval = r.second
	r.config.Logf = func(format string, args ...any) { r.say(fmt.Sprintf(format, args...)) }
	r.log.Info("run", "name", r.spec.Name, "arrival", r.arrivalText(), "targets", r.urls(), "seed", r.seed, "shards", r.config.Shards, "version", r.options.Version)
	return nil
}

func (r *running) closeDir() error {
	if r.dir == nil {
		return nil
	}
	return r.dir.Close()
}

// say logs a rare event.
func (r *running) say(line string) {
	r.log.Info(line)
	if r.options.Log != nil {
		r.options.Log(line)
	}
}

// second takes a second's figures from the engine, and breaks the run off if a rule says so.
func (r *running) second(iv *measure.Interval) {
	steal, _ := r.sampler.steal()
	s := r.col.Add(iv, steal)
	if r.options.OnSecond != nil {
		w, _ := r.col.Window()
		r.options.OnSecond(s, w)
	}
	if r.aborted == "" {
		if r.aborted = report.AbortReason(r.abort, r.col); r.aborted != "" {
			r.say("broken off: " + r.aborted)
			r.engine.Break(engine.EndAborted)
		}
	}
}

// finish sums up and writes everything down. What cannot be written is an error of the outcome; the summary stands.
func (r *running) finish(res *engine.Result, runErr error) *Outcome {
	sum := r.summary(res, runErr)
	errs := []error{runErr, r.col.Err()}
	if err := report.Verify(sum); err != nil {
		errs = append(errs, fmt.Errorf("job: the figures contradict each other (a mistake in Iago: please report it): %w", err))
	}
	out := &Outcome{Summary: sum}
	r.log.Info("end", "why", sum.Run.End, "verdict", sum.Verdict.Schedule, "scheduled", sum.Requests.Scheduled, "completed", sum.Requests.Completed, "failed", sum.Requests.Failed)
	if r.dir != nil {
		errs = append(errs, r.dir.WriteFailures(res.Failures), r.dir.WriteDistributions(report.NewDistributions(&r.col.Total().Times)), r.dir.WriteSummary(sum), r.closeDir())
		path, err := WriteHTML(r.dir.Path())
		if out.HTML = path; err != nil {
			out.HTML = ""
			errs = append(errs, err)
		}
	}
	out.Err = errors.Join(errs...)
	out.Status = report.Exit(sum, out.Err)
	return out
}

// WriteHTML makes report.html in a run directory out of the other files in it, and returns its path.
func WriteHTML(dir string) (string, error) {
	saved, err := report.ReadDir(dir)
	if err != nil {
		return "", err
	}
	d := saved.Distributions
	return report.WriteHTML(dir, func(w io.Writer) error {
		return html.Write(w, html.Data{
			Summary: &saved.Summary, Series: saved.Seconds, SpecYAML: string(bytes.TrimSpace(saved.Spec)), Failures: saved.Failures,
			Latency: d.Latency, Service: d.Service, Wait: d.Wait, Lateness: d.Lateness,
		})
	})
}

func (r *running) summary(res *engine.Result, runErr error) *report.Summary {
	end := string(res.End)
	switch {
	case r.aborted != "":
		end = report.Aborted(r.aborted)
	case runErr != nil:
		end = "failed: " + runErr.Error()
	}
	sha, _ := r.spec.SHA256() // it has been written once already
	_, steal := r.sampler.steal()
	used := host.Used()
	limit, _, _ := host.Descriptors()
	mode := "open"
	if r.config.Closed {
		mode = "closed"
	}
	src := res.Source
	return report.Build(r.col.Total(), report.Facts{
		Run: report.Run{
			ID: r.began.UTC().Format("20060102T150405") + "-" + strconv.FormatUint(r.seed&0xffff, 16), Name: r.spec.Name, Version: r.options.Version,
			Started: res.Started, Ended: time.Now(), Seed: r.seed, SpecSHA256: sha, End: end, Targets: r.seen(),
		},
		Load: report.Load{
			Mode: mode, Arrival: r.arrivalText(), Arrivals: res.Arrivals, DurationNS: int64(res.Duration), Connections: r.config.Connections,
		},
		Records: report.Records{Read: src.Read, Bad: src.Bad, Filtered: src.Filtered, Loops: src.Loops, Unused: res.Unused, FirstBad: src.FirstBad},
		Generator: report.Generator{
			CPUUserNS: int64(used.User), CPUSystemNS: int64(used.System), RSSMax: used.MaxRSS, GCPauseMaxNS: int64(host.GCPauseMax()),
			Shards: res.Shards, Workers: 1, StealMax: steal, Descriptors: int64(limit), Poller: res.Poller,
		},
		Labels: res.Labels, Warmup: r.config.Warmup, StatusName: r.config.Codec.StatusName, Objectives: r.slo,
		Events: r.events(res.Started, res.Started.Add(res.Elapsed)),
	})
}

// DefaultDir is where a run is kept unless told otherwise: runs/NAME-TIME below the working directory.
func DefaultDir(name string, at time.Time) string {
	return filepath.Join("runs", name+"-"+at.Format("20060102-150405"))
}
