package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/measure"
)

// watch lets a progress see a run, and returns what was written at each second.
func watch(p *Progress, out *strings.Builder, m model) []string {
	var written []string
	c := NewCollector(Recording{Warmup: time.Duration(m.warmup) * time.Second, RateAsked: func(from, _ int64) float64 {
		if from >= int64(m.seconds)*1e9 {
			return 0
		}
		return float64(m.rate)
	}})
	for _, iv := range m.intervals() {
		s := c.Add(iv, 0)
		w, _ := c.Window()
		p.Update(s, w)
		written = append(written, out.String())
		out.Reset()
	}
	p.Done()
	return append(written, out.String())
}

// troubled is a target that is slow for some seconds, and then fails now and then.
func troubled(i int) fate {
	f := healthy(i)
	switch {
	case i > 6000 && i < 9000:
		f.service += int64(i-6000) * 100_000
	case i > 12_000 && i%50 == 0:
		f.status, f.cause = 0, "connection refused"
	case i > 12_000 && i%50 == 1:
		f.status = 503
	case i > 12_000 && i%500 == 2:
		f.status, f.cause = 0, "closed early"
	}
	return f
}

func TestProgressOnAPipe(t *testing.T) {
	for _, c := range []struct {
		name string
		m    model
		plan Plan
	}{
		{"pipe", model{seconds: 17, rate: 1000, warmup: 5, fate: troubled}, Plan{Duration: 17 * time.Second, Warmup: 5 * time.Second}},
		{"pipe-requests", model{seconds: 11, rate: 100, fate: healthy}, Plan{Requests: 1100}},
		{"pipe-closed", model{seconds: 6, rate: 100, fate: healthy}, Plan{Duration: 6 * time.Second, Closed: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got := strings.Join(watch(NewProgress(&out, false, nil, c.plan), &out, c.m), "")
			if strings.ContainsAny(got, "\x1b\r") {
				t.Error("control characters on a pipe")
			}
			if n, want := strings.Count(got, "\n"), c.m.seconds/5; n != want {
				t.Errorf("%d lines in %d s, want %d", n, c.m.seconds, want)
			}
			golden(t, "progress/"+c.name+".txt", got)
		})
	}
}

func TestProgressOnATerminal(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		m     model
		plan  Plan
	}{
		{"tty", 80, model{seconds: 20, rate: 1000, warmup: 2, fate: troubled}, Plan{Name: "checkout", Target: "http://127.0.0.1:8080", Duration: 20 * time.Second, Warmup: 2 * time.Second}},
		{"tty-narrow", 40, model{seconds: 6, rate: 1000, fate: healthy}, Plan{Target: "http://a-long-name.of-a-host.example.com:8080", Requests: 12_000}},
		{"tty-wide", 200, model{seconds: 3, rate: 100, fate: healthy}, Plan{Name: "throughput", Target: "http://[::1]:80", Duration: 3 * time.Second, Closed: true}},
		{"tty-draining", 80, model{seconds: 2, rate: 10, fate: func(i int) fate {
			f := healthy(i)
			f.service = 2e9
			return f
		}}, Plan{Target: "http://127.0.0.1:8080", Duration: 2 * time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			frames := watch(NewProgress(&out, true, func() int { return c.width }, c.plan), &out, c.m)
			screen := newScreen(c.width)
			var shown []string
			for i, f := range frames {
				screen.write(t, f)
				if i == 0 || i == len(frames)-2 || i == len(frames)/2 {
					shown = append(shown, fmt.Sprintf("--- after second %d\n%s", i, screen))
				}
			}
			if s := screen.String(); s != "" {
				t.Errorf("Done leaves on the screen:\n%s", s)
			}
			golden(t, "progress/"+c.name+".txt", strings.Join(shown, ""))
		})
	}
}

