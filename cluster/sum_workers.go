package cluster

import (
	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/internal/host"
	"github.com/iagoloadgen/iago/report"
)

// records counts what the source gave: what feeders read, and what workers found of it.
func (s *summing) records() (r report.Records) {
	taken := int64(0)
	add := func(n, bad, loops int64, first []string) {
		r.Read += n
		r.Bad += bad
		r.Loops += loops
		r.FirstBad = append(r.FirstBad, first...)
	}
	for _, f := range s.c.feeds {
		add(f.Records, f.Bad, f.Loops, f.First)
	}
	for _, a := range s.led.workers {
		if a.last == nil { // a request stands for a record here: more is not known
			q := &a.total.Requests
			taken += q.Scheduled - q.Starved - q.Unsent
			continue
		}
		src := a.last.Source
		if s.spec.Feeders == 0 {
			add(src.Read, src.Bad, src.Loops, src.FirstBad)
		} else { // read by a feeder, found to be bad by a worker
			add(-src.Bad-src.Filtered, src.Bad, 0, src.FirstBad)
			taken += src.Read + src.Bad + src.Filtered
		}
		r.Filtered += src.Filtered
		r.Unused += a.last.Unused
	}
	if s.spec.Feeders > 0 && !s.c.plan.Drained {
		r.Unused += max(r.Read+r.Bad+r.Filtered-taken, 0) // still in the queue at the end
	}
	r.FirstBad = r.FirstBad[:min(3, len(r.FirstBad))]
	return r
}

// workers sums up every worker, and the generator that they are together.
func (s *summing) workers() (list []report.Worker, all report.Generator) {
	all.Poller = ""
	for _, m := range s.c.members.sorted() {
		a := s.led.workers[m.id]
		if a == nil {
			a = newAccount(m.id)
		}
		w := report.NewWorker(m.id, a.total)
		w.Host, w.ClockOffsetNS, w.ClockErrorNS, w.Reason = m.lease.Host, m.lease.Offset, m.lease.Error, m.lease.Why
		switch {
		case a.last == nil && m.lease.State == Left:
			w.State = report.WorkerLeft
		case a.last == nil:
			w.State = report.WorkerLost
		case a.last.End == engine.EndInterrupted && s.c.plan.Stop == "":
			w.State = report.WorkerLeft
		default:
			w.State = report.WorkerDone
		}
		if a.last != nil {
			g := a.last.Generator
			g.DescriptorWaits = w.Generator.DescriptorWaits
			w.Generator, w.ThroughNS = g, int64(a.last.Duration)
			if w.Reason == "" {
				w.Reason = a.last.Err
			}
			addGenerator(&all, &g)
		}
		list = append(list, w)
	}
	all.Workers = len(list)
	used := host.Used()
	all.CPUUserNS += int64(used.User) // the coordinator's own
	all.CPUSystemNS += int64(used.System)
	return list, all
}

func addGenerator(sum, g *report.Generator) {
	sum.CPUUserNS += g.CPUUserNS
	sum.CPUSystemNS += g.CPUSystemNS
	sum.RSSMax += g.RSSMax
	sum.GCPauseMaxNS = max(sum.GCPauseMaxNS, g.GCPauseMaxNS)
	sum.Shards += g.Shards
	sum.StealMax = max(sum.StealMax, g.StealMax)
	sum.Descriptors += g.Descriptors
	if sum.Poller == "" {
		sum.Poller = g.Poller
	} else if sum.Poller != g.Poller {
		sum.Poller = "several"
	}
}
