package test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// onTerminal runs iago with a terminal as its standard streams, and something typed at it.
func onTerminal(t *testing.T, typed string, args ...string) (shown string, status int) {
	t.Helper()
	line := binary(t)
	for _, a := range args {
		line += fmt.Sprintf(" '%s'", a)
	}
	c := exec.Command("script", "--quiet", "--return", "--command", line, "/dev/null")
	c.Dir = t.TempDir()
	c.Stdin = strings.NewReader(typed)
	p := start(t, c)
	if err := p.await(patience); err != nil {
		t.Fatal(err)
	}
	return p.out.String(), p.status()
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// On a terminal progress is drawn in place and the verdict has a color.
func TestProgressOnATerminal(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t)
	shown, status := onTerminal(t, "", "run", g.url, "-r", "100", "-d", "3s", "--out", "out")
	if status != 0 && status != 4 {
		t.Errorf("status %d", status)
	}
	if !escapes.MatchString(shown) {
		t.Errorf("nothing is drawn in place:\n%s", shown)
	}
	plain := escapes.ReplaceAllString(shown, "")
	for _, word := range []string{"latency", "lateness", "in flight", "Verdict: ", "Report: out/report.html"} {
		if !strings.Contains(plain, word) {
			t.Errorf("%q is not shown:\n%s", word, plain)
		}
	}
}

// On a pipe there is a line every five seconds, without escapes.
func TestProgressOnAPipe(t *testing.T) {
	long(t)
	t.Parallel()
	g := startTarget(t)
	r := startRun(t, g.url, "--quiet=false", "-r", "100", "-d", "6s", "--arrival", "uniform")
	o := r.finish(t, 10*time.Second)
	o.kept(t)
	if escapes.MatchString(o.out) {
		t.Errorf("escapes on a pipe:\n%q", o.out)
	}
	before, _, _ := strings.Cut(o.out, "\nIago ")
	_, progress, _ := strings.Cut(before, "seed ")
	if lines := strings.Count(strings.TrimSpace(progress), "\n"); lines < 1 || lines > 3 {
		t.Errorf("progress of 6 s on a pipe:\n%s", before)
	}
}

// For addresses beyond loopback and private networks, who sits at a terminal is asked.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	shown, status := onTerminal(t, "n\n", "run", "http://192.0.2.1:9", "-n", "1", "--timeout", "300ms")
	if status != 2 || !strings.Contains(shown, "Is it yours to load? [y/N]") || !strings.Contains(shown, "not confirmed, nothing was sent") {
		t.Errorf("status %d:\n%s", status, shown)
	}
	shown, status = onTerminal(t, "y\n", "run", "http://192.0.2.1:9", "-n", "1", "--timeout", "300ms", "--quiet")
	if status != 1 || !strings.Contains(shown, "not one request completed") {
		t.Errorf("status %d:\n%s", status, shown)
	}
}
