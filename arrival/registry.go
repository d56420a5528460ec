package arrival

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// Def declares an arrival process that has a name: for `--arrival NAME:key=value,…` and the spec file.
type Def struct {
	Name    string
	Summary string // one line for `iago list`
	Params  []Param

	// OwnRate says that the process has rates of its own, so that neither a rate nor a profile is wanted beside it.
	OwnRate bool
	// Build makes the process. Where it leaves Profile nil, the caller's ([Args].Profile) is used: that is what
	// makes a law. Text and OwnRate are filled in afterwards.
	Build func(Args) (Process, error)
}

// ProfileDef declares a profile that has a name, for the pieces of a profile in the spec file.
type ProfileDef struct {
	Name    string
	Summary string // one line for `iago list`
	Params  []Param
	Build   func(Args) (Profile, error)
}

var (
	processes = registry[Def]{noun: "process", defs: map[string]Def{}}
	profiles  = registry[ProfileDef]{noun: "profile", defs: map[string]ProfileDef{}}
)

// Register makes a process known under its name. It panics on a name that is taken or not plain (letters, digits,
// hyphens), on a declaration without Build, and on a parameter whose default its kind does not accept.
func Register(d Def) {
	checkDef(d.Name, d.Params, d.Build != nil)
	processes.add(d.Name, d)
}

// RegisterProfile makes a profile known under its name. It panics where [Register] does.
func RegisterProfile(d ProfileDef) {
	checkDef(d.Name, d.Params, d.Build != nil)
	profiles.add(d.Name, d)
}

// Defs returns the registered processes, sorted by name.
func Defs() []Def { return processes.all() }

// ProfileDefs returns the registered profiles, sorted by name.
func ProfileDefs() []ProfileDef { return profiles.all() }

func checkDef(name string, params []Param, build bool) {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789-_"
	if name == "" || strings.Trim(name, plain) != "" {
		panic(fmt.Sprintf("arrival: cannot register %q: expected a name of small letters, digits and hyphens", name))
	}
	if !build {
		panic(fmt.Sprintf("arrival: cannot register %s: it has no Build", name))
	}
	seen := map[string]bool{}
	for _, p := range params {
		if p.Name == "" || strings.Trim(p.Name, plain) != "" || seen[p.Name] || expected[p.Kind] == "" {
			panic(fmt.Sprintf("arrival: cannot register %s: parameter %q: expected a plain name, used once, and a known kind", name, p.Name))
		}
		if _, err := p.parse(p.Default, false); err != nil {
			panic(fmt.Sprintf("arrival: cannot register %s: default of %s: %v", name, p.Name, err))
		}
		seen[p.Name] = true
	}
}

// registry is a table of declarations by name; safe for concurrent use.
type registry[D any] struct {
	noun string
	mu   sync.RWMutex
	defs map[string]D
}

func (r *registry[D]) add(name string, d D) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.defs[name]; ok {
		panic(fmt.Sprintf("arrival: %s registered twice: %s", r.noun, name))
	}
	r.defs[name] = d
}

func (r *registry[D]) names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]string, 0, len(r.defs))
	for name := range r.defs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (r *registry[D]) all() []D {
	var defs []D
	for _, name := range r.names() {
		d, _ := r.find(name)
		defs = append(defs, d)
	}
	return defs
}

func (r *registry[D]) find(name string) (D, error) {
	r.mu.RLock()
	d, ok := r.defs[name]
	r.mu.RUnlock()
	if !ok {
		names := r.names()
		return d, fmt.Errorf("arrival: unknown %s %q%s; known: %s", r.noun, name, suggest.DidYouMean(name, names), strings.Join(names, ", "))
	}
	return d, nil
}
