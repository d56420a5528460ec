package poller

import (
	"fmt"
	"slices"
	"strings"
)

// kind is a way to talk to the kernel.
type kind struct {
	name string
	make func() (Poller, error)
}

// Auto stands for the first of [Names] that this system lets us have.
const Auto = "auto"

// Names are the pollers that this system may have, the preferred one first.
func Names() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Check tells whether there is a poller of that name, or Auto.
func Check(name string) error {
	if name == Auto || slices.Contains(Names(), name) {
		return nil
	}
	return fmt.Errorf("poller: %q: expected %s or %s", name, Auto, strings.Join(Names(), ", "))
}

// New makes the poller of that name, or with [Auto] the first that can be had, and tells which it is. Call it on the
// goroutine, and thread, that will use it.
func New(name string) (p Poller, which string, err error) {
	if err := Check(name); err != nil {
		return nil, "", err
	}
	for _, k := range kinds {
		if name != Auto && name != k.name {
			continue
		}
		if p, err = k.make(); err == nil {
			return p, k.name, nil
		}
		err = fmt.Errorf("poller: %s: %w", k.name, err)
	}
	return nil, "", err
}
