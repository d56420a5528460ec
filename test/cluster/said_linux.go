package cluster

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/iagoloadgen/iago/test/netns"
)

// shown is how much of the end of a stream a failed test shows.
const shown = 4 << 10

// Stdout is what the process has written to its standard output so far.
func (p *Proc) Stdout() string { return p.said("stdout") }

// Stderr is what the process has written to its standard error so far.
func (p *Proc) Stderr() string { return p.said("stderr") }

func (p *Proc) said(stream string) string {
	p.t.Helper()
	b, err := os.ReadFile(p.file(stream))
	if err != nil {
		p.t.Fatalf("cluster: what %v said: %v", p, err)
	}
	return string(b)
}

// Says waits until the process has written something that pattern (a regular expression; ^ and $ are line ends) matches, to either stream, and
// returns the match and its groups. If it does not within so long, or ends without, the test fails.
func (p *Proc) Says(within time.Duration, pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	var match []string
	var ended bool
	netns.Eventually(p.t, within, func() bool {
		ended = !p.Running() // before looking, so that its last words are seen
		for _, s := range []string{p.Stdout(), p.Stderr()} {
			if match = re.FindStringSubmatch(s); match != nil {
				return true
			}
		}
		return ended
	}, func() string { return fmt.Sprintf("%v says %q", p, pattern) })
	if match == nil {
		p.t.Fatalf("cluster: %v ended without saying %q", p, pattern)
	}
	return match
}

// clean ends what is left of the process and shows what it said if the test has failed.
func (p *Proc) clean() {
	p.end()
	if !p.t.Failed() {
		return
	}
	p.t.Logf("%v: %v", p, p.cmd.ProcessState)
	for _, stream := range []string{"stdout", "stderr"} {
		if b := tail(p.said(stream)); len(b) > 0 {
			p.t.Logf("%s of process %d:\n%s", stream, p.PID(), b)
		}
	}
}

// tail is the last lines of s.
func tail(s string) []byte {
	b := []byte(s)
	if len(b) <= shown {
		return b
	}
	b = b[len(b)-shown:]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[i+1:]
	}
	return append([]byte("…\n"), b...)
}
