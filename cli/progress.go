package cli

import (
	"io"
	"os"

	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// progress shows a run while it goes on, unless it is to be quiet.
type progress struct {
	out   io.Writer
	quiet bool
	p     *report.Progress
}

func newProgress(out io.Writer, quiet bool) *progress { return &progress{out: out, quiet: quiet} }

// plan begins to show j.
func (p *progress) plan(j *job.Job) {
	if p.quiet {
		return
	}
	width := func() int { return 80 }
	if f, ok := p.out.(*os.File); ok {
		width = func() int { return columns(f) }
	}
	p.p = report.NewProgress(p.out, isTerminal(p.out), width, j.Plan())
}

func (p *progress) second(s report.Second, window *measure.Interval) {
	if p.p != nil {
		p.p.Update(s, window)
	}
}

func (p *progress) done() {
	if p.p != nil {
		p.p.Done()
	}
}
