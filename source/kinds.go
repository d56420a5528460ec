package source

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Kind is a kind of source other than the lines of a file: a queue, a database, a folder. Its records are had by a path of the
// form SCHEME://…, on the command line and in the spec file as for [Open].
type Kind struct {
	Scheme  string // "queue"
	Summary string // one line for `iago list`

	// Open opens the source at o.Path, which is whole, scheme included; a relative path in it is relative to the working directory.
	// Like [Open] it should find a source that is empty or not there before the first request is sent. Loop is the
	// implementation's to see to, Skip and Limit are not: o has neither. What o says of lines may be of no use to it.
	Open func(o Options) (Source, error)
}

var kinds = struct {
	sync.RWMutex
	byScheme map[string]Kind
}{byScheme: map[string]Kind{}}

// RegisterKind makes a kind of source known. It panics on a scheme that is taken or not plain (small letters, digits, +, - and .,
// a letter first: RFC 3986, section 3.1), and without Open.
func RegisterKind(k Kind) {
	kinds.Lock()
	defer kinds.Unlock()
	if scheme, ok := schemeOf(k.Scheme + "://"); !ok || scheme != k.Scheme {
		panic(fmt.Sprintf("source: cannot register %q: expected a scheme of small letters and digits", k.Scheme))
	}
	if k.Open == nil {
		panic(fmt.Sprintf("source: cannot register %s: it has no Open", k.Scheme))
	}
	if _, taken := kinds.byScheme[k.Scheme]; taken {
		panic("source: kind registered twice: " + k.Scheme)
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
	slices.SortFunc(all, func(a, b Kind) int { return strings.Compare(a.Scheme, b.Scheme) })
	return all
}

// KindOf finds the kind of a path of the form SCHEME://…; named is false for other paths, which are those of files. The error says
// that there is no such kind. Write ./a://b for a file of such a name.
func KindOf(path string) (k Kind, named bool, err error) {
	scheme, named := schemeOf(path)
	if !named {
		return Kind{}, false, nil
	}
	var schemes []string
	for _, k := range Kinds() {
		if k.Scheme == scheme {
			return k, true, nil
		}
		schemes = append(schemes, k.Scheme)
	}
	known := "none is registered"
	if len(schemes) > 0 {
		known = "registered: " + strings.Join(schemes, ", ")
	}
	return Kind{}, true, fmt.Errorf("source: no kind of source is called %s://; %s", scheme, known)
}

// schemeOf returns what comes before "://", if it is a scheme.
func schemeOf(path string) (scheme string, ok bool) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	scheme, _, ok = strings.Cut(path, "://")
	return scheme, ok && scheme != "" && strings.Trim(scheme[:1], letters) == "" && strings.Trim(scheme, letters+"0123456789+-.") == ""
}
