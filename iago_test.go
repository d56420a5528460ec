package iago_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server that answers with a status and counts.
func serve(t *testing.T, status int) (url string, seen *atomic.Int64) {
	t.Helper()
	seen = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

// unhurried leaves out what only says that this machine is busy.
func unhurried(err error) error {
	if errors.Is(err, iago.ErrSlipped) && !errors.Is(err, iago.ErrMissed) && !errors.Is(err, iago.ErrBroken) {
		return nil
	}
	return err
}

func TestRun(t *testing.T) {
	url, seen := serve(t, http.StatusOK)
	out, err := iago.Run(t.Context(), "target: "+url+"\nrate: 1000/s\nrequests: 200\nslo: ['errors<1%']\n")
	if err != nil {
		t.Fatal(err)
	}
	if r := out.Summary.Requests; seen.Load() != 200 || r.Completed != 200 || unhurried(out.Err()) != nil || out.HTML != "" {
		t.Errorf("seen %d, %+v, %v", seen.Load(), r, out.Err())
	}
	if slipped := out.Status == report.ExitSlipped; slipped != errors.Is(out.Err(), iago.ErrSlipped) || !slipped && out.Status != report.ExitDone {
		t.Errorf("status %d, %v", out.Status, out.Err())
	}
}

func TestMissedObjectivesAreErrors(t *testing.T) {
	url, _ := serve(t, http.StatusInternalServerError)
	out, err := iago.Run(t.Context(), "target: "+url+"\nrate: 1000/s\nrequests: 100\nslo: ['errors<1%', 'p99<1ns', 'rate>1000000/s', 'errors<=100%']\n")
	if err != nil {
		t.Fatal(err)
	}
	err = out.Err()
	if !errors.Is(err, iago.ErrMissed) || errors.Is(err, iago.ErrBroken) {
		t.Fatalf("%v", err)
	}
	for _, part := range []string{"objective missed: errors<1%: 100%", "objective missed: p99<1ns: ", "s\niago: objective missed: rate>1000000/s: ", "/s"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v\nlacks %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "errors<=100%") {
		t.Errorf("an objective that was met is an error: %v", err)
	}
}

func TestNothingCompleted(t *testing.T) {
	url, _ := serve(t, http.StatusOK)
	url = url[:strings.LastIndex(url, ":")] + ":1"
	out, err := iago.Run(t.Context(), "target: "+url+"\nrate: 1000/s\nrequests: 10\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Err(); !errors.Is(err, iago.ErrBroken) || !strings.Contains(err.Error(), "not one request completed: map[connection refused:10]") {
		t.Errorf("%v", err)
	}
}

func TestTheContextEndsTheRun(t *testing.T) {
	url, seen := serve(t, http.StatusOK)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for seen.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	out, err := iago.Run(ctx, "target: "+url+"\nrate: 100/s\nduration: 1h\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Err(); out.Status != report.ExitInterrupted || !errors.Is(err, iago.ErrBroken) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("status %d, %v", out.Status, err)
	}
}

func TestAProcessorAndARunDirectory(t *testing.T) {
	url, seen := serve(t, http.StatusOK)
	dir := t.TempDir()
	spec := filepath.Join(dir, "test.yaml")
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte("/a\n/b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "target: " + url + "\nrate: 1000/s\nrecords: {file: list, loop: false, format: uri}\n"
	if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	twice := processor.Func(func(rec *load.Record, add func() *load.Request) error {
		for range 2 {
			req := add()
			req.URI = req.Keep(rec.URI)
		}
		return nil
	})
	out, err := iago.RunFile(t.Context(), spec, job.Options{Processor: twice, Dir: filepath.Join(dir, "run")})
	if err != nil {
		t.Fatal(err)
	}
	if seen.Load() != 4 || out.Summary.Run.Name != "test" || unhurried(out.Err()) != nil {
		t.Errorf("%d requests, name %q, %v", seen.Load(), out.Summary.Run.Name, out.Err())
	}
	if _, err := os.Stat(out.HTML); err != nil {
		t.Error(err)
	}
}

func TestRunsSideBySide(t *testing.T) {
	url, seen := serve(t, http.StatusOK)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			out, err := iago.Run(t.Context(), fmt.Sprintf("target: %s\nrate: 1000/s\nrequests: %d\n", url, 10+i))
			if err != nil || out.Summary.Requests.Completed != int64(10+i) {
				t.Errorf("%d: %+v, %v", i, out, err)
			}
		})
	}
	all.Wait()
	if seen.Load() != 10+11+12+13 {
		t.Errorf("%d requests", seen.Load())
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"target: http://127.0.0.1:1\nrat: 1/s\n":           "iago: spec:2:1: rat: unknown field",
		"target: http://127.0.0.1:1\nrecords: no-such-one": "no-such-one",
		"": "empty",
	} {
		if _, err := iago.Run(t.Context(), text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := iago.RunFile(t.Context(), "no-such-spec.yaml", job.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func ExampleRun() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	out, err := iago.Run(context.Background(), "target: "+server.URL+"\nrate: 500/s\nrequests: 100\n")
	if err != nil {
		panic(err)
	}
	fmt.Println(out.Summary.Requests.Completed, "answers", out.Summary.Status)
	// Output: 100 answers map[404:100]
}
