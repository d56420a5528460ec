//go:build !linux

package host

import "time"

// Used is unknown here.
func Used() Usage { return Usage{} }

// Ticks are the machine's processor time since it started.
type Ticks struct{ Total, Steal uint64 }

// CPUTicks is unknown here.
func CPUTicks() (Ticks, bool) { return Ticks{}, false }

// Descriptors is unknown here.
func Descriptors() (limit, open int, ok bool) { return 0, 0, false }

// Ports is unknown here.
func Ports() (low, high int, ok bool) { return 0, 0, false }

// Governors is unknown here.
func Governors() map[string]int { return nil }

// ClockSource is unknown here.
func ClockSource() string { return "" }

// Kernel is unknown here.
func Kernel() string { return "" }

// Sleep sleeps.
func Sleep(d time.Duration) { time.Sleep(d) }
