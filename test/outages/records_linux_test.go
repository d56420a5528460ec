package outages

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/target/http"
	"github.com/iagoloadgen/iago/target/model"
	"github.com/iagoloadgen/iago/test/cluster"
)

// TestOutOfTime: the schedule ends before the records do. What is not delivered by then is dropped, and counted.
func TestOutOfTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	feeder := r.feed("run", r.spec(fmt.Sprintf("rate: 100/s\nduration: 3s\narrival: uniform\nrecords: {file: %s, loop: false}\n", r.paths(5000))), "--workers", "2", "--depth", "5s")
	crew := r.crew(2)
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	plain(t, s, r.target, 300)
	// All that was put into the queue was sent, or is said to have been dropped: about as much as is kept ready.
	if c := s.Records; c.Read-c.Unused != 300 || c.Unused < 300 || c.Unused > 800 || s.Run.End != report.EndSchedule {
		t.Errorf("records %+v, end %q", c, s.Run.End)
	}
	if !slices.ContainsFunc(s.Verdict.Reasons, func(r string) bool { return strings.Contains(r, "before the records did") }) {
		t.Errorf("reasons: %q", s.Verdict.Reasons)
	}
}

// TestOutOfData: the records end before the schedule does. All of them are sent, and the last answer is waited for.
func TestOutOfData(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	const answer = 1500 * time.Millisecond
	service, err := model.ParseService(fmt.Sprint("constant:", answer))
	if err != nil {
		t.Fatal(err)
	}
	slow, err := http.Start(t.Context(), http.Options{Listen: "127.0.0.1:0", Model: model.Options{Service: service}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slow.Close(); _ = slow.Wait() })
	r.url = "http://" + slow.Addr().String()
	feeder := r.feed("run", r.spec(fmt.Sprintf("rate: 100/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", r.paths(250))), "--workers", "2")
	crew := r.crew(2)
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	if q := s.Requests; q.Scheduled != 250 || q.Completed != 250 || slow.Stats().Requests != 250 || s.Latency.Min < int64(answer) {
		t.Errorf("%s, the target has seen %d", text(q), slow.Stats().Requests)
	}
	if s.Run.End != report.EndSource || s.Records.Read != 250 || s.Records.Unused != 0 {
		t.Errorf("end %q, records %+v", s.Run.End, s.Records)
	}
}

// watchDepth looks at the queue until stop is closed and returns the most batches and bytes that were in it.
func watchDepth(t *testing.T, j *bus.Job, stop <-chan struct{}) (batches, bytes uint64) {
	t.Helper()
	for {
		select {
		case <-stop:
			return batches, bytes
		case <-time.After(10 * time.Millisecond):
		}
		if d, err := j.Depth(t.Context()); err == nil {
			batches, bytes = max(batches, d.Undelivered+d.Unacked), max(bytes, d.Bytes)
		}
	}
}

// TestDepthInSeconds: no more records are kept ready than were asked for, at the job's rate, by one feeder and by several together.
func TestDepthInSeconds(t *testing.T) {
	long(t)
	for _, feeders := range []int{1, 3} {
		t.Run(fmt.Sprint(feeders, " feeders"), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 1)
			const rate, depth, batch = 400, 2, 50 // records: an eighth of a second's for each of two workers
			spec := r.spec(fmt.Sprintf("rate: %d/s\nduration: 5s\nrecords: {file: %s}\n", rate, r.paths(1000)))
			var list []*cluster.Proc
			for i := range feeders {
				list = append(list, r.feed(fmt.Sprint("run", i), spec, "--workers", "2", "--depth", fmt.Sprint(depth, "s"), "--feeders", fmt.Sprint(feeders)))
			}
			crew := r.crew(2)
			over := make(chan struct{})
			go func() {
				for _, p := range list {
					<-p.Done()
				}
				close(over)
			}()
			most, _ := watchDepth(t, r.open(), over)
			ends(t, soon, crew...)
			if limit := uint64(rate*depth/batch + 2*feeders); most > limit || most < limit/2 {
				t.Errorf("up to %d batches of %d were in the queue, expected at most %d", most, batch, limit)
			}
		})
	}
}

