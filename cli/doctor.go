package cli

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/internal/host"
	"github.com/iagoloadgen/iago/internal/poller"
)

func newDoctor(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "What on this machine would spoil a measurement",
		Long: `Looks at what limits and disturbs a load generator on this machine, and measures how late it is woken. Each line says
what was found; a line with ! says what it would spoil and what to do. Exit status 0, whatever is found.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return examine(s.out) },
	}
}

// finding is a line of the doctor's: what, how it is, and what to do if it is bad.
type finding struct{ what, is, advice string }

func examine(out io.Writer) error {
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	bad := 0
	for _, f := range []finding{system(), cores(), descriptors(), ports(), timers(), governor(), steal(time.Second)} {
		mark := " "
		if f.advice != "" {
			mark = "!"
			bad++
		}
		fmt.Fprintf(w, "%s %s\t%s\n", mark, f.what, f.is)
		if f.advice != "" {
			fmt.Fprintf(w, "  \t  %s\n", f.advice)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad == 0 {
		fmt.Fprintln(out, "\nNothing here should spoil a measurement.")
	}
	return nil
}

func system() finding {
	p, which, err := poller.New(poller.Auto)
	if err == nil {
		p.Shut()
	}
	f := finding{what: "system", is: fmt.Sprintf("%s/%s %s, connections over %s", runtime.GOOS, runtime.GOARCH, host.Kernel(), which)}
	if which == "portable" {
		f.advice = "the portable path costs several times the processor time of Linux's; use it for small loads"
	}
	return f
}

func cores() finding {
	f := finding{what: "cores", is: fmt.Sprint(host.Cores())}
	if host.Cores() < 2 {
		f.advice = "generator, garbage collector and target share one core: expect lateness; use two or more"
	}
	return f
}

func descriptors() finding {
	limit, open, ok := host.Descriptors()
	f := finding{what: "file descriptors", is: "unknown"}
	if ok {
		f.is = fmt.Sprintf("limit %d, %d open: about %d connections at once", limit, open, max(limit-open-16, 0))
		if limit < 10_000 {
			f.advice = "a slow target at a high rate needs more connections; raise it: ulimit -n 100000"
		}
	}
	return f
}

func ports() finding {
	low, high, ok := host.Ports()
	f := finding{what: "local ports", is: "unknown"}
	if ok {
		n := high - low + 1
		f.is = fmt.Sprintf("%d to %d: %d connections to one address and port; without reuse about %d new ones a second", low, high, n, n/60)
		if n < 20_000 {
			f.advice = "widen it: sysctl -w net.ipv4.ip_local_port_range='1024 65535'"
		}
	}
	return f
}

func timers() finding {
	median, largest := host.Oversleep(200*time.Microsecond, 500)
	f := finding{what: "timers", is: fmt.Sprintf("woken %v late in the median, %v at worst of 500", median.Round(100*time.Nanosecond), largest.Round(time.Microsecond))}
	if c := host.ClockSource(); c != "" {
		f.is += ", clock source " + c
		if c != "tsc" && c != "kvm-clock" && c != "arch_sys_counter" {
			f.advice = "reading this clock source is slow; tsc is better where the machine has it"
		}
	}
	if median > 300*time.Microsecond {
		f.advice = "arrivals will be late when asleep; use --wait auto or spin, and leave a core free"
	}
	return f
}

func governor() finding {
	g := host.Governors()
	f := finding{what: "CPU governor", is: "not set by this system"}
	if len(g) > 0 {
		var parts []string
		for name, n := range g {
			parts = append(parts, fmt.Sprintf("%s on %d", name, n))
			if name != "performance" {
				f.advice = "cores that slow down when idle make latency look worse at low rates: cpupower frequency-set -g performance"
			}
		}
		f.is = strings.Join(parts, ", ")
	}
	return f
}

func steal(over time.Duration) finding {
	f := finding{what: "steal", is: "unknown"}
	a, ok := host.CPUTicks()
	if !ok {
		return f
	}
	time.Sleep(over)
	b, _ := host.CPUTicks()
	share := 0.0
	if b.Total > a.Total && b.Steal >= a.Steal {
		share = float64(b.Steal-a.Steal) / float64(b.Total-a.Total)
	}
	f.is = fmt.Sprintf("%.1f %% of the processor time of the last %v went to other guests", 100*share, over)
	if share > 0.02 {
		f.advice = "figures will vary with the neighbors' load; use a quieter machine"
	}
	return f
}
