package zk

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/iagoloadgen/iago/discovery"
)

// follower reads the set over one connection and keeps it current: every read leaves a watch behind, and what a watch fires for is
// read again, with a new watch.
type follower struct {
	*watch
	link     *link
	children bool // the children, or that there is no such znode, are known and watched
	members  map[string]*member
}

// member is a child of the set.
type member struct {
	watched bool // what follows is current
	valid   bool
	discovery.Member
}

const readers = 32 // requests under way at once

// follow watches the set over one connection, for as long as that lasts.
func (w *watch) follow(ctx context.Context) error {
	l, err := w.dial()
	if err != nil {
		return err
	}
	defer l.close()
	defer context.AfterFunc(ctx, l.conn.Close)() // ends requests under way
	if err := l.wait(ctx, patience); err != nil {
		return err
	}
	if err := w.greet(l); err != nil {
		return err
	}
	f := &follower{watch: w, link: l, members: map[string]*member{}}
	for {
		f.note(l.take())
		if err := f.read(); err != nil {
			return err
		}
		if !f.children {
			continue // it came to be, or went, in between
		}
		w.current()
		f.tell()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.notice:
		}
		if up, _ := l.state(); !up {
			return l.trouble()
		}
	}
}

// greet says who we are, and lets a server that is behind the others catch up.
func (b *backend) greet(l *link) error {
	if b.address.User != "" {
		if err := l.conn.AddAuth("digest", []byte(b.address.User+":"+b.address.Password)); err != nil {
			return err
		}
	}
	if _, err := l.conn.Sync(b.path); err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	return nil
}

// note marks what has to be read again.
func (f *follower) note(fired []string) {
	for _, path := range fired {
		if path == f.path {
			f.children = false
		} else if m := f.members[strings.TrimPrefix(path, f.path+"/")]; m != nil {
			m.watched = false
		}
	}
}

// read reads what is not current. The error is that of the connection, or a refusal.
func (f *follower) read() error {
	if !f.children {
		if err := f.readChildren(); err != nil {
			return err
		}
	}
	var (
		wg     sync.WaitGroup
		limit  = make(chan struct{}, readers)
		mu     sync.Mutex
		failed []error
	)
	for name, m := range f.members {
		if m.watched {
			continue
		}
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			if err := f.readMember(name, m); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// readChildren reads which members there are. Where there is no such znode, it watches for it.
func (f *follower) readChildren() error {
	names, _, _, err := f.link.conn.ChildrenW(f.path)
	if errors.Is(err, zk.ErrNoNode) {
		exists, _, _, err := f.link.conn.ExistsW(f.path)
		if err != nil || exists {
			return err
		}
		f.logf("there is no such path yet, so no members; waiting for it")
	} else if err != nil {
		return err
	}
	f.children = true
	now := make(map[string]*member, len(names))
	for _, n := range names {
		if !strings.HasPrefix(n, prefix) {
			continue
		}
		if now[n] = f.members[n]; now[n] == nil {
			now[n] = new(member)
		}
	}
	f.members = now
	return nil
}

// readMember reads one member. What is no member is told and left out.
func (f *follower) readMember(name string, m *member) error {
	text, _, _, err := f.link.conn.GetW(f.path + "/" + name)
	m.valid = false
	if errors.Is(err, zk.ErrNoNode) {
		return nil // gone; the children's watch tells
	} else if err != nil {
		return err
	}
	m.watched = true
	m.Member, err = discovery.ParseEntry(name, text, f.endpoint)
	if m.valid = err == nil; err != nil {
		f.logf("left out: %v", err)
	}
	return nil
}

// tell hands the set on.
func (f *follower) tell() {
	var set []discovery.Member
	for _, m := range f.members {
		if m.valid {
			set = append(set, m.Member)
		}
	}
	if f.set.Set(set) {
		f.logf("%s", f.set)
	}
}
