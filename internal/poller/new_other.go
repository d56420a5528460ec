//go:build !linux

package poller

// kinds are the pollers of this system, the preferred one first.
var kinds = []kind{{"portable", newPortable}}
