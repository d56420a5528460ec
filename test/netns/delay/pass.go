package delay

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	chunk = 32 << 10
	most  = 64 << 20 // bytes on their way in a direction; a sender that is further ahead is made to wait
)

// packet is bytes on their way, or the end of them.
type packet struct {
	at   time.Time // of arrival
	data []byte
	end  error // io.EOF, or why reading failed
}

// queue holds what is on its way in one direction.
type queue struct {
	mu      sync.Mutex
	changed sync.Cond
	list    []packet
	bytes   int
	closed  bool
}

func newQueue() *queue {
	q := new(queue)
	q.changed.L = &q.mu
	return q
}

// put waits for room. False: nobody will take it.
func (q *queue) put(p packet) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes > most && !q.closed {
		q.changed.Wait()
	}
	q.list = append(q.list, p)
	q.bytes += len(p.data)
	q.changed.Broadcast()
	return !q.closed
}

// take waits for a packet. False: there will be none.
func (q *queue) take() (packet, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.list) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return packet{}, false
	}
	p := q.list[0]
	q.list[0] = packet{}
	q.list = q.list[1:]
	q.bytes -= len(p.data)
	q.changed.Broadcast()
	return p, true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

// pass carries bytes from src to dst until they end.
func (p *Proxy) pass(one *pair, dst, src net.Conn) {
	q := newQueue()
	var reader sync.WaitGroup
	reader.Go(func() { p.read(q, src) })
	defer reader.Wait()
	defer q.close()
	for {
		next, ok := q.take()
		if !ok || !p.await(one.ctx, next.at) {
			one.reset()
			return
		}
		switch {
		case next.end == nil:
			if _, err := dst.Write(next.data); err != nil {
				one.reset() // the receiver is gone: so the sender is told
				return
			}
		case errors.Is(next.end, io.EOF):
			closeWrite(dst)
			return
		default:
			one.reset()
			return
		}
	}
}

func (p *Proxy) read(q *queue, src net.Conn) {
	buffer := make([]byte, chunk)
	var last time.Time
	for {
		n, err := src.Read(buffer)
		at := time.Now().Add(p.delay())
		if at.Before(last) {
			at = last
		}
		last = at
		if n > 0 && !q.put(packet{at: at, data: append([]byte(nil), buffer[:n]...)}) {
			return
		}
		if err != nil {
			q.put(packet{at: at, end: err})
			return
		}
	}
}

// closeWrite tells the receiver that no more bytes come, while it may still send.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // a connection that is gone needs no end
		return
	}
	_ = c.Close()
}
