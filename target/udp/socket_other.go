//go:build !linux

package udp

import (
	"errors"
	"net"
	"net/netip"
)

// peer is whose a datagram is.
type peer = netip.AddrPort

// receiver receives datagrams. It is used by one goroutine.
type receiver struct {
	conn *net.UDPConn
	buf  []byte
	got  [1]message
}

// sender sends datagrams. It is used by one goroutine.
type sender struct{ conn *net.UDPConn }

func newSockets(c *net.UDPConn) (*receiver, *sender, error) {
	return &receiver{conn: c, buf: make([]byte, largest+1)}, &sender{c}, nil
}

// receive waits for a datagram and returns it; it is valid until the next call. An error means that the socket is closed.
func (r *receiver) receive() ([]message, error) {
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(r.buf)
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err == nil {
			r.got[0] = message{r.buf[:n], from}
			return r.got[:], nil
		}
	}
}

// send sends all, as far as the system takes them: what it refuses is lost, as datagrams are.
func (s *sender) send(all []message) {
	for i := range all {
		_, _ = s.conn.WriteToUDPAddrPort(all[i].data, all[i].peer)
	}
}
