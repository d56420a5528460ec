package counting

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// startClock makes the kernel take the times of what arrives, and returns when it does: it begins some time after it was asked to, and ends
// when no socket asks for it any more. The socket that is returned keeps it at it.
func startClock() (*net.UDPConn, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("counting: %w", err)
	}
	if err := awaitClock(c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// awaitClock sends datagrams to itself until one is said to have come before it was read. Without a time of its own, a datagram is given
// that of its reading.
func awaitClock(c *net.UDPConn) error {
	r, err := newReceiver(c)
	if err != nil {
		return err
	}
	const tick = time.Millisecond
	end := time.Now().Add(10 * time.Second)
	if err := c.SetReadDeadline(end); err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	buffer := make([]byte, 1)
	for time.Now().Before(end) {
		if _, err := c.WriteTo(buffer, c.LocalAddr()); err != nil {
			return fmt.Errorf("counting: %w", err)
		}
		time.Sleep(tick)
		read := time.Now()
		if _, err := r.read(buffer); err != nil {
			return fmt.Errorf("counting: %w", err)
		}
		if r.at < read.Add(-tick/2).UnixNano() {
			return nil
		}
	}
	return errors.New("counting: this kernel does not tell when packets arrived (SO_TIMESTAMPNS)")
}
