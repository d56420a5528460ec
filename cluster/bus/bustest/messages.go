package bustest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

func messages(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	o := s.other(t, j)
	got := make(chan string, 10)
	stop, err := o.Subscribe("control.*", func(m *bus.Message) {
		got <- m.Subject + " " + string(m.Data)
		if err := m.Reply([]byte("yes")); err != nil {
			t.Error(err)
		}
	})
	must(t, err)
	s.reaches(t, j, "control.here", got)
	must(t, j.Publish("control.rate", []byte("5")))
	must(t, j.Publish("elsewhere", nil))
	answer, err := j.Request(ctx, "control.stop", nil)
	must(t, err)
	if a, b := <-got, <-got; a != "control.rate 5" || b != "control.stop " || string(answer) != "yes" {
		t.Fatalf("%q, %q, answer %q", a, b, answer)
	}
	stop()
	eventually(t, "nobody is there", func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := j.Request(ctx, "control.stop", nil)
		return errors.Is(err, bus.ErrNobody)
	})
	for _, bad := range []string{"", "records", "results.x", "inbox.x", "chunks.y", "a..b", "a b", "*", ">", "a.>.b"} {
		if _, err := j.Subscribe(bad, func(*bus.Message) {}); err == nil {
			t.Errorf("subscribing to %q is accepted", bad)
		}
		if err := j.Publish(bad, nil); err == nil {
			t.Errorf("publishing to %q is accepted", bad)
		}
	}
	if err := j.Publish("a.*", nil); err == nil {
		t.Error("publishing to a wildcard is accepted")
	}
}

// reaches waits until the servers of a cluster have told each other of a subscription.
func (s Servers) reaches(t *testing.T, j *bus.Job, subject string, got <-chan string) {
	t.Helper()
	eventually(t, "a subscription is known", func() bool {
		must(t, j.Publish(subject, nil))
		select {
		case <-got:
		case <-time.After(20 * time.Millisecond):
			return false
		}
		return true
	})
	for { // the others that were sent
		select {
		case <-got:
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}

// silence: who gets no answer is told so when the time is over.
func silence(t *testing.T, s Servers) {
	j := s.job(t, bus.JobConfig{})
	stop, err := j.Subscribe("deaf", func(*bus.Message) {})
	must(t, err)
	defer stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := j.Request(ctx, "deaf", nil); !errors.Is(err, bus.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v; expected %v", err, bus.ErrUnavailable)
	}
}
