package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// client asks the API of one cluster, in one namespace.
type client struct {
	server    *url.URL
	namespace string
	http      *http.Client
	authorize func(ctx context.Context, r *http.Request) error // may be nil
}

// kinds are the places of what is asked for, by its kind.
var kinds = map[string]struct{ group, plural string }{
	"Job": {"apis/batch/v1", "jobs"}, "CronJob": {"apis/batch/v1", "cronjobs"}, "StatefulSet": {"apis/apps/v1", "statefulsets"},
	"Service": {"api/v1", "services"}, "Secret": {"api/v1", "secrets"}, "Pod": {"api/v1", "pods"},
}

// statusError is an answer of the API that is not the one hoped for.
type statusError struct {
	code         int
	what, reason string
	retryAfter   time.Duration
}

func (e *statusError) Error() string {
	hint := ""
	switch e.code {
	case http.StatusUnauthorized:
		hint = "; are the credentials of the kubeconfig still good?"
	case http.StatusForbidden:
		hint = "; README.md of cluster/launch/kubernetes lists the rights that are needed"
	}
	return fmt.Sprintf("launch: kubernetes: %s: %d: %s%s", e.what, e.code, e.reason, hint)
}

func isCode(err error, code int) bool {
	e, ok := errors.AsType[*statusError](err)
	return ok && e.code == code
}

// do makes a request. name may be empty, and may have a subresource behind it. in and out may be nil.
func (c *client) do(ctx context.Context, method, kind, name string, query url.Values, in, out any) error {
	r, err := c.open(ctx, method, kind, name, query, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, r)
	} else {
		err = json.NewDecoder(r).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("launch: kubernetes: %s %s %s: its answer: %w", method, kind, name, err)
	}
	return nil
}

// open makes a request and returns what comes back, to be closed. A server that is busy is asked again, as it says, for a while.
func (c *client) open(ctx context.Context, method, kind, name string, query url.Values, in any) (io.ReadCloser, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("launch: kubernetes: %s %s %s: %w", method, kind, name, err)
		}
	}
	const tries = 5
	for try := 1; ; try++ {
		r, err := c.once(ctx, method, kind, name, query, body)
		e, ok := errors.AsType[*statusError](err)
		if err == nil || !ok || e.code != http.StatusTooManyRequests || try == tries {
			return r, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(max(e.retryAfter, 100*time.Millisecond)):
		}
	}
}

func (c *client) once(ctx context.Context, method, kind, name string, query url.Values, body []byte) (io.ReadCloser, error) {
	k := kinds[kind]
	u := *c.server
	u.Path = path.Join("/", u.Path, k.group, "namespaces", c.namespace, k.plural, name)
	u.RawQuery = query.Encode()
	what := strings.TrimSpace(method + " " + kind + " " + name)
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("launch: kubernetes: %s: %w", what, err)
	}
	req.Header.Set("Accept", "application/json, */*")
	req.Header.Set("User-Agent", "iago")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	if c.authorize != nil {
		if err := c.authorize(ctx, req); err != nil {
			return nil, err
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("launch: kubernetes: %s: %w", what, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	e := &statusError{code: resp.StatusCode, what: what, reason: resp.Status}
	if d, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil {
		e.retryAfter = min(d, 10*time.Second)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	var said struct{ Message string }
	if err == nil && json.Unmarshal(text, &said) == nil && said.Message != "" {
		e.reason = said.Message
	}
	return nil, e
}

// create creates an object and returns it with what the server has added.
func (c *client) create(ctx context.Context, o object) (object, error) {
	o.Metadata.Namespace = c.namespace
	out := o
	if err := c.do(ctx, http.MethodPost, o.Kind, "", nil, o, &struct {
		Metadata *meta `json:"metadata"`
	}{&out.Metadata}); err != nil {
		if isCode(err, http.StatusConflict) {
			err = fmt.Errorf("%w: %w", err, launch.ErrExists)
		}
		return out, err
	}
	return out, nil
}

// mine selects what belongs to a job.
func mine(name string) url.Values {
	return url.Values{"labelSelector": {labelInstance + "=" + name + "," + labelManager + "=iago"}}
}

// list lists a job's objects of a kind.
func list[T any](ctx context.Context, c *client, kind, name string) ([]T, error) {
	var out struct {
		Items []T `json:"items"`
	}
	err := c.do(ctx, http.MethodGet, kind, "", mine(name), nil, &out)
	return out.Items, err
}
