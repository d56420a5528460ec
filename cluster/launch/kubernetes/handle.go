package kubernetes

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// handle implements [launch.Handle].
type handle struct {
	c         *client
	name, job string
}

// pod is what is read of one.
type pod struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		NodeName string `json:"nodeName"`
	} `json:"spec"`
	Status struct {
		Phase             string     `json:"phase"`
		Reason            string     `json:"reason"`
		PodIP             string     `json:"podIP"`
		StartTime         *time.Time `json:"startTime"`
		Conditions        []reasoned `json:"conditions"`
		ContainerStatuses []struct {
			State struct {
				Waiting    *reasoned `json:"waiting"`
				Terminated *reasoned `json:"terminated"`
			} `json:"state"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

type reasoned struct {
	Type     string `json:"type"`
	Status   string `json:"status"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	ExitCode int    `json:"exitCode"`
}

// batchJob is what is read of a Job.
type batchJob struct {
	Metadata meta `json:"metadata"`
	Status   struct {
		Conditions []reasoned `json:"conditions"`
	} `json:"status"`
}

// over tells whether no pod of it runs any more.
func (j *batchJob) over() bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c reasoned) bool {
		return c.Status == "True" && (c.Type == "Complete" || c.Type == "Failed")
	})
}

// why is why a pod is in its state.
func (p *pod) why() string {
	for _, s := range p.Status.ContainerStatuses {
		switch {
		case s.State.Waiting != nil:
			return strings.TrimSuffix(s.State.Waiting.Reason+": "+s.State.Waiting.Message, ": ")
		case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
			return s.State.Terminated.Reason
		}
	}
	if p.Status.Reason != "" {
		return p.Status.Reason
	}
	for _, c := range p.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status == "False" {
			return c.Reason + ": " + c.Message
		}
	}
	return ""
}

// lostAfter is how long after it should have ended a pod is not waited for any more.
const lostAfter = 20 * time.Second

// lost tells whether it should have ended long ago: its node does not answer.
func (p *pod) lost(now time.Time) bool {
	d := p.Metadata.DeletionTimestamp
	return d != nil && now.After(d.Add(lostAfter))
}

// over tells whether it does not run any more.
func (p *pod) over() bool { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }

// process is a pod in our words.
func (p *pod) process(now time.Time) launch.Process {
	l := p.Metadata.Labels
	out := launch.Process{Name: p.Metadata.Name, Role: launch.Role(l[labelComponent]), Where: p.Spec.NodeName, Reason: p.why()}
	index := l[labelIndex]
	if out.Role == launch.Worker {
		index = l["batch.kubernetes.io/job-completion-index"]
	}
	out.Index, _ = strconv.Atoi(index) // Kubernetes writes it
	if p.Status.StartTime != nil {
		out.Started = *p.Status.StartTime
	}
	switch p.Status.Phase {
	case "Pending":
		out.State = launch.Pending
	case "Running":
		out.State = launch.Running
		if d := p.Metadata.DeletionTimestamp; d != nil {
			if out.Reason = "asked to end"; now.After(*d) { // when it should have
				out.State, out.Reason = launch.Unknown, "should have ended; its node does not answer"
			}
		}
	case "Succeeded":
		out.State = launch.Done
	case "Failed":
		out.State, out.Exit = launch.Failed, -1
		for _, s := range p.Status.ContainerStatuses {
			if s.State.Terminated != nil && s.State.Terminated.ExitCode != 0 {
				out.Exit = s.State.Terminated.ExitCode
			}
		}
	default:
		out.State = launch.Unknown
	}
	return out
}

// jobs are the job's Jobs; a CronJob counts as one that does not end.
func (h *handle) jobs(ctx context.Context) (jobs []batchJob, cron bool, err error) {
	jobs, err = list[batchJob](ctx, h.c, "Job", h.name)
	if err != nil {
		return nil, false, err
	}
	crons, err := list[batchJob](ctx, h.c, "CronJob", h.name)
	if err != nil {
		return nil, false, err
	}
	if len(jobs)+len(crons) == 0 {
		return nil, false, fmt.Errorf("launch: kubernetes: job %s in namespace %s: %w", h.job, h.c.namespace, launch.ErrNoJob)
	}
	return jobs, len(crons) > 0, nil
}

