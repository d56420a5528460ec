package test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/target/stream"
	"github.com/iagoloadgen/iago/target/thrift"
)

// TestLibraryExamples runs the commands of examples/library's README. Those that go on for minutes are interrupted as by Ctrl-C, when they
// have made some requests.
func TestLibraryExamples(t *testing.T) {
	long(t)
	var web atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { web.Add(1) }))
	t.Cleanup(server.Close)
	calls, err := thrift.Start(t.Context(), thrift.Options{Options: stream.Options{Listen: "127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = calls.Close(); _ = calls.Wait() })

	w := &walk{
		t: t, dir: absolute(t, root), said: map[string]string{},
		replace: strings.NewReplacer("http://127.0.0.1:8080", server.URL, "thrift://127.0.0.1:9090", calls.URL()),
	}
	count := map[string]func() int64{
		"./examples/library/thousand":   web.Load,
		"./examples/library/sinusoidal": func() int64 { return calls.Stats().Requests },
	}
	lines := shell(t, filepath.Join(root, "examples", "library", "README.md"))
	if len(lines) != 1+len(count) {
		t.Errorf("%d commands in the README: %q", len(lines), lines)
	}
	for _, line := range lines {
		program, ok := strings.CutPrefix(line, "go run ")
		if !ok {
			w.run(line)
			continue
		}
		program, _, _ = strings.Cut(program, " ")
		requests := count[program]
		if requests == nil {
			t.Errorf("%s: what does it do?", line)
			continue
		}
		p := start(t, w.command(w.replace.Replace(line)))
		if !eventually(2*time.Minute, func() bool { return requests() >= 5 || p.await(0) == nil }) || p.await(0) == nil {
			t.Fatalf("%s: %d requests\n%s%s", line, requests(), p.out, p.err)
		}
		interrupt(t, p)
		if err := p.await(patience); err != nil {
			t.Fatal(err)
		}
		if said := p.out.String(); !strings.Contains(said, "Asked") || !strings.Contains(said, "Answered") {
			t.Errorf("%s: status %d\n%s%s", line, p.status(), said, p.err)
		}
	}
}
