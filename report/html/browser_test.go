package html

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts a Chromium of its own for the test. Without Chromium the test fails: a report that nobody has looked
// at is not tested.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("this test looks at the report in a real Chromium, and there is none: apt-get install chromium")
	}
	limit, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	profile := t.TempDir()
	alloc, stop := chromedp.NewExecAllocator(limit,
		chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-extensions", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(1100, 900),
	)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(alloc)
	t.Cleanup(done)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium does not start (%s): %v", path, err)
	}
	return ctx
}

// tab is a report opened in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string

	mu       sync.Mutex
	requests []string // URLs fetched
	console  []string // what the console said, exceptions and policy violations among it
}

// open writes a report of d and opens the file.
func open(t *testing.T, parent context.Context, d Data, width, height int64) *tab {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx, url: "file://" + file}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err },
		func() error { return chromedp.Do(ctx, chromedp.EmulateViewport(width, height)) },
		func() error { return chromedp.Do(ctx, chromedp.Navigate(p.url)) },
	} {
		if err := enable(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *tab) hear(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, ev.Request.URL)
	case *runtime.EventExceptionThrown:
		p.console = append(p.console, ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.console = append(p.console, string(ev.Type))
	case *log.EventEntryAdded:
		p.console = append(p.console, ev.Entry.Text)
	}
}

// quiet checks that the page fetched nothing but itself and that the console stayed empty.
func (p *tab) quiet() {
	p.t.Helper()
	eval[int](p, `1`) // everything said before has arrived by the time of this answer
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.requests) != 1 || !strings.HasPrefix(p.requests[0], "file://") {
		p.t.Errorf("requests %q, want the file alone", p.requests)
	}
	if len(p.console) > 0 {
		p.t.Errorf("the console says %q", p.console)
	}
}

// eval evaluates an expression in the page.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// media sets the color scheme and the medium ("" for the screen).
func (p *tab) media(scheme, medium string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// picture keeps a screenshot of the whole page for those who want to see it: go test -artifacts.
func (p *tab) picture(name string) {
	p.t.Helper()
	p.keep(name+".png", chromedp.FullScreenshot(100))
}

// keep writes what an action yields to a file of the test's, if somebody wants it.
func (p *tab) keep(name string, action chromedp.Action[[]byte]) {
	p.t.Helper()
	if f := flag.Lookup("test.artifacts"); f == nil || f.Value.String() != "true" {
		return
	}
	data, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.t.ArtifactDir(), name), data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
