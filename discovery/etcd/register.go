package etcd

import (
	"context"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/iagoloadgen/iago/discovery"
)

// Register announces m by a key of its own, held by a lease.
func (b *backend) Register(ctx context.Context, m discovery.Member) (unregister func(), err error) {
	value, err := discovery.AppendEntry(nil, m)
	if err != nil {
		return nil, err
	}
	return discovery.Hold(ctx, b.logf, func(ctx context.Context, ready func()) error { return b.announce(ctx, string(value), ready) })
}

// announce keeps a member there until ctx ends.
func (b *backend) announce(ctx context.Context, value string, ready func()) error {
	var retry discovery.Backoff
	announced, down := false, false
	for {
		err := b.keep(ctx, value, func() {
			announced, down = true, false
			retry.Reset()
			ready()
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case final(err) && !announced:
			return fmt.Errorf("discovery: %s: registering: %w", b, err)
		case !down:
			b.logf("registration: %v; registering again", err)
		}
		if down = true; !retry.Wait(ctx) {
			return nil
		}
	}
}

// keep grants a lease, puts the member under it, and returns when either is gone. At the end of ctx it takes both back.
func (b *backend) keep(ctx context.Context, value string, ready func()) error {
	client, err := b.dial(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	lease, err := b.grant(ctx, client)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%smember_%016x", b.prefix, uint64(lease))
	defer b.takeBack(ctx, client, lease, key)
	put, err := b.put(ctx, client, key, value, lease)
	if err != nil {
		return err
	}
	alive, err := client.KeepAlive(ctx, lease)
	if err != nil {
		return err
	}
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := client.Watch(watching, key, clientv3.WithFilterPut(), clientv3.WithRev(put+1))
	b.logf("registered as %s", key)
	ready()
	for {
		select {
		case _, ok := <-alive:
			if !ok {
				return fmt.Errorf("the lease of %s has run out", key)
			}
		case c, ok := <-changes:
			switch {
			case !ok:
				return errors.New("the watch has ended")
			case c.Err() != nil:
				return c.Err()
			case len(c.Events) > 0:
				return fmt.Errorf("%s is gone with its lease, or deleted", key)
			}
		}
	}
}

func (b *backend) grant(ctx context.Context, client *clientv3.Client) (clientv3.LeaseID, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	grant, err := client.Grant(ctx, b.ttl)
	if err != nil {
		return 0, err
	}
	return grant.ID, nil
}

// put writes the member and returns the revision of that.
func (b *backend) put(ctx context.Context, client *clientv3.Client, key, value string, lease clientv3.LeaseID) (revision int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := client.Put(ctx, key, value, clientv3.WithLease(lease))
	if err != nil {
		return 0, err
	}
	return answer.Header.Revision, nil
}

// takeBack revokes the lease if ctx has ended; otherwise it has been lost, and runs out by itself.
func (b *backend) takeBack(ctx context.Context, client *clientv3.Client, lease clientv3.LeaseID, key string) {
	if ctx.Err() == nil {
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if _, err := client.Revoke(last, lease); err != nil {
		b.logf("%s could not be taken back (%v); it goes with its lease, within %d s", key, err, b.ttl)
	}
}