// noise is text that cannot be compressed much.
func noise(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rng.IntN(len(letters))]
	}
	return string(b)
}

// large writes records of that size, with the path /0, /1, …
func (r *rig) large(n, size int) string {
	r.t.Helper()
	body := noise(size)
	f, err := os.Create(r.out("large"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	for i := range n {
		if _, err := fmt.Fprintf(f, `{"method":"POST","uri":"/%d","body":"%s%s"}`+"\n", i, body[i:], body[:i]); err != nil {
			r.t.Fatal(err)
		}
	}
	return f.Name()
}

// TestDepthInBytes: large records are kept ready up to so many bytes.
func TestDepthInBytes(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	const depth, record = 2 << 20, 200 << 10
	spec := r.spec(fmt.Sprintf("rate: 20/s\nduration: 4s\narrival: uniform\nrecords: {file: %s}\n", r.large(30, record)))
	feeder := r.feed("run", spec, "--workers", "2", "--depth", "1m", "--depth-bytes", "2MiB")
	crew := r.crew(2)
	_, most := watchDepth(t, r.open(), feeder.Done())
	r.finish(feeder)
	ends(t, soon, crew...)
	// Half a second's records are all that there is at a time: a busy machine may starve on that.
	if q := exact(t, r.out("run")).Summary.Requests; q.Scheduled != 80 || q.Completed+q.Starved != 80 || q.Completed == 0 {
		t.Errorf("%s", text(q))
	}
	if most > depth+2*record || most < depth/2 {
		t.Errorf("up to %d bytes were in the queue, expected at most %d and a batch", most, depth)
	}
}

// TestRecordsOfAMegabyte: they need no tuning, neither of Iago nor of a server whose messages are of at most 1 MiB.
func TestRecordsOfAMegabyte(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	const records = 40
	spec := r.spec(fmt.Sprintf("rate: 10/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", r.large(records, 1_000_000)))
	feeder := r.feed("run", spec, "--workers", "2")
	crew := r.crew(2)
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	r.all(s, records)
	// A machine that is too busy to read so much may starve; nothing is lost all the same.
	if q := s.Requests; q.Completed != records || q.Sent != records || r.target.Total() != records || s.Bytes.Sent < records*1_000_000 {
		t.Errorf("%s, %d bytes were sent, the target has seen %d", text(q), s.Bytes.Sent, r.target.Total())
	}
}

// TestSeveralFeeders: three of them read parts of one source, with a bad record in it, and one is killed. The others send its part.
func TestSeveralFeeders(t *testing.T) {
	long(t)
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	const records = 3000
	file := r.paths(records)
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("no path at all\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	spec := r.spec(fmt.Sprintf("rate: 200/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", file))
	var feeders []*cluster.Proc
	for i := range 3 {
		feeders = append(feeders, r.feed(fmt.Sprint("run", i), spec, "--workers", "2", "--feeders", "3"))
		if i == 0 {
			r.open() // so that it is the one that coordinates
		}
	}
	crew := r.crew(2)
	r.after(3 * time.Second)
	feeders[1].Kill()
	r.finish(feeders[0])
	ends(t, soon, feeders[2])
	ends(t, soon, crew...)
	s := &exact(t, r.out("run0")).Summary
	r.all(s, records)
	if q := s.Requests; q.Completed != q.Scheduled || q.Completed != r.target.Total() || q.Completed > records*3/2 {
		t.Errorf("%s, the target has seen %d", text(q), r.target.Total())
	}
	if c := s.Records; c.Read < records || c.Bad != 1 || c.Unused != 0 {
		t.Errorf("records: %+v", c)
	}
}

// TestDirect: the workers read the source themselves, each its part.
func TestDirect(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	const records = 600
	spec := r.spec(fmt.Sprintf("rate: 300/s\nduration: 10m\narrival: uniform\nrecords: {file: %s, loop: false}\n", r.paths(records)))
	feeder := r.feed("run", spec, "--workers", "3", "--direct")
	crew := r.crew(3)
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	r.all(s, records)
	plain(t, s, r.target, records)
	if s.Records.Read != records {
		t.Errorf("records: %+v", s.Records)
	}
}

// TestSlowPipe: records come through a pipe, slower than the schedule asks for them. What finds none is starved, and what comes is sent.
func TestSlowPipe(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	const records = 60
	in, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	spec := r.spec("rate: 100/s\nduration: 10m\narrival: uniform\nrecords: {file: \"-\"}\n")
	c := cluster.Command(t, nil, r.atBus("feed", spec, "--quiet", "--out", r.out("run"), "--workers", "2", "--lease", patient)...)
	c.Stdin = in
	feeder := cluster.StartCommand(t, c)
	in.Close()
	crew := r.crew(2)
	for i := range records {
		fmt.Fprintf(pipe, "/%d\n", i)
		if i == 5 {
			r.after(0)
		}
		time.Sleep(50 * time.Millisecond) // what makes it slow
	}
	pipe.Close()
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	r.all(s, records)
	if q := s.Requests; q.Completed != records || q.Starved == 0 || s.Verdict.Schedule != report.ScheduleSlipped || s.Records.Read != records {
		t.Errorf("%s, verdict %s, records %+v", text(q), s.Verdict.Schedule, s.Records)
	}
}

// TestSilentPipe: the schedule ends while the pipe stays open and silent.
func TestSilentPipe(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	in, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	c := cluster.Command(t, nil, r.atBus("feed", r.spec("rate: 100/s\nduration: 3s\narrival: uniform\nrecords: {file: \"-\"}\n"), "--quiet", "--out", r.out("run"), "--lease", patient)...)
	c.Stdin = in
	feeder := cluster.StartCommand(t, c)
	in.Close()
	fmt.Fprint(pipe, "/a\n/b\n/c\n")
	worker := r.work("w1")
	r.finish(feeder)
	ends(t, soon, worker)
	s := &exact(t, r.out("run")).Summary
	if q := s.Requests; q.Scheduled != 300 || q.Completed != 3 || q.Starved != 297 || r.target.Total() != 3 || s.Records.Read != 3 {
		t.Errorf("%s, records %+v, the target has seen %d", text(q), s.Records, r.target.Total())
	}
}

// TestOutsideProgram: a worker runs one only if it was started with leave to. One that was not says so and does not take part; the job goes on
// with those that were.
func TestOutsideProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1)
	r.target.Close()
	r.serveByPath()
	const records = 200
	script := r.write("program.py", `import json, sys
json.loads(sys.stdin.readline())
print(json.dumps({"iago": 1}), flush=True)
for line in sys.stdin:
    m = json.loads(line)
    if "record" in m:
        print(json.dumps({"record": m["record"], "requests": [{"uri": m["uri"]}]}), flush=True)
`)
	spec := r.spec(fmt.Sprintf("rate: 100/s\nduration: 10m\narrival: uniform\nprocessor: {exec: [python3, %s]}\nrecords: {file: %s, loop: false}\n", script, r.paths(records)))
	feeder := r.feed("run", spec, "--workers", "2")
	careful := r.work("careful")
	if status := careful.Wait(soon); status != report.ExitUsage || !strings.Contains(careful.Stderr(), "--allow-exec") {
		t.Errorf("without leave: status %d, %s", status, careful.Stderr())
	}
	crew := r.crew(2, "--allow-exec")
	r.finish(feeder)
	ends(t, soon, crew...)
	s := &exact(t, r.out("run")).Summary
	r.all(s, records)
	plain(t, s, r.target, records)
	if !slices.ContainsFunc(s.Events, func(e report.Event) bool { return strings.Contains(e.Text, "careful may not run outside programs") }) {
		t.Errorf("events: %v", s.Events)
	}
}
