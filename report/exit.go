package report

import "strings"

// Why a run ended, in Run.End. Whatever else stands there is a cause for which the run broke off.
const (
	EndSchedule    = "schedule"    // the schedule's own end
	EndSource      = "source"      // the records ended
	EndInterrupted = "interrupted" // by a signal
	EndAborted     = "aborted"     // by an abort rule; "aborted: errors>50%: …" says which
)

// Exit statuses. Where several hold, the one listed first wins.
const (
	ExitUsage       = 2   // bad usage, spec or input; nothing was sent
	ExitFailed      = 1   // could not run, broke off, or not one request completed
	ExitInterrupted = 130 // by a signal
	ExitSlipped     = 4   // the generator slipped from its schedule
	ExitMissed      = 3   // an objective was missed
	ExitDone        = 0
)

// brokeOff tells whether a run ended otherwise than by itself or by a signal.
func brokeOff(s *Summary) bool {
	switch s.Run.End {
	case EndSchedule, EndSource, EndInterrupted:
		return false
	}
	return true
}

// Aborted is the Run.End of a run that an abort rule ended.
func Aborted(reason string) string { return EndAborted + ": " + strings.TrimSpace(reason) }

// Exit is the exit status of a run that began, told from its summary. err is what went wrong beside (results that could
// not be written, a source that failed); nil: nothing.
func Exit(s *Summary, err error) int {
	switch {
	case err != nil, brokeOff(s), s.Requests.Completed == 0:
		return ExitFailed
	case s.Run.End == EndInterrupted:
		return ExitInterrupted
	case s.Verdict.Schedule == ScheduleSlipped:
		return ExitSlipped
	}
	for _, o := range s.Verdict.SLO {
		if !o.OK {
			return ExitMissed
		}
	}
	return ExitDone
}
