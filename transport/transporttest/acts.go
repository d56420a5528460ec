package transporttest

import (
	"net"
	"net/netip"
	"time"
)

// peer is who asks the server.
type peer struct {
	server *server
	conn   net.Conn       // nil: datagrams
	from   netip.AddrPort // of them
	in     []byte         // what has come and not been understood yet
	held   []byte         // answers to go out together with the next
	last   []byte         // the request at hand
}

// read takes what has come.
func (p *peer) read() bool {
	room := 64 << 10
	if p.server.slow {
		if !p.server.sleep(500 * time.Microsecond) {
			return false
		}
		room = 16 << 10
	}
	b := make([]byte, room)
	n, err := p.conn.Read(b)
	p.in = append(p.in, b[:n]...)
	return err == nil
}

// send tells whether there is somebody to be answered.
func (p *peer) send(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if !p.server.thaw() {
		return false
	}
	var err error
	if p.conn == nil {
		_, err = p.server.grams.WriteToUDPAddrPort(b, p.from)
	} else {
		_, err = p.conn.Write(b)
	}
	return err == nil
}

// sendAfter does so later; answers over a stream keep their order, so those behind it are as late.
func (p *peer) sendAfter(d time.Duration, b []byte) bool {
	if p.conn != nil {
		return p.server.sleep(d) && p.send(b)
	}
	p.server.wg.Go(func() {
		if p.server.sleep(d) {
			p.send(b)
		}
	})
	return true
}

// act is what the server does with a request whose good answer is known. more: it goes on with the connection, else closes it.
type act func(p *peer, answer []byte) (more bool)

// What servers do.

func answer(p *peer, a []byte) bool { return p.send(a) }
func never(*peer, []byte) bool      { return true }

func late(d time.Duration) act {
	return func(p *peer, a []byte) bool { return p.sendAfter(d, a) }
}

// halfLate sends a half at once and the other one late.
func halfLate(d time.Duration) act {
	return func(p *peer, a []byte) bool { return p.send(a[:len(a)/2]) && p.sendAfter(d, a[len(a)/2:]) }
}

// inTwo sends two halves, a moment apart.
func inTwo(p *peer, a []byte) bool { return halfLate(time.Millisecond)(p, a) }

// bytewise sends each byte by itself, the first ones a moment apart.
func bytewise(p *peer, a []byte) bool {
	for i := range a {
		if i < 20 && !p.server.sleep(50*time.Microsecond) || !p.send(a[i:i+1]) {
			return false
		}
	}
	return true
}

// hold keeps the answer until one is sent by release.
func hold(p *peer, a []byte) bool {
	p.held = append(p.held, a...)
	return true
}

func release(p *peer, a []byte) bool {
	b := append(p.held, a...)
	p.held = nil
	return p.send(b)
}

// freeze lets no answer leave for a while, on any connection.
func freeze(d time.Duration) act {
	return func(p *peer, a []byte) bool {
		p.server.mu.Lock()
		p.server.frozen = time.Now().Add(d)
		p.server.mu.Unlock()
		return p.send(a)
	}
}

// twice answers twice: at once over a stream, so that nobody can have asked in between.
func twice(p *peer, a []byte) bool {
	if p.conn == nil {
		p.send(a)
		return p.send(a)
	}
	return p.send(append(a, a...))
}

func says(b []byte) act {
	return func(p *peer, _ []byte) bool { return p.send(b) }
}

func closes(*peer, []byte) bool { return false }

func closesInside(p *peer, a []byte) bool {
	p.send(a[:len(a)/2])
	return false
}

func resets(p *peer, _ []byte) bool {
	if t, ok := p.conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // closing it then is the reset
	}
	return false
}

func resetsInside(p *peer, a []byte) bool {
	p.send(a[:len(a)/2])
	p.server.sleep(5 * time.Millisecond)
	return resets(p, a)
}

// shutsBefore closes the server's half of the connection without an answer, and listens on.
func shutsBefore(p *peer, _ []byte) bool {
	if t, ok := p.conn.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
	return true
}

// shutsAfter answers first.
func shutsAfter(p *peer, a []byte) bool { return p.send(a) && shutsBefore(p, a) }

func shutsInside(p *peer, a []byte) bool { return p.send(a[:len(a)/2]) && shutsBefore(p, a) }
