package discovery

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// Kind is what a registered backend tells of itself.
type Kind struct {
	Scheme  string // of its addresses: "zk"
	Summary string // one line for `iago list`
	Doc     string // its README

	// Open checks the address and connects to nothing. Errors name the address and what was expected instead.
	Open func(a Address, logf Logf) (Backend, error)
}

var kinds = struct {
	sync.RWMutex
	byScheme map[string]Kind
}{byScheme: map[string]Kind{}}

// Register makes a kind of backend known. It panics on a scheme that is taken, or not plain (small letters and digits), and without
// Open.
func Register(k Kind) {
	kinds.Lock()
	defer kinds.Unlock()
	if !isScheme(k.Scheme) || strings.ContainsAny(k.Scheme, "+-.") {
		panic(fmt.Sprintf("discovery: cannot register %q: expected a scheme of small letters and digits", k.Scheme))
	}
	if k.Open == nil {
		panic(fmt.Sprintf("discovery: cannot register %s: it has no Open", k.Scheme))
	}
	if _, taken := kinds.byScheme[k.Scheme]; taken {
		panic("discovery: registered twice: " + k.Scheme)
	}
	kinds.byScheme[k.Scheme] = k
}

// Kinds returns the registered kinds, sorted by scheme.
func Kinds() []Kind {
	kinds.RLock()
	defer kinds.RUnlock()
	all := make([]Kind, 0, len(kinds.byScheme))
	for _, k := range kinds.byScheme {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b Kind) int { return compareText(a.Scheme, b.Scheme) })
	return all
}

// ByScheme finds the kind of a scheme.
func ByScheme(scheme string) (Kind, bool) {
	kinds.RLock()
	defer kinds.RUnlock()
	k, ok := kinds.byScheme[scheme]
	return k, ok
}

// Open returns the backend that a URL names: zk://host:2181,host2:2181/path. What happens to its watches and registrations is told
// to logf; nil: to nobody. The error says what is wrong with the URL; nothing has been connected to yet.
func Open(text string, logf Logf) (Backend, error) {
	a, err := ParseAddress(text)
	if err != nil {
		return nil, err
	}
	k, ok := ByScheme(a.Scheme)
	if !ok {
		return nil, fmt.Errorf("discovery: address %s: no backend is called %s://%s", a, a.Scheme, instead(a.Scheme))
	}
	if logf == nil {
		logf = func(string, ...any) {}
	}
	return k.Open(a, logf)
}

func instead(scheme string) string {
	var known []string
	for _, k := range Kinds() {
		known = append(known, k.Scheme)
	}
	if hint := suggest.DidYouMean(scheme, known); hint != "" {
		return hint
	}
	return "; there are " + strings.Join(known, ", ")
}

// SplitTarget takes a target that is to be discovered apart: of "http+zk://host:2181/path" it makes the scheme that members are
// spoken to by, "http", and the URL for [Open], "zk://host:2181/path". discovered is false for every other target, "dns+tcp://host"
// among them: what follows the last plus must be the scheme of a registered backend.
func SplitTarget(text string) (scheme, address string, discovered bool) {
	before, rest, ok := strings.Cut(text, "://")
	i := strings.LastIndexByte(before, '+')
	if !ok || i <= 0 || !isScheme(before) {
		return "", "", false
	}
	if _, ok = ByScheme(before[i+1:]); !ok {
		return "", "", false
	}
	return before[:i], before[i+1:] + "://" + rest, true
}
