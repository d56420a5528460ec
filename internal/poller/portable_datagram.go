package poller

import (
	"net"
)

// WriteNow implements Sockets: Write copies.
func (p *portable) WriteNow(h Handle, b []byte) (int, error) { return p.Write(h, b) }

// portableBacklog bounds the datagrams that wait to be read, as a kernel's buffer would.
const portableBacklog = 1024

// OpenDatagram implements Datagrams: a goroutine reads ahead.
func (p *portable) OpenDatagram(a Addr, token uint64) (Handle, error) {
	nc, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(a.AddrPort))
	if err != nil {
		return -1, err
	}
	c, h := p.newConn(token)
	p.mu.Lock()
	c.nc = nc
	p.mu.Unlock()
	p.done.Go(c.datagramReader)
	return h, nil
}

func (c *portConn) datagramReader() {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.nc.Read(buf)
		c.p.mu.Lock()
		switch {
		case c.closed:
			c.p.mu.Unlock()
			return
		case err != nil:
			c.err = err
		case len(c.datagrams) < portableBacklog:
			c.datagrams = append(c.datagrams, append([]byte(nil), buf[:n]...))
		}
		c.p.post(c.token, Readable)
		c.p.mu.Unlock()
	}
}

// SendBatch implements Datagrams.
func (p *portable) SendBatch(h Handle, out [][]byte) (int, error) {
	p.mu.Lock()
	nc := p.conns[h].nc
	p.mu.Unlock()
	for i, b := range out {
		if _, err := nc.Write(b); err != nil {
			return i, err
		}
	}
	return len(out), nil
}

// RecvBatch implements Datagrams.
func (p *portable) RecvBatch(h Handle, in [][]byte, sizes []int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[h]
	n := min(len(c.datagrams), len(in), len(sizes))
	for i := range n {
		sizes[i] = copy(in[i], c.datagrams[i])
	}
	c.datagrams = append(c.datagrams[:0], c.datagrams[n:]...)
	if n > 0 {
		return n, nil
	}
	if err := c.err; err != nil {
		c.err = nil // refused: said once, and the socket goes on
		return 0, err
	}
	return 0, ErrAgain
}
