package launch

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// Def declares a launcher.
type Def struct {
	Name    string
	Summary string // one line for `iago list`
	// Options returns a pointer to a fresh struct with the defaults. Its fields have yaml tags, and help tags that say what they are.
	Options func() Options
}

// Options make a launcher.
type Options interface {
	// NewLauncher checks the options, and returns all that is wrong with them, each error beginning with the field's yaml name.
	NewLauncher() (Launcher, error)
}

var registry = struct {
	sync.RWMutex
	byName map[string]Def
}{byName: map[string]Def{}}

// Register makes a launcher known. It panics on a name that is taken or not plain (letters, digits, - and _), and without Options.
func Register(d Def) {
	if !plain(d.Name) {
		panic(fmt.Sprintf("launch: cannot register %q: expected a name of letters, digits, - and _", d.Name))
	}
	if d.Options == nil {
		panic(fmt.Sprintf("launch: cannot register %s: it has no Options", d.Name))
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.byName[d.Name]; taken {
		panic("launch: registered twice: " + d.Name)
	}
	registry.byName[d.Name] = d
}

// ByName finds a registered launcher; its error names those that there are.
func ByName(name string) (Def, error) {
	registry.RLock()
	defer registry.RUnlock()
	if d, ok := registry.byName[name]; ok {
		return d, nil
	}
	var names []string
	for n := range registry.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	return Def{}, fmt.Errorf("launch: no launcher %q; there are: %s%s", name, strings.Join(names, ", "), suggest.DidYouMean(name, names))
}

// Defs returns the registered launchers, sorted by name.
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
