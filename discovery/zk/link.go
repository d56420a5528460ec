package zk

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// link is a connection to ZooKeeper. The library connects, pings, and connects again by itself; link keeps in view what it does, and
// ends it for certain when its context ends, which the library alone does not.
type link struct {
	conn    *zk.Conn
	events  <-chan zk.Event
	notice  chan struct{} // capacity 1: the state has changed, or a watch has fired
	patient time.Duration // how long a server may take to greet

	mu    sync.Mutex
	up    bool // there is a session, and a connection to speak over
	since time.Time
	fired []string // paths whose watch has fired
	last  string   // what the library complained of last
	nc    net.Conn
	guard *time.Timer
	stop  context.CancelFunc
}

// dial begins to connect; [link.wait] tells when that is done. The caller closes the link.
func (b *backend) dial() (*link, error) {
	ctx, stop := context.WithCancel(context.Background())
	l := &link{notice: make(chan struct{}, 1), since: time.Now(), patient: patience, stop: stop}
	conn, events, err := zk.Connect(b.servers, b.session, zk.WithLogInfo(false), zk.WithLogger(l), zk.WithEventCallback(l.event),
		zk.WithDialer(func(network, address string, timeout time.Duration) (net.Conn, error) {
			return l.open(ctx, network, address, timeout)
		}))
	if err != nil {
		stop()
		return nil, err
	}
	l.conn, l.events = conn, events
	return l, nil
}

// open makes a connection that lasts no longer than ctx, and no longer than a moment if the server does not greet.
func (l *link) open(ctx context.Context, network, address string, timeout time.Duration) (net.Conn, error) {
	nc, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		_ = nc.Close()
		return nil, ctx.Err()
	}
	l.nc, l.guard = nc, time.AfterFunc(l.patient, func() { _ = nc.Close() })
	return nc, nil
}

// Printf takes the library's complaints.
func (l *link) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = fmt.Sprintf(format, args...)
}

// event is called by the library for all that happens.
func (l *link) event(e zk.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Type != zk.EventSession:
		l.fired = append(l.fired, e.Path)
	case e.State == zk.StateHasSession:
		l.up, l.since = true, time.Now()
		l.guard.Stop()
	case l.up:
		l.up, l.since = false, time.Now()
	}
	select {
	case l.notice <- struct{}{}:
	default:
	}
}

// state tells whether there is a session and a connection, and since when.
func (l *link) state() (up bool, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up, l.since
}

// take returns the paths whose watches have fired since it was last called.
func (l *link) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	fired := l.fired
	l.fired = nil
	return fired
}

// trouble is the error of a link that is down.
func (l *link) trouble() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == "" {
		return zk.ErrConnectionClosed
	}
	return fmt.Errorf("%w: %s", zk.ErrConnectionClosed, l.last)
}

// wait waits for a session.
func (l *link) wait(ctx context.Context, timeout time.Duration) error {
	t := time.NewTimer(timeout)
	defer t.Stop()
	for {
		if up, _ := l.state(); up {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.notice:
		case <-t.C:
			return l.trouble()
		}
	}
}

// close ends the session, so that its ephemeral znodes go at once, or leaves that to the session's time-out if no server answers
// within a second or two. No goroutine is left behind.
func (l *link) close() {
	l.conn.Close()
	l.stop()
	l.mu.Lock()
	if l.nc != nil {
		l.guard.Stop()
		_ = l.nc.Close()
	}
	l.mu.Unlock()
	for range l.events { // closed by the library at its end
	}
}
