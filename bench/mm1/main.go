// Command mm1 holds a run against an M/M/1 queue: the latencies that Iago measured against the sojourn times that the target
// computed, and against theory. bench/mm1.sh calls it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/target/http"
)

// What a measured figure may differ from the target's own by: a share of it, and this much beside.
const (
	share = 0.02
	fixed = 200 * time.Microsecond
)

// sigmas is how many standard deviations from theory a figure of a finite run may lie: one good figure in 16,000 lies beyond.
const sigmas = 4

func main() {
	rate := flag.Float64("rate", 600, "arrivals per second")
	service := flag.Duration("service", time.Millisecond, "mean service time")
	flag.Parse()
	if err := run(*rate, *service, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mm1:", err)
		os.Exit(1)
	}
}

func run(rate float64, service time.Duration, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: mm1 [flags] summary.json truth.json")
	}
	var s report.Summary
	var truth http.Stats
	if err := read(args[0], &s); err != nil {
		return err
	}
	if err := read(args[1], &truth); err != nil {
		return err
	}
	if s.Latency.Count != truth.Sojourn.Count {
		return fmt.Errorf("%d latencies were measured; the target computed %d sojourns", s.Latency.Count, truth.Sojourn.Count)
	}
	q := queue{lambda: rate, mu: 1 / service.Seconds()}
	if q.lambda >= q.mu {
		return fmt.Errorf("at %g/s a server of %v is overloaded", rate, service)
	}
	print(&s, &truth, q)
	return nil
}

func read(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// print compares figure by figure.
func print(s *report.Summary, truth *http.Stats, q queue) {
	fmt.Printf("M/M/1, %g/s, %d requests, load %.0f %%; schedule %s, trusted %v\n\n", q.lambda, s.Latency.Count, 100*q.lambda/q.mu, s.Verdict.Schedule, s.Verdict.Trusted)
	fmt.Printf("%-6s %10s %10s %10s %10s %5s   %10s %10s %10s %5s\n", "", "latency", "target's", "difference", "allowed", "", "theory", "difference", "allowed", "")
	theory, spread := q.theory(), q.spread(int(s.Latency.Count))
	measured := []int64{s.Latency.Mean, s.Latency.P50, s.Latency.P90, s.Latency.P99}
	own := []int64{truth.Sojourn.Mean, truth.Sojourn.P50, truth.Sojourn.P90, truth.Sojourn.P99}
	for i, name := range figures {
		m, o, t := float64(measured[i]), float64(own[i]), theory[i]*1e9
		near := share*o + float64(fixed)
		far := sigmas*spread[i]*1e9 + near // the path to the target and back is in the measured one
		fmt.Printf("%-6s %10s %10s %10s %10s %5s   %10s %10s %10s %5s\n", name, ms(m), ms(o), ms(m-o), ms(near), verdict(m-o, near),
			ms(t), ms(m-t), ms(far), verdict(m-t, far))
	}
	fmt.Printf("\nlateness: mean %s, p99 %s; the target answered %s late in the mean, %s at p99\n",
		ms(float64(s.Lateness.Mean)), ms(float64(s.Lateness.P99)), ms(float64(truth.Late.Mean)), ms(float64(truth.Late.P99)))
}

func ms(ns float64) string { return fmt.Sprintf("%.3f ms", ns/1e6) }

func verdict(difference, allowed float64) string {
	if math.Abs(difference) <= allowed {
		return "PASS"
	}
	return "MISS"
}
