package spec

import "github.com/iagoloadgen/iago/report"

// objectives checks what the run is judged by and broken off at. Whether a label that an objective names exists shows only
// in the run.
func (c *checker) objectives() {
	for i, text := range c.spec.SLO {
		if _, err := report.ParseCondition(text); err != nil {
			c.problem(index("slo", i), "%v", bare(err, "report: objective "))
		}
	}
	for i, text := range c.spec.AbortOn {
		if _, err := report.ParseAbortRule(text); err != nil {
			c.problem(index("abort_on", i), "%v", bare(bare(err, "report: abort rule "), "report: objective "))
		}
	}
}
