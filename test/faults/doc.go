// Package faults breaks jobs on several processes for real, on hosts of package netns, and holds them to what they promise: workers are
// killed, paused and cut off, and a target tells by the kernel's clock what reached it, when, and from whom. It holds tests only, a file for
// each promise.
package faults
