package netns

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// failing is a test that notes its failure.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestEventually(t *testing.T) {
	for _, c := range []struct {
		name        string
		comes, want time.Duration
		says        string
	}{
		{"at once", 0, 0, ""},
		{"later", 95 * time.Millisecond, 100 * time.Millisecond, ""},
		{"at the last moment", time.Second, time.Second, ""},
		{"too late", 1001 * time.Millisecond, time.Second, "not within 1s: it comes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, f := time.Now(), &failing{TB: t}
				done := make(chan struct{})
				go func() {
					defer close(done)
					Eventually(f, time.Second, func() bool { return time.Since(began) >= c.comes }, func() string { return "it comes" })
				}()
				<-done
				if took := time.Since(began); took != c.want || f.said != c.says {
					t.Errorf("%v, %q; expected %v, %q", took, f.said, c.want, c.says)
				}
			})
		})
	}
}
