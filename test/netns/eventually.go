package netns

import (
	"testing"
	"time"
)

// Eventually waits until cond holds, at most within so long; if it does not by then, the test fails with what describe tells was awaited,
// and how things stand. cond is asked at once, every 10 ms, and a last time at the end. It is for the test's own goroutine.
func Eventually(t testing.TB, within time.Duration, cond func() bool, describe func() string) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		last := !time.Now().Before(end)
		if cond() {
			return
		}
		if last {
			t.Fatalf("not within %v: %s", within, describe())
		}
	}
}
