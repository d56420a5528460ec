package exec

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

var (
	_ processor.Stage          = (*Stage)(nil)
	_ processor.Processor      = (*Stage)(nil)
	_ processor.BatchResponder = (*Responder)(nil)
)

// respond opens a program, takes the requests of n records, and gives their responses back as the statuses say, in turn.
func respond(t *testing.T, c Config, n int, statuses ...int) (got []string) {
	t.Helper()
	c.Responses = true
	r := newStage(t, c).(*Responder)
	if err := r.Open((&reads{uris: uris(n)}).read); err != nil {
		t.Fatal(err)
	}
	var made []*load.Request
	for range n {
		if err := r.Next(func() *load.Request {
			made = append(made, new(load.Request))
			return made[len(made)-1]
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Next(nil); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	var batch []*processor.Exchange
	for i, req := range made {
		x := &processor.Exchange{Request: req}
		if status := statuses[i%len(statuses)]; status == 0 {
			x.Cause = "timeout"
		} else {
			x.Status, x.Response.Status = fmt.Sprint(status), status
		}
		x.Begin(1, func() *load.Request { return new(load.Request) })
		batch = append(batch, x)
	}
	r.RespondAll(batch[:len(batch)-1])
	r.Respond(batch[len(batch)-1])
	for _, x := range batch {
		followUps, checks, refused := x.Result()
		line := string(x.Request.URI)
		for _, f := range followUps {
			line += fmt.Sprintf(" → %s in %v tag %s", f.Request.URI, f.Think, f.Request.State.(*origin).tag)
		}
		for _, c := range checks {
			line += fmt.Sprintf(" %s=%t", c.Name, c.Passed)
		}
		if refused > 0 {
			line += fmt.Sprintf(" refused %d", refused)
		}
		got = append(got, line)
	}
	return got
}

func TestResponses(t *testing.T) {
	c, _ := helperConfig(t, "responses")
	got := respond(t, c, 2, 200, 302, 0)
	want := []string{
		"/1 status 200=true",
		"/1/2 → /followed in 2.5ms tag [4] redirected=true quick=false refused 1",
		"/2 status timeout=false",
		"/2/2 status 200=true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Responses over which programs end are given once more, then the check fails; the others have theirs.
func TestResponseCrash(t *testing.T) {
	c, logged := helperConfig(t, "responses:dies")
	c.Instances, c.Restarts = 2, 100
	for i, line := range respond(t, c, 20, 200, 200, 500, 0, 200) {
		want := []string{" status 200=true", " status 200=true", " " + AnsweredCheck + "=false", " status timeout=false", " status 200=true"}[i%5]
		if !strings.HasSuffix(line, want) {
			t.Fatalf("%d: %s, want %s\n%s", i, line, want, logged)
		}
	}
}

func TestResponseRefused(t *testing.T) {
	c, _ := helperConfig(t, "responses:refuses")
	for _, line := range respond(t, c, 10, 200) {
		if want := " " + AnsweredCheck + "=false"; !strings.HasSuffix(line, want) {
			t.Errorf("%s, want %s", line, want)
		}
	}
}

// A program that does not want responses has none, and is not waited for.
func TestResponsesUnwanted(t *testing.T) {
	c, _ := helperConfig(t, "plain")
	for _, line := range respond(t, c, 10, 200) {
		if strings.Contains(line, "=") {
			t.Error(line)
		}
	}
}

// Close ends the wait for a response.
func TestCloseWhileResponding(t *testing.T) {
	c, _ := helperConfig(t, "responses")
	c.Responses = true
	r := newStage(t, c).(*Responder)
	if err := r.Open((&reads{}).read); err != nil {
		t.Fatal(err)
	}
	sl := r.slots[0]
	r.mu.Lock()
	sl.live = false // nothing is written any more
	r.mu.Unlock()
	x := &processor.Exchange{Request: new(load.Request), Status: "200"}
	x.Begin(1, nil)
	done := make(chan struct{})
	go func() {
		r.Respond(x)
		close(done)
	}()
	waitFor(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(sl.queue) == 1
	})
	r.Close()
	<-done
	if _, checks, _ := x.Result(); len(checks) > 0 {
		t.Errorf("%+v", checks)
	}
}

func TestProcess(t *testing.T) {
	c, _ := helperConfig(t, "plain")
	if err := newStage(t, c).(processor.Processor).Process(nil, nil); err == nil || !strings.Contains(err.Error(), "use Open and Next") {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	c := Default()
	c.Exec = []string{"true"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c = Config{Restarts: -1, Env: map[string]string{"A=": ""}}
	_, err := New(c)
	for _, want := range []string{"exec", "instances", "batch", "window", "window_limit", "line_limit", "hello_timeout", "timeout", "restarts", "env"} {
		if !strings.Contains(err.Error(), "processor/exec: "+want+": ") {
			t.Errorf("nothing of %s in\n%v", want, err)
		}
	}
}
