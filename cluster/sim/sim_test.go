package sim

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	_ "github.com/iagoloadgen/iago/transport/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestJob runs a small simulation; its promises are exact, its times are not looked at.
func TestJob(t *testing.T) {
	c := Config{Workers: 200, Lease: 2 * time.Second, Logf: t.Logf}
	if testing.Short() {
		c.Workers, c.Steady = 40, 500*time.Millisecond
	}
	f, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	l := f.Law
	t.Logf("%+v", f.Kinds)
	l.Missing = nil
	f.Law = l
	t.Logf("%+v", f)
}