// The number of workers is told, and told when all are gone, once there have been any.
func TestProgressOfWorkers(t *testing.T) {
	for _, tty := range []bool{false, true} {
		var out strings.Builder
		p := NewProgress(&out, tty, nil, Plan{})
		w := measure.NewInterval()
		for i, n := range []int{0, 4, 1, 0} {
			w.End += 5e9
			out.Reset()
			p.Update(Second{T: i, LengthNS: 1e9, Workers: n}, w)
			want := []string{"", "  4 workers", "  1 worker", "  0 workers"}[i]
			if got := out.String(); !strings.Contains(got, want) || i == 0 && strings.Contains(got, "worker") {
				t.Errorf("terminal %v, %d workers: %q", tty, n, got)
			}
		}
	}
}

// screen is a terminal that knows what Progress uses: lines, carriage return, cursor up, erase to the end of line and screen.
type screen struct {
	width    int
	lines    [][]rune
	row, col int
}

func newScreen(width int) *screen { return &screen{width: width, lines: [][]rune{nil}} }

func (s *screen) write(t *testing.T, text string) {
	t.Helper()
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' })
			s.control(t, rest[:end], rest[end])
			text = rest[end+1:]
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch r {
		case '\n':
			s.row, s.col = s.row+1, 0
			if s.row == len(s.lines) {
				s.lines = append(s.lines, nil)
			}
		case '\r':
			s.col = 0
		default:
			if s.col >= s.width-1 {
				t.Fatalf("a line reaches the last of %d columns", s.width)
			}
			s.lines[s.row] = append(s.lines[s.row][:s.col:s.col], append([]rune{r}, s.lines[s.row][min(s.col+1, len(s.lines[s.row])):]...)...)
			s.col++
		}
	}
}

func (s *screen) control(t *testing.T, number string, letter byte) {
	t.Helper()
	switch letter {
	case 'A':
		n := 0
		if _, err := fmt.Sscan(number, &n); err != nil || n > s.row {
			t.Fatalf("up %q from row %d", number, s.row)
		}
		s.row -= n
	case 'K':
		s.lines[s.row] = s.lines[s.row][:s.col]
	case 'J':
		s.lines = s.lines[:s.row+1]
		s.lines[s.row] = s.lines[s.row][:s.col]
	default:
		t.Fatalf("unknown sequence %q %q", number, letter)
	}
}

func (s *screen) String() string {
	var b strings.Builder
	for i, l := range s.lines {
		if i < len(s.lines)-1 || len(l) > 0 {
			b.WriteString(strings.TrimRight(string(l), " ") + "\n")
		}
	}
	return b.String()
}

// A day of a run costs no more memory than some minutes.
func TestProgressForgets(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out, true, nil, Plan{})
	w := measure.NewInterval()
	w.End = 1e9
	for i := range 3 * history {
		p.Update(Second{T: i, LengthNS: 1e9}, w)
		out.Reset()
	}
	if len(p.answered) > history || cap(p.p99) > 2*history {
		t.Fatalf("%d seconds kept, room for %d", len(p.answered), cap(p.p99))
	}
}

// Answers that failed a check count as errors as in objectives.
func TestProgressCountsFailedChecks(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out, false, nil, Plan{})
	w := measure.NewInterval()
	w.End = 5e9
	p.Update(Second{LengthNS: 1e9, Requests: measure.Requests{Scheduled: 100, Failed: 1}, ServerErr: 2, CheckFailed: 4}, w)
	if !strings.Contains(out.String(), "errors 7%") {
		t.Fatalf("%q", out.String())
	}
}

func TestProgressHidesControlCharacters(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out, true, nil, Plan{Name: "a\x1b]0;b\a", Target: "http://x/\u009b2J\x9b"})
	w := measure.NewInterval()
	w.End = 1e9
	w.Errors["bad\x1b[5mcause"] = 1
	p.Update(Second{LengthNS: 1e9}, w)
	if s := strings.ReplaceAll(strings.ReplaceAll(out.String(), "\x1b[K", ""), "\x1b[J", ""); strings.ContainsAny(s, "\x1b\a\u009b") {
		t.Fatalf("%q", s)
	}
}
