package bustest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// push pushes records and flushes.
func push(t *testing.T, j *bus.Job, ids ...string) {
	t.Helper()
	ctx := within(t)
	q, err := j.Queue(bus.QueueConfig{})
	must(t, err)
	for _, id := range ids {
		must(t, q.Push(ctx, []byte("data of "+id), id))
	}
	must(t, q.Close(ctx))
	if err := q.Push(ctx, nil, ""); err == nil {
		t.Fatal("a closed queue accepts a record")
	}
}

// pull begins to pull, until the test ends.
func pull(t *testing.T, j *bus.Job, cfg bus.PullConfig) *bus.Puller {
	t.Helper()
	p, err := j.Pull(within(t), cfg)
	must(t, err)
	t.Cleanup(func() { shut(t, p) })
	return p
}

func shut(t *testing.T, p *bus.Puller) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
}

// depth waits for the queue to have this depth.
func depth(t *testing.T, j *bus.Job, undelivered, unacked uint64) {
	t.Helper()
	var d bus.Depth
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the depth was %+v; expected %d and %d", d, undelivered, unacked)
		}
	})
	eventually(t, "the queue's depth", func() bool {
		var err error
		d, err = j.Depth(t.Context())
		must(t, err)
		return d.Undelivered == undelivered && d.Unacked == unacked && (undelivered+unacked > 0) == (d.Bytes > 0)
	})
}

// queue: one pusher, three pullers; every record comes once, and in order where one puller takes all.
func queue(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	var ids []string
	for i := range 300 {
		ids = append(ids, fmt.Sprintf("r%03d", i))
	}
	push(t, j, ids...)
	depth(t, j, 300, 0)
	p, err := s.other(t, j).Pull(ctx, bus.PullConfig{})
	must(t, err)
	for _, id := range ids {
		i, err := p.Next(ctx)
		must(t, err)
		if s.Replicas == 1 && i.ID != id || string(i.Data) != "data of "+i.ID || i.Redelivered != 0 {
			t.Fatalf("%s %q redelivered %d; expected %s", i.ID, i.Data, i.Redelivered, id)
		}
		i.Ack()
		i.Ack() // once more does no harm
		must(t, i.Nak())
	}
	must(t, p.Flush(ctx))
	depth(t, j, 0, 0)
	shut(t, p)

	var mu sync.Mutex
	seen, all := map[string]int{}, make(chan struct{})
	var wg sync.WaitGroup
	work, cancel := context.WithCancel(ctx)
	for range 3 {
		p := pull(t, s.other(t, j), bus.PullConfig{Messages: 4})
		wg.Go(func() {
			for {
				i, err := p.Next(work)
				if err != nil {
					return
				}
				i.Ack()
				mu.Lock()
				if seen[i.ID]++; len(seen) == len(ids) {
					close(all)
				}
				mu.Unlock()
			}
		})
	}
	for i := range ids {
		ids[i] += "-second"
	}
	push(t, j, ids...)
	select {
	case <-all:
	case <-ctx.Done():
		t.Errorf("%d of %d records came", len(seen), len(ids))
	}
	cancel()
	wg.Wait()
	depth(t, j, 0, 0)
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

// large: payloads around and beyond what fits into one message are put together again, and nothing of them stays.
func large(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, 1 << 20, 1<<20 - 1, 1<<20 - 4<<10, 1<<20 - 4<<10 + 1, 4 << 20, 4<<20 + 1, 9<<20 + 17}
	sent := map[string][]byte{}
	q, err := j.Queue(bus.QueueConfig{})
	must(t, err)
	for _, n := range sizes {
		data, id := make([]byte, n), fmt.Sprintf("of/%d/bytes?*>.", n)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		sent[id] = data
		must(t, q.Push(ctx, data, id))
	}
	must(t, q.Close(ctx))
	d, err := j.Depth(ctx)
	must(t, err)
	if want := uint64(20 << 20); d.Undelivered != uint64(len(sizes)) || d.Bytes < want {
		t.Fatalf("%+v; expected %d records and at least %d bytes", d, len(sizes), want)
	}
	p := pull(t, s.other(t, j), bus.PullConfig{Bytes: 1})
	for range sizes {
		i, err := p.Next(ctx)
		must(t, err)
		if data, ok := sent[i.ID]; !ok || !bytes.Equal(data, i.Data) {
			t.Fatalf("%s: %d bytes, other ones than were sent", i.ID, len(i.Data))
		}
		delete(sent, i.ID)
		i.Ack()
	}
	must(t, p.Flush(ctx))
	depth(t, j, 0, 0)
}

// same: pushes with the same id are one.
func same(t *testing.T, s Servers) {
	j := s.job(t, bus.JobConfig{})
	push(t, j, "a", "b", "a", "a", "c", "b")
	push(t, j, "c")
	depth(t, j, 3, 0)
	must(t, j.PurgeRecords(within(t)))
	depth(t, j, 0, 0)
}

