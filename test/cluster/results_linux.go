package cluster

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/netns"
)

// Finish waits until a run or a job has ended by itself, at most within so long: with status 0, or that of a generator that
// slipped from its schedule, which is the busy machine's affair, not the test's.
func (p *Proc) Finish(within time.Duration) {
	p.t.Helper()
	if status := p.Wait(within); status != report.ExitDone && status != report.ExitSlipped {
		p.t.Fatalf("cluster: %v ended with status %d (%v), expected %d or %d", p, status, p.cmd.ProcessState, report.ExitDone, report.ExitSlipped)
	}
}

// Summary reads the summary.json of a run directory. If there is none, or it is not of this version, the test fails.
func Summary(t testing.TB, dir string) *report.Summary {
	t.Helper()
	return &Results(t, dir).Summary
}

// Results reads a run directory: its summary, its series and what else is in it.
func Results(t testing.TB, dir string) *report.Saved {
	t.Helper()
	s, err := report.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// AwaitSummary waits until a run directory has its summary, at most within so long.
func AwaitSummary(t testing.TB, dir string, within time.Duration) *report.Summary {
	t.Helper()
	netns.Eventually(t, within, func() bool {
		_, err := os.Stat(filepath.Join(dir, "summary.json"))
		return err == nil
	}, func() string { return dir + " has a summary.json" })
	return Summary(t, dir)
}
