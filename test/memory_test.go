package test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const mib = 1 << 20

// Resident memory does not grow with the number of requests.
func TestMemoryDoesNotGrow(t *testing.T) {
	long(t)
	g := startTarget(t)
	var rss [2]int64
	for i, n := range []string{"300000", "1000000"} {
		o := iago(t, 90*time.Second, g.url, "--rate", "max", "-c", "16", "-n", n)
		if o.status != 0 || fmt.Sprint(o.Requests.Completed) != n {
			t.Errorf("status %d, %d completed of %s", o.status, o.Requests.Completed, n)
		}
		rss[i] = o.Generator.RSSMax
	}
	t.Logf("%.1f and %.1f MiB", float64(rss[0])/mib, float64(rss[1])/mib)
	if rss[1] > rss[0]+8*mib {
		t.Errorf("%d bytes after 300,000 requests, %d after a million", rss[0], rss[1])
	}
	if rss[1] > 64*mib {
		t.Errorf("%d bytes; expected less than 64 MiB", rss[1])
	}
}

// Records are read as they are needed: 200 MB of them, compressed, through standard input, are never in memory.
func TestRecordsAreNotReadWhole(t *testing.T) {
	long(t)
	const size = 200_000_000
	g := startTarget(t)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r := startRunAs(t, func(c *exec.Cmd) { c.Stdin = in }, g.url, "--records", "-", "--format", "uri", "--rate", "max", "-c", "8", "-d", "3s")
	in.Close()
	written := make(chan int64, 1)
	go func() { written <- writeRecords(t, out, size) }()
	o := r.finish(t, 10*time.Second)
	n := <-written
	t.Logf("%d of %d bytes were read, %d requests, %.1f MiB", n, size, o.Requests.Completed, float64(o.Generator.RSSMax)/mib)
	if o.status != 0 || o.Requests.Completed < 1000 || o.Requests.Failed > 0 {
		t.Errorf("status %d, requests %+v", o.status, o.Requests)
	}
	if o.Generator.RSSMax > 96*mib {
		t.Errorf("%d bytes of memory; expected less than 96 MiB", o.Generator.RSSMax)
	}
	if seen := g.stop(t); seen.Requests != o.Requests.Sent {
		t.Errorf("the target saw %d; %d were sent", seen.Requests, o.Requests.Sent)
	}
}

// writeRecords writes size bytes of paths, 2 KB each, through gzip, and closes w; it ends when nobody reads any more.
func writeRecords(t *testing.T, w io.WriteCloser, size int64) (n int64) {
	defer w.Close()
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer z.Close()
	long := strings.Repeat("abcdefghijklmnopqrstuvwxyz012345", 62)
	for i := 0; n < size; i++ {
		k, err := fmt.Fprintf(z, "/%d/%s?i=%d\n", i%100, long, i)
		n += int64(k)
		if err != nil {
			if !errors.Is(err, syscall.EPIPE) {
				t.Error(err)
			}
			return n
		}
	}
	return n
}
