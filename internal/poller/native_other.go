//go:build !linux

package poller

// Native returns the fastest poller of this system: here the portable one.
func Native() (Poller, error) { return Portable(), nil }

// NativeName names what Native returns.
func NativeName() string { return "portable" }
