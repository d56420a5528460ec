package cluster

import (
	"testing"
	"time"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/cluster/bus"
)

// TestShareNumbersAreUsedOnce: a worker confirms a share by its number, so another share must not have it, though the first was
// written without the coordinator's knowing, or by another coordinator.
func TestShareNumbersAreUsedOnce(t *testing.T) {
	r := newRig(t)
	j, err := r.connect().CreateJob(t.Context(), "shop", bus.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	newCoordinator := func() *coordinator {
		return &coordinator{job: j, logf: t.Logf, parts: newParts(8), members: newMembers(), changed: map[string]bool{}}
	}
	c, unanswered := newCoordinator(), newCoordinator()
	m := c.members.get("w")
	written := func(c *coordinator) bool {
		c.changed["w"] = true
		c.writeShares(t.Context())
		return !c.changed["w"]
	}
	there := func() Share {
		t.Helper()
		e, err := j.Get(t.Context(), prefixShare+"w")
		if err != nil {
			t.Fatal(err)
		}
		s, err := decode[Share](e.Key, e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if !written(c) {
		t.Fatal("the first share was not written")
	}
	*unanswered.members.get("w") = *m
	for range 3 {
		if !written(unanswered) {
			t.Fatal("a share was not written")
		}
	}
	confirmed := there().Seq
	c.parts.deal([]string{"w"}, 5)
	if written(c) {
		t.Error("a share was written over one that is not known")
	}
	if !written(c) {
		t.Error("the share was not written again")
	}
	if s := there(); s.Seq <= confirmed || len(s.Held) != 1 || s.Held[0] != (Holding{First: 0, Last: 7, From: 5, Through: arrival.Forever}) || s.Seq != m.share.Seq {
		t.Errorf("after share %d: %+v, known as %d", confirmed, s, m.share.Seq)
	}
}

// TestLeaseEndsWhenItWasNotRenewed: what a worker may have sent ends with the lease that was seen last, not when the coordinator, or one
// before it, has got round to writing that down.
func TestLeaseEndsWhenItWasNotRenewed(t *testing.T) {
	r := newRig(t)
	j, err := r.connect().CreateJob(t.Context(), "shop", bus.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	c := &coordinator{
		job: j, logf: t.Logf, parts: newParts(8), members: newMembers(), changed: map[string]bool{}, spec: JobSpec{Lease: time.Second},
		plan: Plan{Phase: Running, Start: time.Now().Add(-10 * time.Second).UnixNano()},
	}
	defer c.asking.Wait()
	note := func(revision uint64, s State) {
		c.note(bus.Event{Entry: bus.Entry{Key: prefixLease + "w", Value: encode(Lease{ID: "w", State: s}), Revision: revision}})
	}
	note(1, Sending)
	c.parts.deal([]string{"w"}, 5)
	m := c.members.by["w"]
	m.seen = m.seen.Add(-4 * time.Second)
	note(2, Expired) // an end of ours that was not answered
	c.bury(t.Context())
	if h := m.share.Had; len(h) != 1 || h[0].From != 5 || h[0].Through < int64(7*time.Second) || h[0].Through > int64(8*time.Second) {
		t.Errorf("seen after 6s, for 1s: had %+v", h)
	}
	if len(c.parts.held("w")) > 0 || len(c.diary.list) != 1 {
		t.Errorf("parts %v, events %v", c.parts.held("w"), c.diary.list)
	}
}
