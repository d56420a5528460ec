package discovery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHold(t *testing.T) {
	bad := errors.New("refused")
	var log []string
	logf := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	ended := false
	unregister, err := Hold(t.Context(), logf, func(ctx context.Context, ready func()) error {
		ready()
		ready()
		<-ctx.Done()
		ended = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	unregister()
	if unregister(); !ended {
		t.Error("unregister does not wait")
	}
	if _, err := Hold(t.Context(), logf, func(context.Context, func()) error { return bad }); !errors.Is(err, bad) || len(log) != 0 {
		t.Errorf("%v; log %q", err, log)
	}
	unregister, err = Hold(t.Context(), logf, func(_ context.Context, ready func()) error {
		ready()
		return bad
	})
	if err != nil {
		t.Fatal(err)
	}
	if unregister(); len(log) != 1 || !strings.Contains(log[0], "refused") {
		t.Errorf("log %q", log)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := Hold(ctx, logf, func(ctx context.Context, _ func()) error { <-ctx.Done(); return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the backend is away: %v", err)
	}
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Backoff
		wait := func() time.Duration {
			start := time.Now()
			if !b.Wait(t.Context()) {
				t.Error("given up")
			}
			return time.Since(start)
		}
		for round := range 3 {
			want := 100 * time.Millisecond
			for range 12 {
				if d := wait(); d < want*3/4 || d > want*5/4 {
					t.Errorf("round %d: waited %v; expected about %v", round, d, want)
				}
				want = min(2*want, 5*time.Second)
			}
			b.Reset()
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if start := time.Now(); b.Wait(ctx) || Pause(ctx, time.Hour) || time.Since(start) > 0 {
			t.Error("waits after the end of its context")
		}
	})
}

// stub tells sets one after another, a second apart.
type stub struct {
	sets [][]Member
	err  error
}

func (s stub) Watch(ctx context.Context, update func([]Member)) error {
	for _, set := range s.sets {
		if !Pause(ctx, time.Second) {
			return nil
		}
		update(set)
	}
	if s.err == nil {
		<-ctx.Done()
	}
	return s.err
}

func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Member{Host: "a", Port: 1}, Member{Host: "b", Port: 1}
		r := stub{sets: [][]Member{nil, {a}, {a, b}}}
		for n, want := range []int{0, 1, 2} {
			if ms, err := Await(t.Context(), r, n); err != nil || len(ms) != want {
				t.Errorf("%d members: %v, %v", n, ms, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := Await(ctx, r, 3); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "found 2 of 3 members") {
			t.Error(err)
		}
		if _, err := Await(ctx, stub{}, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("nothing is known, and that is enough")
		}
		if _, err := Await(t.Context(), stub{err: errors.New("refused")}, 1); err == nil || err.Error() != "refused" {
			t.Error(err)
		}
	})
}