// redelivery: what is not acknowledged in time comes again; what is kept alive does not.
func redelivery(t *testing.T, s Servers) {
	short := bus.JobConfig{AckWait: time.Second}
	kept, forgot, ctx := s.job(t, short), s.job(t, short), within(t)
	push(t, kept, "kept")
	keeper := pull(t, kept, bus.PullConfig{KeepAlive: true})
	k, err := keeper.Next(ctx)
	must(t, err)
	patience, cancel := context.WithCancel(ctx)
	none := next(patience, t, pull(t, s.other(t, kept), bus.PullConfig{}))

	push(t, forgot, "forgotten")
	forgetful := pull(t, forgot, bus.PullConfig{})
	f, err := forgetful.Next(ctx)
	must(t, err)
	for want := 1; want <= 2; want++ { // more than two seconds pass
		i, err := forgetful.Next(ctx)
		must(t, err)
		if i.ID != f.ID || i.Redelivered < want {
			t.Fatalf("%s, redelivered %d times; expected %s for at least the %dth time", i.ID, i.Redelivered, f.ID, want)
		}
	}
	f.Ack() // late, and of a delivery that is not the latest: the record is done all the same
	depth(t, forgot, 0, 0)
	cancel()
	if i := <-none; i != nil {
		t.Fatalf("%s was redelivered %d times though it was kept", i.ID, i.Redelivered)
	}
	k.Ack()
	depth(t, kept, 0, 0)
}

// next takes one item beside.
func next(ctx context.Context, t *testing.T, p *bus.Puller) <-chan *bus.Item {
	ch := make(chan *bus.Item, 1)
	go func() {
		i, err := p.Next(ctx)
		if err != nil {
			i = nil
		}
		ch <- i
	}()
	return ch
}

// giveBack: Nak, and closing with items ahead, hand records to others at once, long before their time is over.
func giveBack(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{AckWait: time.Hour}), within(t)
	push(t, j, "a", "b", "c", "d", "e")
	p, err := s.other(t, j).Pull(ctx, bus.PullConfig{Messages: 4})
	must(t, err)
	i, err := p.Next(ctx)
	must(t, err)
	depth(t, j, 0, 5) // it is full now and asks for no more
	must(t, i.Nak())
	shut(t, p)
	if _, err := p.Next(ctx); err == nil {
		t.Fatal("a closed puller has records")
	}
	o := pull(t, j, bus.PullConfig{})
	got := map[string]bool{}
	for len(got) < 5 {
		i, err := o.Next(ctx)
		must(t, err)
		if i.Redelivered == 0 || got[i.ID] {
			t.Fatalf("%s, redelivered %d times", i.ID, i.Redelivered)
		}
		got[i.ID] = true
		i.Ack()
	}
}

// full: a push waits while the queue has no room, and loses nothing.
func full(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{QueueBytes: 64 << 10}), within(t)
	q, err := j.Queue(bus.QueueConfig{})
	must(t, err)
	const n = 30
	pushed := make(chan error, 1)
	go func() {
		for i := range n {
			if err := q.Push(ctx, make([]byte, 8<<10), fmt.Sprint(i)); err != nil {
				pushed <- err
				return
			}
		}
		pushed <- q.Flush(ctx)
	}()
	select {
	case err := <-pushed:
		t.Fatalf("more fits into the queue than it may hold (%v)", err)
	case <-time.After(200 * time.Millisecond):
	}
	p := pull(t, s.other(t, j), bus.PullConfig{Messages: 1})
	got := map[string]bool{}
	for len(got) < n {
		i, err := p.Next(ctx)
		must(t, err)
		got[i.ID] = true
		i.Ack()
	}
	must(t, <-pushed)
	must(t, q.Close(ctx))
}

// bounds: no more is fetched ahead than asked for.
func bounds(t *testing.T, s Servers) {
	j, ctx := s.job(t, bus.JobConfig{}), within(t)
	q, err := j.Queue(bus.QueueConfig{Messages: 3, Bytes: 1})
	must(t, err)
	for i := range 40 {
		must(t, q.Push(ctx, make([]byte, 1<<20), fmt.Sprint(i)))
	}
	must(t, q.Close(ctx))
	few := pull(t, j, bus.PullConfig{Messages: 2})
	depth(t, j, 38, 2)
	i, err := few.Next(ctx)
	must(t, err)
	depth(t, j, 37, 3)
	i.Ack()
	small := pull(t, j, bus.PullConfig{Bytes: 2 << 20})
	eventually(t, "fetching ahead", func() bool {
		d, err := j.Depth(ctx)
		must(t, err)
		return d.Unacked >= 4
	})
	d, err := j.Depth(ctx)
	must(t, err)
	if d.Unacked > 2+7 { // pieces do not show their size beforehand
		t.Fatalf("%d records of 1 MiB are with pullers that may hold 2 and about 5", d.Unacked)
	}
	if _, err := small.Next(ctx); err != nil {
		t.Fatal(err)
	}
}
