package processor

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Def declares a processor that a spec can name: "processor: NAME", or with its settings "processor: {NAME: {…}}".
type Def struct {
	Name    string
	Summary string // one line for `iago list`
	// Settings returns fresh settings with their defaults.
	Settings func() Settings
}

// Settings configure a registered processor: a pointer to a struct with yaml tags, filled with the defaults.
type Settings interface {
	// Validate returns all that is wrong, joined; each error begins with the yaml name of the field ("share: …").
	Validate() error
	// NewProcessor is called once a run, after Validate. What it returns may be a [Responder] or [BatchResponder] too, and an
	// io.Closer, which is closed when the run has ended.
	NewProcessor(Env) (Processor, error)
}

// Env is what a run tells its processor.
type Env struct {
	Seed uint64                           // the run's; the same seed must make the same requests
	Logf func(format string, args ...any) // logs a rare event; never nil
}

var registry = struct {
	sync.RWMutex
	byName map[string]Def
}{byName: map[string]Def{}}

// Register makes a processor known. It panics on a name that is taken or not plain (letters, digits, - and _), on "exec", which is
// what an outside program is called, and without Settings.
func Register(d Def) {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if d.Name == "" || strings.Trim(d.Name, plain) != "" || d.Name == "exec" {
		panic(fmt.Sprintf("processor: cannot register %q: expected a name of letters, digits, - and _, other than exec", d.Name))
	}
	if d.Settings == nil {
		panic(fmt.Sprintf("processor: cannot register %s: it has no Settings", d.Name))
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.byName[d.Name]; taken {
		panic("processor: registered twice: " + d.Name)
	}
	registry.byName[d.Name] = d
}

// ByName finds a registered processor.
func ByName(name string) (Def, bool) {
	registry.RLock()
	defer registry.RUnlock()
	d, ok := registry.byName[name]
	return d, ok
}

// Defs returns the registered processors, sorted by name.
func Defs() []Def {
	registry.RLock()
	defer registry.RUnlock()
	all := make([]Def, 0, len(registry.byName))
	for _, d := range registry.byName {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Def) int { return strings.Compare(a.Name, b.Name) })
	return all
}
