package k8s

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// object is an EndpointSlice as the server keeps it.
type object = map[string]any

// record is a change that watches are told.
type record struct {
	version int
	kind    string
	object  object
}

// page is what is left of a list.
type page struct {
	version int
	items   []object
}

// api speaks the documented list and watch protocol of Kubernetes' API for EndpointSlices: versions, pages, watches that begin at a
// version and are ended by the server, bookmarks, and 410 Gone for versions that it has forgotten.
type api struct {
	*httptest.Server
	mu      sync.Mutex
	changed chan struct{} // closed at every change
	version int
	objects map[string]object // by namespace/name
	history []record
	oldest  int    // versions before it are forgotten
	token   string // asked for; "": none
	pages   int    // pages served
	lists   int
	rest    map[string]page             // by continue token
	fail    int                         // status of all answers; 0: none
	poison  func(w http.ResponseWriter) // writes the next watch's answer instead
}

// newAPI starts a server; tls: with a certificate of its own, and HTTP/2.
func newAPI(t testing.TB, tls bool) *api {
	a := &api{changed: make(chan struct{}), version: 100, objects: map[string]object{}, rest: map[string]page{}}
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(a.serve))
	if a.EnableHTTP2 = tls; tls {
		a.StartTLS()
	} else {
		a.Start()
	}
	t.Cleanup(a.Close)
	return a
}

func (a *api) host() string { return a.Listener.Addr().String() }

// change does something to the state, and wakes all watches.
func (a *api) change(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
	close(a.changed)
	a.changed = make(chan struct{})
}

// put writes a slice of a service; endpoints nil: deletes it.
func (a *api) put(namespace, service, name string, body object) {
	a.change(func() {
		a.version++
		key, kind := namespace+"/"+name, "ADDED"
		old, there := a.objects[key]
		switch {
		case body == nil:
			kind, body = "DELETED", maps.Clone(old)
			delete(a.objects, key)
		case there:
			kind = "MODIFIED"
		}
		body["apiVersion"], body["kind"] = "discovery.k8s.io/v1", "EndpointSlice"
		body["metadata"] = object{
			"name": name, "namespace": namespace, "resourceVersion": strconv.Itoa(a.version), "labels": object{"kubernetes.io/service-name": service},
		}
		if kind != "DELETED" {
			a.objects[key] = body
		}
		a.history = append(a.history, record{a.version, kind, body})
	})
}

// forget makes all versions before the present one too old.
func (a *api) forget() {
	a.change(func() {
		a.version++ // something else has changed
		a.oldest, a.history = a.version, nil
	})
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	fail, token := a.fail, a.token
	a.mu.Unlock()
	namespace, ok := strings.CutPrefix(r.URL.Path, "/apis/discovery.k8s.io/v1/namespaces/")
	namespace, suffix, _ := strings.Cut(namespace, "/")
	service, selects := strings.CutPrefix(r.FormValue("labelSelector"), "kubernetes.io/service-name=")
	switch {
	case fail != 0:
		status(w, fail, "told to")
	case token != "" && r.Header.Get("Authorization") != "Bearer "+token:
		status(w, http.StatusUnauthorized, "Unauthorized")
	case !ok || suffix != "endpointslices" || !selects || r.Method != http.MethodGet:
		status(w, http.StatusNotFound, "the server could not find the requested resource")
	case r.FormValue("watch") == "1":
		a.watch(w, r, namespace, service)
	default:
		a.list(w, r, namespace, service)
	}
}

func status(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object{"kind": "Status", "status": "Failure", "code": code, "message": message})
}

func (a *api) matches(o object, namespace, service string) bool {
	m := o["metadata"].(object)
	return m["namespace"] == namespace && m["labels"].(object)["kubernetes.io/service-name"] == service
}

// list serves at most two slices a page. All pages of a list are of the version of the first.
func (a *api) list(w http.ResponseWriter, r *http.Request, namespace, service string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	const most = 2
	a.pages++
	rest, ok := a.rest[r.FormValue("continue")]
	switch {
	case r.FormValue("continue") == "":
		a.lists++
		rest = page{version: a.version}
		for _, key := range slices.Sorted(maps.Keys(a.objects)) {
			if o := a.objects[key]; a.matches(o, namespace, service) {
				rest.items = append(rest.items, o)
			}
		}
	case !ok:
		status(w, http.StatusGone, "the provided continue parameter is too old")
		return
	}
	meta := object{"resourceVersion": strconv.Itoa(rest.version)}
	items := rest.items
	if len(items) > most {
		next := fmt.Sprintf("page-%d", a.pages)
		a.rest[next] = page{rest.version, items[most:]}
		meta["continue"], items = next, items[:most]
	}
	_ = json.NewEncoder(w).Encode(object{"kind": "EndpointSliceList", "metadata": meta, "items": items})
}

func (a *api) watch(w http.ResponseWriter, r *http.Request, namespace, service string) {
	a.mu.Lock()
	poison := a.poison
	a.poison = nil
	a.mu.Unlock()
	if poison != nil {
		poison(w)
		return
	}
	since, err := strconv.Atoi(r.FormValue("resourceVersion"))
	seconds, _ := strconv.Atoi(r.FormValue("timeoutSeconds"))
	if err != nil || seconds == 0 || r.FormValue("allowWatchBookmarks") != "true" {
		status(w, http.StatusBadRequest, "parameters")
		return
	}
	end := time.After(time.Duration(seconds) * time.Second)
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	for first := true; ; first = false {
		a.mu.Lock()
		news, changed, oldest := a.history, a.changed, a.oldest
		a.mu.Unlock()
		if since < oldest {
			if first {
				status(w, http.StatusGone, "too old resource version")
				return
			}
			_ = out.Encode(object{"type": "ERROR", "object": object{"kind": "Status", "code": http.StatusGone, "message": "too old"}})
			return
		}
		for _, n := range news {
			if n.version <= since {
				continue
			}
			if since = n.version; a.matches(n.object, namespace, service) {
				_ = out.Encode(object{"type": n.kind, "object": n.object})
			} else {
				_ = out.Encode(object{"type": "BOOKMARK", "object": object{
					"kind": "EndpointSlice", "metadata": object{"resourceVersion": strconv.Itoa(since)},
				}})
			}
		}
		if flush.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-end:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// endpoints is the body of a slice: one port by its name, addresses that are ready.
func endpoints(port int, addresses ...string) object {
	var list []object
	for i, a := range addresses {
		list = append(list, object{
			"addresses": []string{a}, "conditions": object{"ready": true}, "targetRef": object{"kind": "Pod", "name": fmt.Sprintf("pod-%s-%d", a, i)},
		})
	}
	return object{"addressType": "IPv4", "endpoints": list, "ports": []object{{"name": "http", "port": port, "protocol": "TCP"}}}
}