// Status implements [launch.Handle].
func (h *handle) Status(ctx context.Context) ([]launch.Process, error) {
	pods, err := h.pods(ctx)
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 {
		if _, _, err := h.jobs(ctx); err != nil {
			return nil, err
		}
	}
	var all []launch.Process
	for _, p := range pods {
		all = append(all, p.process(time.Now()))
	}
	return all, nil
}

// pods are those of feeders and workers: feeders first, by index, older ones first.
func (h *handle) pods(ctx context.Context) ([]pod, error) {
	pods, err := list[pod](ctx, h.c, "Pod", h.name)
	if err != nil {
		return nil, err
	}
	pods = slices.DeleteFunc(pods, func(p pod) bool { return p.Metadata.Labels[labelComponent] == "bus" })
	slices.SortStableFunc(pods, func(a, b pod) int {
		x, y := a.process(time.Time{}), b.process(time.Time{})
		if c := strings.Compare(string(x.Role), string(y.Role)); c != 0 {
			return c
		}
		if x.Index != y.Index {
			return x.Index - y.Index
		}
		return born(a).Compare(born(b))
	})
	return pods, nil
}

func born(p pod) time.Time {
	if p.Metadata.CreationTimestamp == nil {
		return time.Time{}
	}
	return *p.Metadata.CreationTimestamp
}

// Logs implements [launch.Handle]. A pod whose container has not started yet is waited for when its log is followed.
func (h *handle) Logs(ctx context.Context, process string, follow bool) (io.ReadCloser, error) {
	query := url.Values{}
	if follow {
		query.Set("follow", "true")
	}
	for {
		r, err := h.c.open(ctx, http.MethodGet, "Pod", process+"/log", query, nil)
		if !follow || !isCode(err, http.StatusBadRequest) {
			return r, err
		}
		var p pod
		if err := h.c.do(ctx, http.MethodGet, "Pod", process, nil, nil, &p); err != nil {
			return nil, err
		}
		if p.Status.Phase != "Pending" {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// Wait implements [launch.Handle]. A CronJob ends when somebody removes it.
func (h *handle) Wait(ctx context.Context) (int, error) {
	for {
		over, err := h.over(ctx)
		if err != nil {
			return -1, err
		}
		if over {
			return h.result(ctx)
		}
		select {
		case <-ctx.Done():
			return -1, ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// over tells whether the job has ended: all its Jobs have, or those of its feeders, and what else is there is lost. (A Job has not as long as
// it has a pod, though that pod's node may never come back.)
func (h *handle) over(ctx context.Context) (bool, error) {
	jobs, cron, err := h.jobs(ctx)
	if err != nil || cron {
		return false, err
	}
	running := slices.DeleteFunc(jobs, func(j batchJob) bool { return j.over() })
	if len(running) == 0 {
		return true, nil
	}
	if slices.ContainsFunc(running, func(j batchJob) bool { return j.Metadata.Labels[labelComponent] == "feeder" }) {
		return false, nil
	}
	pods, err := h.pods(ctx)
	if err != nil {
		return false, err
	}
	alive := slices.DeleteFunc(pods, func(p pod) bool { return p.over() })
	now := time.Now()
	return len(alive) > 0 && !slices.ContainsFunc(alive, func(p pod) bool { return !p.lost(now) }), nil
}

// result is the job's exit status.
func (h *handle) result(ctx context.Context) (int, error) {
	list, err := h.Status(ctx)
	if err != nil {
		return -1, err
	}
	if status, known := launch.Status(list); known {
		return status, nil
	}
	return -1, fmt.Errorf("launch: kubernetes: job %s has ended; how its feeder did is not known: its pod is gone", h.job)
}

// Cleanup implements [launch.Handle].
func (h *handle) Cleanup(ctx context.Context) error {
	over, err := h.over(ctx)
	if err != nil {
		return err
	}
	if !over {
		return fmt.Errorf("launch: kubernetes: job %s is still running; kill it, or wait for its end", h.job)
	}
	return h.c.remove(ctx, h.name, false)
}
