package poller

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// portable is a Poller over Go's own net package: two goroutines a connection, one reading ahead by one buffer, one
// writing. It runs everywhere and costs several times what the native ones do.
type portable struct {
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{}
	timer  *time.Timer
	done   sync.WaitGroup

	mu    sync.Mutex
	ready []Event
	conns map[Handle]*portConn
	last  Handle
}

type portConn struct {
	p     *portable
	token uint64
	nc    net.Conn // set once connected

	// Guarded by p.mu.
	err    error // of connecting, then of reading or writing; final
	data   []byte
	out    []byte
	busy   bool // the writer is writing
	closed bool

	datagrams [][]byte // of a UDP socket, to be read

	resume chan struct{} // the reader may fill its buffer again
	kick   chan struct{} // the writer has something to write
	gone   chan struct{}
}

func newPortable() (Poller, error) {
	p := &portable{wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour), conns: map[Handle]*portConn{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

func (p *portable) Raw() bool { return false }

func (p *portable) newConn(token uint64) (*portConn, Handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	c := &portConn{p: p, token: token, resume: make(chan struct{}, 1), kick: make(chan struct{}, 1), gone: make(chan struct{})}
	p.conns[p.last] = c
	return c, p.last
}

func (p *portable) Open(a Addr, token uint64) (Handle, error) {
	c, h := p.newConn(token)
	network, address := "tcp", a.AddrPort.String()
	if a.Unix != "" {
		network, address = "unix", a.Unix
	}
	p.done.Go(func() {
		ctx, cancel := context.WithCancel(p.ctx)
		defer cancel()
		go func() {
			select {
			case <-c.gone:
				cancel()
			case <-ctx.Done():
			}
		}()
		nc, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, network, address)
		if err != nil {
			c.fail(err, Writable|Ended)
			return
		}
		c.start(nc, true)
	})
	return h, nil
}

func (p *portable) Adopt(nc net.Conn, token uint64) (Handle, error) {
	c, h := p.newConn(token)
	c.start(nc, false)
	return h, nil
}

// start begins to read and write, unless the connection was closed meanwhile.
func (c *portConn) start(nc net.Conn, tell bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if c.closed {
		_ = nc.Close()
		return
	}
	c.nc = nc
	c.p.done.Go(c.reader)
	c.p.done.Go(c.writer)
	if tell {
		c.p.post(c.token, Writable)
	}
}

// post tells of an event; p.mu is held.
func (p *portable) post(token uint64, f Flags) {
	p.ready = append(p.ready, Event{Token: token, Flags: f})
	p.Wake()
}

func (c *portConn) fail(err error, f Flags) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	if !c.closed {
		c.p.post(c.token, f)
	}
}

func (c *portConn) reader() {
	buf := make([]byte, 16<<10)
	for {
		n, err := c.nc.Read(buf)
		if n > 0 {
			c.p.mu.Lock()
			c.data = buf[:n]
			if !c.closed {
				c.p.post(c.token, Readable)
			}
			c.p.mu.Unlock()
			select {
			case <-c.resume:
			case <-c.gone:
				return
			}
		}
		if err != nil {
			c.fail(err, Readable|Ended)
			return
		}
	}
}

func (c *portConn) writer() {
	var buf []byte
	for {
		select {
		case <-c.kick:
		case <-c.gone:
		}
		c.p.mu.Lock()
		buf, c.out = c.out, buf[:0]
		c.busy = len(buf) > 0
		last := c.closed
		c.p.mu.Unlock()
		var err error
		if len(buf) > 0 {
			_, err = c.nc.Write(buf)
		}
		switch {
		case last:
			_ = c.nc.Close()
			return
		case err != nil:
			c.fail(err, Readable|Ended)
			<-c.gone
			_ = c.nc.Close()
			return
		}
	}
}

func (p *portable) Connected(h Handle) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns[h].err
}

func (p *portable) Read(h Handle, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[h]
	if len(c.data) > 0 {
		n := copy(b, c.data)
		if c.data = c.data[n:]; len(c.data) == 0 {
			c.resume <- struct{}{}
		}
		return n, nil
	}
	if c.err != nil {
		return 0, c.err
	}
	return 0, ErrAgain
}

// Write takes everything: what the kernel has no room for waits in memory.
func (p *portable) Write(h Handle, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[h]
	if c.err != nil {
		if errors.Is(c.err, io.EOF) {
			return 0, net.ErrClosed
		}
		return 0, c.err
	}
	c.out = append(c.out, b...)
	select {
	case c.kick <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (p *portable) WantWrite(h Handle, token uint64, on bool) error {
	if on {
		p.mu.Lock()
		p.post(token, Writable)
		p.mu.Unlock()
	}
	return nil
}

func (p *portable) Close(h Handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[h]
	delete(p.conns, h)
	c.shut()
}

// Abort implements Sockets.
func (p *portable) Abort(h Handle) {
	p.mu.Lock()
	c := p.conns[h]
	if c.nc != nil {
		if t, ok := c.nc.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.nc.Close()
	}
	p.mu.Unlock()
	p.Close(h)
}

// parting is how long a closed connection may take to write what it has been given: a one-way request has ended, and still has to go out.
const parting = time.Second

// shut ends the connection's goroutines; p.mu is held.
func (c *portConn) shut() {
	c.closed = true
	close(c.gone)
	switch {
	case c.nc == nil:
	case c.err == nil && (c.busy || len(c.out) > 0): // the writer closes it
		_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		_ = c.nc.SetWriteDeadline(time.Now().Add(parting))
	default:
		_ = c.nc.Close()
	}
}

func (p *portable) Wait(events []Event, timeout int64) (int, error) {
	if n := p.take(events); n > 0 || timeout == 0 {
		return n, nil
	}
	if timeout < 0 {
		<-p.wake
		return p.take(events), nil
	}
	p.timer.Reset(time.Duration(timeout))
	select {
	case <-p.wake:
	case <-p.timer.C:
	}
	return p.take(events), nil
}

func (p *portable) take(events []Event) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := copy(events, p.ready)
	p.ready = append(p.ready[:0], p.ready[n:]...)
	if len(p.ready) > 0 {
		p.Wake()
	}
	return n
}

func (p *portable) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *portable) Shut() {
	p.cancel()
	p.mu.Lock()
	for h, c := range p.conns {
		delete(p.conns, h)
		c.shut()
	}
	p.mu.Unlock()
	p.done.Wait()
}
