package poller

// OpenDatagram implements Datagrams.
func (p *epoll) OpenDatagram(a Addr, token uint64) (Handle, error) {
	fd, err := datagramSocket(a)
	if err != nil {
		return -1, err
	}
	return Handle(fd), p.add(fd, token)
}

// SendBatch implements Datagrams.
func (p *epoll) SendBatch(h Handle, out [][]byte) (int, error) { return p.batch.send(int(h), out) }

// RecvBatch implements Datagrams.
func (p *epoll) RecvBatch(h Handle, in [][]byte, sizes []int) (int, error) {
	return p.batch.recv(int(h), in, sizes)
}
