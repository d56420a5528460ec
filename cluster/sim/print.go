package sim

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Print writes f for people.
func (f *Figures) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	c, slow := &f.Config, f.Config.Slow
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	line("workers", "%d, on connections of %d; a second takes %g real ones", c.Workers, c.PerConnection, slow)
	line("gather", "%v until all were there, %v more until all were ready; clocks within %v", ms(f.Gathered), ms(f.Prepared), f.ClockOff)
	line("order", "answered within %v (real), with up to %s", ms(f.Control), bytes(int64(f.Answer)))
	line("change of rate", "known to the first after %v, to all %d after %v; it was for %v; %d late", ms(f.Change.First), f.Change.Workers, ms(f.Change.Last), ms(f.Change.Instant), f.Change.Late)
	line("loss", "%d died, %d were cut off: what was due for %v was not all sent: a lease of %v and %v; %d arrivals", f.Losing.Dead, f.Losing.Cut,
		ms(f.Recovery.Over), c.Lease, ms(f.Recovery.Over-c.Lease), f.Recovery.Missing)
	line("join", "%d: the first had parts after %v, the last after %v; %d arrivals missing", f.Joined.Workers, ms(f.Joined.First), ms(f.Joined.Last), f.Joining.Missing)
	line("stop", "%v until all had ended; summed up in %v (real)", ms(f.Stop), ms(f.Sum))
	line("law", "%d arrivals, %d sent, none twice; by the job's account %d completed, %d unsent, %d lost", f.Law.Scheduled, f.Law.Sent, f.Complete, f.Unsent, f.Lost)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n\tcpu s/s\tRSS\tGo heap\n")
	for _, p := range []struct {
		name string
		u    Usage
	}{{"coordinator", f.Head}, {"bus", f.Bus}, {"workers", f.Fleet}} {
		fmt.Fprintf(w, "%s\t%.2f\t%s\t%s\n", p.name, p.u.CPU.Seconds()/max(f.Window.Seconds(), 1e-9), bytes(p.u.RSS), bytes(p.u.Heap))
	}
	fmt.Fprintf(w, "coordinator, after the summing up\t\t%s\t%s\n", bytes(f.Peak.RSS), bytes(f.Peak.Heap))
	if err := w.Flush(); err != nil {
		return err
	}
	return f.printTraffic(w)
}

func (f *Figures) printTraffic(w *tabwriter.Writer) error {
	t, s := f.Traffic, max(f.Window.Seconds(), 1e-9)
	fmt.Fprintf(w, "\nserver: %d connections, %d subscriptions\tmessages/s\tbytes/s\n", t.Connections, t.Subscriptions)
	fmt.Fprintf(w, "in\t%.0f\t%s\n", float64(t.MessagesUp)/s, bytes(int64(float64(t.BytesUp)/s)))
	fmt.Fprintf(w, "out\t%.0f\t%s\n", float64(t.MessagesDown)/s, bytes(int64(float64(t.BytesDown)/s)))
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nkind\tmessages/s\tbytes/s\tbytes each\n")
	for _, kind := range slices.Sorted(maps.Keys(f.Kinds)) {
		c, over := f.Kinds[kind], f.KindsOver.Seconds()
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%d\n", kind, float64(c.Messages)/over, bytes(int64(float64(c.Bytes)/over)), c.Bytes/max(c.Messages, 1))
	}
	return w.Flush()
}

// bytes writes a number of bytes.
func bytes(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
