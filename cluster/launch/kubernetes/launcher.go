package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// lookAgain is how often the cluster is asked for what is awaited.
const lookAgain = 500 * time.Millisecond

type launcher struct {
	Options
	mu   sync.Mutex
	conn *client
}

// client connects when the cluster is needed first: rendering does without.
func (l *launcher) client(ctx context.Context) (*client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		c, err := connect(ctx, &l.Options)
		if err != nil {
			return nil, err
		}
		l.conn = c
	}
	return l.conn, nil
}

// Start implements [launch.Launcher]. The anchor is made first and suspended, everything else belongs to it, and at last it is let go: so
// there is nothing that deleting the anchor does not remove, and nothing of ours runs before all is there.
func (l *launcher) Start(ctx context.Context, j launch.Job) (launch.Handle, error) {
	p, err := newPlan(&l.Options, &j)
	if err != nil {
		return nil, err
	}
	c, err := l.client(ctx)
	if err != nil {
		return nil, err
	}
	anchor, err := c.create(ctx, p.suspended())
	if err != nil {
		return nil, err
	}
	if err := p.start(ctx, c, anchor); err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		return nil, errors.Join(err, c.remove(end, p.name, true))
	}
	return &handle{c, p.name, j.Name}, nil
}

// start makes what belongs to the anchor, and starts it.
func (p *plan) start(ctx context.Context, c *client, anchor object) error {
	own := []owner{{anchor.APIVersion, anchor.Kind, anchor.Metadata.Name, anchor.Metadata.UID}}
	create := func(list ...object) error {
		for _, o := range list {
			o.Metadata.OwnerReferences = own
			if _, err := c.create(ctx, o); err != nil {
				return err
			}
		}
		return nil
	}
	if err := create(p.before...); err != nil {
		return err
	}
	run := func() error {
		return c.do(ctx, http.MethodPatch, anchor.Kind, anchor.Metadata.Name, nil, map[string]any{"spec": map[string]any{"suspend": false}}, nil)
	}
	if p.address == nil {
		if err := create(p.after...); err != nil {
			return err
		}
		return run()
	}
	if p.embedded() { // its pod has no address before it is there
		if err := run(); err != nil {
			return err
		}
	}
	ip, err := p.busAddress(ctx, c)
	if err != nil {
		return err
	}
	a := *p.address
	a.Data = map[string][]byte{"url": fmt.Appendf(nil, "%s://%s:%d", p.job.Bus.Scheme(), bracketed(ip), p.port)}
	if err := create(append([]object{a}, p.after...)...); err != nil {
		return err
	}
	if p.embedded() {
		return nil
	}
	return run()
}

// bracketed is an address as it stands in a URL.
func bracketed(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]"
	}
	return ip
}

// busAddress waits for the bus's pod to have an address.
func (p *plan) busAddress(ctx context.Context, c *client) (string, error) {
	last := "no pod yet"
	for {
		pods, err := list[pod](ctx, c, "Pod", p.name)
		if err != nil {
			return "", err
		}
		for _, d := range pods {
			l := d.Metadata.Labels
			if !p.embedded() && l[labelComponent] != "bus" || p.embedded() && (l[labelComponent] != "feeder" || l[labelIndex] != "0") {
				continue
			}
			if d.Status.PodIP != "" {
				return d.Status.PodIP, nil
			}
			last = d.Status.Phase + " " + d.why()
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("launch: kubernetes: the bus's pod has got no address (%s): %w", last, ctx.Err())
		case <-time.After(lookAgain):
		}
	}
}

// Close closes connections that are not in use.
func (l *launcher) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.http.CloseIdleConnections()
	}
	return nil
}

// Detaches implements [launch.Detacher].
func (l *launcher) Detaches() bool { return true }

// Attach implements [launch.Launcher].
func (l *launcher) Attach(ctx context.Context, job string) (launch.Handle, error) {
	c, err := l.client(ctx)
	if err != nil {
		return nil, err
	}
	h := &handle{c, launch.Name(job, longestName), job}
	if _, _, err := h.jobs(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// Kill implements [launch.Launcher].
func (l *launcher) Kill(ctx context.Context, job string) error {
	c, err := l.client(ctx)
	if err != nil {
		return err
	}
	name, there := launch.Name(job, longestName), 0
	for _, kind := range removed {
		list, err := list[object](ctx, c, kind, name)
		if err != nil {
			return err
		}
		there += len(list)
	}
	if there == 0 {
		return fmt.Errorf("launch: kubernetes: job %s in namespace %s: %w", job, c.namespace, launch.ErrNoJob)
	}
	return c.remove(ctx, name, true)
}

// removed are the kinds of what is made for a job, in the order of their removal: what makes others first, pods themselves so that the end
// of the load does not wait for the garbage collector.
var removed = []string{"CronJob", "Job", "StatefulSet", "Pod", "Service", "Secret"}

// remove removes everything that has a job's labels, also what was made of a rendered manifest and has no owner, and waits until its pods
// are gone; for those that are lost only if it is to be patient.
func (c *client) remove(ctx context.Context, name string, patient bool) error {
	for _, kind := range removed {
		query := mine(name)
		query.Set("propagationPolicy", "Background")
		if err := c.removeAll(ctx, kind, query); err != nil {
			return err
		}
	}
	left := "its pods"
	for {
		pods, err := list[pod](ctx, c, "Pod", name)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("launch: kubernetes: asked to end, and not known to be gone: %s: %w", left, ctx.Err())
		case err != nil:
			return err
		case len(pods) == 0:
			return nil
		}
		left = places(pods)
		now := time.Now()
		if !patient && !slices.ContainsFunc(pods, func(p pod) bool { return !p.lost(now) }) {
			return fmt.Errorf("launch: kubernetes: %s: %w", left, launch.ErrUnreachable)
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		}
	}
}

// places says which pods are where.
func places(pods []pod) string {
	var all []string
	for _, p := range pods {
		all = append(all, fmt.Sprintf("%s on %s", p.Metadata.Name, p.Spec.NodeName))
	}
	return strings.Join(all, ", ")
}

// removeAll removes all objects of a kind that a query chooses.
func (c *client) removeAll(ctx context.Context, kind string, query url.Values) error {
	return c.do(ctx, http.MethodDelete, kind, "", query, nil, nil)
}
