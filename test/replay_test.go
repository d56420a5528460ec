package test

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is the access log that ships with Iago.
const sample = root + "/examples/access.log"

// asked counts the requests that an access log holds by "METHOD PATH". It takes the log's words as they stand: whatever is
// between the first quote and the blank after it, and from there to the next blank.
func asked(t testing.TB, path string) (requests map[string]int, linesRead int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	requests = map[string]int{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		linesRead++
		_, request, _ := strings.Cut(s.Text(), `"`)
		if words := strings.Fields(request); len(words) > 1 {
			requests[words[0]+" "+words[1]]++
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return requests, linesRead
}

// received counts what a target's record file holds by "METHOD PATH"; all of it must be HTTP/1.1.
func received(t testing.TB, path string) map[string]int {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]int{}
	for line := range strings.Lines(string(raw)) {
		request, ok := strings.CutSuffix(strings.TrimSpace(line), " HTTP/1.1")
		if !ok {
			t.Errorf("the target received %q; expected HTTP/1.1", line)
		}
		requests[request]++
	}
	return requests
}

// absolute is a path that holds wherever a command runs.
func absolute(t testing.TB, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// The target receives exactly the log's requests, each once, but for those that are counted as bad.
func TestReplay(t *testing.T) {
	long(t)
	want, total := asked(t, sample)
	for _, way := range pollers() {
		t.Run(way, func(t *testing.T) {
			record := filepath.Join(t.TempDir(), "received")
			g := startTarget(t, "--record", record)
			o := iago(t, 15*time.Second, g.url, "--records", absolute(t, sample), "-n", "10000", "--loop=false", "-r", "2000", "--poller", way)
			stats := g.stop(t)
			o.kept(t)
			if o.Generator.Poller != way {
				t.Errorf("connections were watched by %s; asked for %s", o.Generator.Poller, way)
			}
			got := received(t, record)
			missing := 0
			for request, n := range want {
				missing += max(n-got[request], 0)
			}
			for request, n := range got {
				if n > want[request] {
					t.Errorf("the target received %q %d times; the log has it %d times", request, n, want[request])
				}
			}
			if int64(missing) != o.Records.Bad {
				t.Errorf("%d requests of the log did not arrive; %d are counted as bad: %v", missing, o.Records.Bad, o.Records.FirstBad)
			}
			if o.Records.Read+o.Records.Bad != int64(total) || o.Records.Loops != 0 {
				t.Errorf("records are %+v; the log has %d lines", o.Records, total)
			}
			if o.Requests.Completed != o.Records.Read || stats.Requests != o.Records.Read || stats.Versions["1.1"] != stats.Requests {
				t.Errorf("%d records, %d completed, the target saw %d (%v)", o.Records.Read, o.Requests.Completed, stats.Requests, stats.Versions)
			}
			if o.Records.Bad == 0 && !maps.Equal(got, want) {
				t.Error("the target did not receive what the log holds")
			}
		})
	}
}

// With -n beyond its end, a log that does not loop ends the schedule; one that does goes on from its start.
func TestReplayEnds(t *testing.T) {
	g := startTarget(t)
	paths := filepath.Join(t.TempDir(), "paths")
	if err := os.WriteFile(paths, []byte("# comment\n/a\n\n/b?x=1\n/c\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := iago(t, 5*time.Second, g.url, "--records", paths, "-r", "200", "-n", "10", "--loop=false")
	o.kept(t)
	if o.Run.End != "source" || o.Requests.Scheduled != 3 || o.Requests.Completed != 3 || o.Records.Loops != 0 {
		t.Errorf("end %q, requests %+v, records %+v", o.Run.End, o.Requests, o.Records)
	}
	o = iago(t, 5*time.Second, g.url, "--records", paths, "-r", "200", "-n", "10")
	o.kept(t)
	if o.Run.End != "schedule" || o.Requests.Completed != 10 || o.Records.Loops < 3 {
		t.Errorf("end %q, requests %+v, records %+v", o.Run.End, o.Requests, o.Records)
	}
	labels := o.Labels["GET /a"].Requests.Completed + o.Labels["GET /b"].Requests.Completed + o.Labels["GET /c"].Requests.Completed
	if labels != 10 || o.Labels["GET /a"].Requests.Completed != 4 {
		t.Errorf("labels: %+v", o.Labels)
	}
}
