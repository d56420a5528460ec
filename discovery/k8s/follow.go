package k8s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// list is a page of a list, as far as we read it.
type list struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
		Continue        string `json:"continue"`
	} `json:"metadata"`
	Items []slice `json:"items"`
}

// event is what a watch tells: ADDED, MODIFIED, DELETED and BOOKMARK with a slice, ERROR with a status.
type event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

const pageSize = 500

// errGone says that the server no longer knows the version that we know: a list is needed.
var errGone = errors.New("the version to go on from is too old")

// follow lists, and watches from there, until something goes wrong. That the server ends a watch is nothing wrong: the next one goes on
// from where it was, or, if the server no longer knows that version, from another list.
func (w *watch) follow(ctx context.Context) error {
	a, err := w.access()
	if err != nil {
		return err
	}
	w.version = ""
	client := a.client()
	defer client.CloseIdleConnections()
	for {
		if w.version == "" {
			if err := w.list(ctx, a, client); err != nil {
				return err
			}
			w.current()
			w.tell()
		}
		started := time.Now()
		err := w.watch(ctx, a, client)
		if time.Since(started) > leastTimeout {
			w.retry.Reset()
		}
		var s *statusError
		switch {
		case errors.Is(err, errGone) || errors.As(err, &s) && s.Code == http.StatusGone:
			w.version = ""
		case err != nil:
			return err
		case time.Since(started) < leastTimeout/2:
			return errors.New("the server ends watches at once")
		}
	}
}

// list reads all slices of the service, page by page. Pages are of one version; the first one's is gone on from, so that nothing is
// missed if they should not be.
func (w *watch) list(ctx context.Context, a *access, client *http.Client) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	all, version, next := map[string]slice{}, "", ""
	for {
		body, err := a.get(ctx, client, w.path(url.Values{"limit": {strconv.Itoa(pageSize)}, "continue": {next}}))
		if err != nil {
			return err
		}
		var page list
		err = json.NewDecoder(body).Decode(&page)
		body.Close()
		if err != nil {
			return fmt.Errorf("list of slices: %w", err)
		}
		for _, s := range page.Items {
			all[s.Metadata.Name] = s
		}
		if version == "" {
			version = page.Metadata.ResourceVersion
		}
		if next = page.Metadata.Continue; next == "" {
			w.slices, w.version = all, version
			return nil
		}
	}
}

// watch takes the changes since the last version until the server ends the watch, which is nothing out of the ordinary.
func (w *watch) watch(ctx context.Context, a *access, client *http.Client) error {
	ctx, cancel := context.WithTimeoutCause(ctx, w.timeout+grace, errors.New("the server does not end the watch"))
	defer cancel()
	body, err := a.get(ctx, client, w.path(url.Values{
		"watch": {"1"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {w.version},
		"timeoutSeconds": {strconv.Itoa(int((w.timeout + time.Second - 1) / time.Second))},
	}))
	if err != nil {
		return err
	}
	defer body.Close()
	events := json.NewDecoder(body)
	for {
		var e event
		switch err := events.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("watch: %w", err)
		}
		if err := w.take(e); err != nil {
			return err
		}
	}
}

// take takes one event.
func (w *watch) take(e event) error {
	if e.Type == "ERROR" {
		s := new(statusError)
		if err := json.Unmarshal(e.Object, s); err != nil {
			return fmt.Errorf("watch: status: %w", err)
		}
		if s.Code == http.StatusGone {
			return errGone
		}
		return s
	}
	var s slice
	if err := json.Unmarshal(e.Object, &s); err != nil {
		return fmt.Errorf("watch: %s: %w", e.Type, err)
	}
	switch e.Type {
	case "ADDED", "MODIFIED":
		w.slices[s.Metadata.Name] = s
	case "DELETED":
		delete(w.slices, s.Metadata.Name)
	case "BOOKMARK":
	default:
		return nil // of a later version of the API
	}
	if v := s.Metadata.ResourceVersion; v != "" {
		w.version = v
	}
	if e.Type != "BOOKMARK" {
		w.tell()
	}
	return nil
}

// tell hands the set on, and what is odd about the slices, once.
func (w *watch) tell() {
	members, complaints := w.members()
	if complaints != w.complaints && complaints != "" {
		w.logf("%s", complaints)
	}
	w.complaints = complaints
	if w.set.Set(members) {
		w.logf("%s", w.set)
	}
}

// path is that of the service's slices.
func (w *watch) path(query url.Values) string {
	query.Set("labelSelector", "kubernetes.io/service-name="+w.service)
	for name, v := range query {
		if v[0] == "" {
			delete(query, name)
		}
	}
	return "/apis/discovery.k8s.io/v1/namespaces/" + w.namespace + "/endpointslices?" + query.Encode()
}
