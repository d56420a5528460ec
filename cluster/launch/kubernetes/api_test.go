package kubernetes

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// api stands for a cluster: it keeps objects, has Jobs make pods that are running at once, and collects what lost its owner. Requests without
// the right token are refused.
type api struct {
	t       testing.TB
	server  *httptest.Server
	mu      sync.Mutex
	objects map[string]*thing // by plural/name
	seen    []string          // requests that changed something
	refuse  map[string]int    // request → status that it gets, once
	count   int
	freed   chan struct{} // closed when the test is over: ends logs that are followed
}

type thing struct {
	Kind     string         `json:"kind"`
	Metadata meta           `json:"metadata"`
	Spec     map[string]any `json:"spec,omitempty"`
	Data     map[string]any `json:"data,omitempty"`
	Status   map[string]any `json:"status,omitempty"`
	gone     chan struct{}
}

const apiToken = "let-me-in"

func newAPI(t testing.TB) *api {
	a := &api{t: t, objects: map[string]*thing{}, refuse: map[string]int{}, freed: make(chan struct{})}
	a.server = httptest.NewServer(a)
	t.Cleanup(func() {
		close(a.freed)
		a.server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return a
}

// kubeconfig writes a file that leads to it.
func (a *api) kubeconfig(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{current-context: here, contexts: [{name: here, context: {cluster: c, user: u, namespace: load}}],
clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {token: %s}}]}`, a.server.URL, apiToken)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	at := slices.Index(parts, "namespaces")
	if r.Header.Get("Authorization") != "Bearer "+apiToken || at < 0 || parts[at+1] != "load" {
		a.fail(w, http.StatusForbidden, "forbidden")
		return
	}
	rest := append(parts[at+2:], "", "")
	plural, name, sub := rest[0], rest[1], rest[2]
	a.mu.Lock()
	request := r.Method + " " + plural + " " + name
	if r.Method != http.MethodGet {
		a.seen = append(a.seen, strings.TrimSpace(request))
	}
	status, refused := a.refuse[strings.TrimSpace(request)]
	delete(a.refuse, strings.TrimSpace(request))
	o := a.objects[plural+"/"+name]
	defer a.mu.Unlock()
	switch {
	case refused:
		w.Header().Set("Retry-After", "0")
		a.fail(w, status, "not now")
	case r.Method == http.MethodPost:
		a.create(w, r, plural)
	case r.Method == http.MethodDelete && name == "":
		for _, o := range a.chosen(plural, r) {
			a.remove(plural, o)
		}
		a.reply(w, map[string]any{})
	case r.Method == http.MethodGet && name == "":
		a.reply(w, map[string]any{"items": a.chosen(plural, r)})
	case o == nil:
		a.fail(w, http.StatusNotFound, plural+" "+name+" not found")
	case sub == "log":
		a.log(w, r, o)
	case r.Method == http.MethodPatch:
		var change struct{ Spec map[string]any }
		if err := json.NewDecoder(r.Body).Decode(&change); err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
			a.fail(w, http.StatusBadRequest, fmt.Sprint(err))
			return
		}
		maps.Copy(o.Spec, change.Spec)
		a.run(plural, o)
		a.reply(w, o)
	default:
		a.reply(w, o)
	}
}

func (a *api) fail(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	a.reply(w, map[string]any{"kind": "Status", "message": message, "code": status})
}

func (a *api) reply(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		a.t.Error(err)
	}
}

// chosen are the objects of a kind that a label selector chooses.
func (a *api) chosen(plural string, r *http.Request) []*thing {
	list := []*thing{}
	for key, o := range a.objects {
		all := strings.HasPrefix(key, plural+"/")
		for s := range strings.SplitSeq(r.URL.Query().Get("labelSelector"), ",") {
			k, v, _ := strings.Cut(s, "=")
			all = all && o.Metadata.Labels[k] == v
		}
		if all {
			list = append(list, o)
		}
	}
	return list
}

func (a *api) create(w http.ResponseWriter, r *http.Request, plural string) {
	o := new(thing)
	if err := json.NewDecoder(r.Body).Decode(o); err != nil {
		a.fail(w, http.StatusBadRequest, err.Error())
		return
	}
	key := plural + "/" + o.Metadata.Name
	if a.objects[key] != nil {
		a.fail(w, http.StatusConflict, key+" already exists")
		return
	}
	a.add(key, o)
	a.run(plural, o)
	w.WriteHeader(http.StatusCreated)
	a.reply(w, o)
}

func (a *api) add(key string, o *thing) {
	a.count++
	now := time.Now()
	o.Metadata.UID, o.Metadata.CreationTimestamp, o.gone = fmt.Sprint("uid-", a.count), &now, make(chan struct{})
	a.objects[key] = o
}

// run makes the pods of a Job that is not suspended, or of a StatefulSet.
func (a *api) run(plural string, o *thing) {
	pods := 0
	switch {
	case plural == "jobs" && o.Spec["suspend"] != true && o.Status == nil:
		pods = int(o.Spec["completions"].(float64))
	case plural == "statefulsets":
		pods = 1
	}
	over := 0
	for i := range pods {
		raw, err := json.Marshal(o.Spec["template"])
		p := &thing{Kind: "Pod"}
		if err == nil {
			err = json.Unmarshal(raw, p)
		}
		if err != nil {
			a.t.Error(err)
		}
		p.Metadata.Name = fmt.Sprintf("%s-%d-x", o.Metadata.Name, i)
		p.Metadata.Labels["batch.kubernetes.io/job-completion-index"] = fmt.Sprint(i)
		p.Metadata.OwnerReferences = []owner{{Kind: o.Kind, Name: o.Metadata.Name, UID: o.Metadata.UID}}
		p.Spec["nodeName"] = "node-1"
		p.Status = map[string]any{"phase": "Running", "podIP": "10.0.0.7"}
		a.add("pods/"+p.Metadata.Name, p)
		if _, exit, ok := strings.Cut(string(raw), "--exit="); ok {
			over++
			status := int(exit[0] - '0')
			p.Status["phase"] = map[bool]string{true: "Succeeded", false: "Failed"}[status == 0]
			p.Status["containerStatuses"] = []any{map[string]any{"state": map[string]any{"terminated": map[string]any{"exitCode": status}}}}
		}
	}
	if pods > 0 && plural == "jobs" {
		o.Status = map[string]any{}
		if over == pods {
			o.Status["conditions"] = []any{map[string]any{"type": "Complete", "status": "True"}}
		}
	}
}

// remove removes an object and what it owns.
func (a *api) remove(plural string, o *thing) {
	key := plural + "/" + o.Metadata.Name
	if a.objects[key] != o {
		return
	}
	delete(a.objects, key)
	close(o.gone)
	for key, other := range a.objects {
		plural, _, _ := strings.Cut(key, "/")
		if slices.ContainsFunc(other.Metadata.OwnerReferences, func(w owner) bool { return w.UID == o.Metadata.UID }) {
			a.remove(plural, other)
		}
	}
}

// log gives a line, and keeps who follows until the pod is gone.
func (a *api) log(w http.ResponseWriter, r *http.Request, o *thing) {
	if o.Status["phase"] == "Pending" {
		a.fail(w, http.StatusBadRequest, "container is waiting to start")
		return
	}
	fmt.Fprintf(w, "hello from %s\n", o.Metadata.Name)
	if r.URL.Query().Get("follow") == "" {
		return
	}
	w.(http.Flusher).Flush()
	a.mu.Unlock()
	defer a.mu.Lock()
	select {
	case <-o.gone:
	case <-r.Context().Done():
	case <-a.freed:
	}
}

// names are the objects that there are.
func (a *api) names() (list []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.objects {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}
