package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"

	"github.com/iagoloadgen/iago/discovery"
)

// watch is one call of Watch.
type watch struct {
	*backend
	set     *discovery.Tracker
	retry   discovery.Backoff
	down    bool                        // and that has been told
	members map[string]discovery.Member // by key, while the connection lasts
}

// Watch follows the prefix. What is known is read anew after every loss of the connection, so that it is right also when etcd comes
// back with an older state than it had.
func (b *backend) Watch(ctx context.Context, update func([]discovery.Member)) error {
	w := &watch{backend: b, set: discovery.Track(update)}
	for {
		err := w.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case final(err) && !w.set.Known():
			return fmt.Errorf("discovery: %s: %w", b, err)
		case w.down:
		case w.set.Known():
			b.logf("connection lost (%v); the last %s stands", err, w.set)
		default:
			b.logf("not reached yet (%v); trying again", err)
		}
		if w.down = true; !w.retry.Wait(ctx) {
			return nil
		}
	}
}

// follow reads the prefix and keeps it current for as long as the connection lasts.
func (w *watch) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client, err := w.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	revision, err := w.read(ctx, client)
	if err != nil {
		return err
	}
	w.retry.Reset()
	if w.down {
		w.logf("connected again")
	}
	w.down = false
	w.tell()
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		cancel(watchConnection(ctx, client))
	}()
	defer func() {
		cancel(nil)
		<-lost
	}()
	for answer := range client.Watch(clientv3.WithRequireLeader(ctx), w.prefix, clientv3.WithPrefix(), clientv3.WithRev(revision+1)) {
		if err := answer.Err(); err != nil {
			return err
		}
		for _, e := range answer.Events {
			w.note(string(e.Kv.Key), e.Kv.Value, e.Type == clientv3.EventTypeDelete)
		}
		w.tell()
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return errors.New("the watch has ended")
}

// watchConnection returns when no server is connected any more, or ctx ends. The client would connect again by itself and say nothing.
func watchConnection(ctx context.Context, client *clientv3.Client) error {
	conn := client.ActiveConnection()
	for {
		state := conn.GetState()
		if state != connectivity.Ready {
			return fmt.Errorf("no connection to %s", strings.Join(client.Endpoints(), ", "))
		}
		if !conn.WaitForStateChange(ctx, state) {
			return nil
		}
	}
}

// read reads all members and returns the revision that this is the state of.
func (w *watch) read(ctx context.Context, client *clientv3.Client) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := client.Get(ctx, w.prefix, clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	w.members = map[string]discovery.Member{}
	for _, kv := range answer.Kvs {
		w.note(string(kv.Key), kv.Value, false)
	}
	return answer.Header.Revision, nil
}

// note takes what a key holds now. What is no member is told and left out.
func (w *watch) note(key string, value []byte, gone bool) {
	name := strings.TrimPrefix(key, w.prefix)
	if strings.Contains(name, "/") {
		return // a prefix further down
	}
	delete(w.members, key)
	if gone {
		return
	}
	m, err := discovery.ParseEntry(name, value, w.endpoint)
	if err != nil {
		w.logf("left out: %v", err)
		return
	}
	w.members[key] = m
}

// tell hands the set on.
func (w *watch) tell() {
	set := make([]discovery.Member, 0, len(w.members))
	for _, m := range w.members {
		set = append(set, m)
	}
	if w.set.Set(set) {
		w.logf("%s", w.set)
	}
}
