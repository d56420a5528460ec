package zk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/iagoloadgen/iago/discovery"
)

// Register announces m by a znode of its own; it makes the path's znodes where there are none.
func (b *backend) Register(ctx context.Context, m discovery.Member) (unregister func(), err error) {
	data, err := discovery.AppendEntry(nil, m)
	if err != nil {
		return nil, err
	}
	return discovery.Hold(ctx, b.logf, func(ctx context.Context, ready func()) error { return b.announce(ctx, data, ready) })
}

// announce keeps a member there until ctx ends.
func (b *backend) announce(ctx context.Context, data []byte, ready func()) error {
	var retry discovery.Backoff
	announced, down := false, false
	for {
		err := b.keep(ctx, data, func() {
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

// registration is a member's znode, kept there over one link.
type registration struct {
	*backend
	link   *link
	data   []byte
	znode  string // path; "": not created yet
	unsure bool   // it may have been created without our having heard of it
}

// keep creates the znode and sees to it, through lost connections and sessions, that it is there. It gives up a link that has
// been down for so long that its session must have expired: a server that has lost its data would never take it back.
func (b *backend) keep(ctx context.Context, data []byte, ready func()) error {
	l, err := b.dial()
	if err != nil {
		return err
	}
	defer l.close()
	defer context.AfterFunc(ctx, l.conn.Close)()
	r := &registration{backend: b, link: l, data: data}
	check := time.NewTicker(b.session / 3) // for a znode that somebody has deleted
	defer check.Stop()
	greeted := false
	for {
		switch up, since := l.state(); {
		case up && !greeted:
			if err = b.greet(l); err == nil {
				greeted = true
				continue
			}
		case up:
			if err = r.ensure(); err == nil {
				ready()
			}
		case time.Since(since) > 2*b.session:
			return l.trouble()
		}
		if final(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.notice:
		case <-check.C:
		}
	}
}

// ensure makes sure that the znode is there and belongs to the session. Its error is that of the connection, or a refusal.
func (r *registration) ensure() error {
	if r.unsure {
		if err := r.find(); err != nil {
			return err
		}
	}
	if r.znode != "" {
		exists, stat, err := r.link.conn.Exists(r.znode)
		switch {
		case err != nil:
			return err
		case exists && stat.EphemeralOwner == r.link.conn.SessionID():
			return nil
		}
		r.logf("%s is gone with its session, or deleted; registering again", r.znode)
		r.znode = ""
	}
	r.unsure = true
	znode, err := r.create()
	if err != nil {
		return err
	}
	r.znode, r.unsure = znode, false
	r.logf("registered as %s", znode)
	return nil
}

// create creates the member's znode, and those above it where they are missing.
func (r *registration) create() (znode string, err error) {
	conn, child := r.link.conn, r.path+"/"+prefix
	znode, err = conn.Create(child, r.data, zk.FlagEphemeral|zk.FlagSequence, r.acl())
	if !errors.Is(err, zk.ErrNoNode) {
		return znode, err
	}
	for i := 1; i < len(child); i++ {
		if child[i] != '/' {
			continue
		}
		if _, err := conn.Create(child[:i], nil, 0, r.acl()); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return "", err
		}
	}
	return conn.Create(child, r.data, zk.FlagEphemeral|zk.FlagSequence, r.acl())
}

// find looks for a znode of this session's, after a create whose answer was lost with the connection.
func (r *registration) find() error {
	names, _, err := r.link.conn.Children(r.path)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	for _, n := range names {
		if !strings.HasPrefix(n, prefix) {
			continue
		}
		exists, stat, err := r.link.conn.Exists(r.path + "/" + n)
		if err != nil {
			return err
		}
		if exists && stat.EphemeralOwner == r.link.conn.SessionID() {
			r.znode = r.path + "/" + n
		}
	}
	r.unsure = false
	return nil
}
