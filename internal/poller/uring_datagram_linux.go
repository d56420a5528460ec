package poller

// OpenDatagram implements Datagrams. Datagrams are moved by system calls of many at a time; the ring only tells when.
func (p *uring) OpenDatagram(a Addr, token uint64) (Handle, error) {
	fd, err := datagramSocket(a)
	if err != nil {
		return -1, err
	}
	i := p.slot(fd, token)
	p.watch(i)
	return Handle(i), nil
}

// watch asks for an event when a datagram is there.
func (p *uring) watch(i uint32) {
	c := p.conns[i]
	c.armed = true
	q := p.r.next()
	q.op, q.fd, q.opFlags, q.len, q.user = opPollAdd, int32(c.fd), pollIn, 0, p.user(kindWatch, i)
}

// watched takes in what watch asked for.
func (p *uring) watched(c *uringConn, i uint32, q *cqe, ev *Event) bool {
	c.armed = false
	if c.closed {
		p.letGo(i)
		return false
	}
	p.watch(i) // from the next Wait on: until then the caller reads what there is
	*ev = Event{Token: c.token, Flags: Readable}
	return true
}

// SendBatch implements Datagrams.
func (p *uring) SendBatch(h Handle, out [][]byte) (int, error) {
	return p.batch.send(p.conns[h].fd, out)
}

// RecvBatch implements Datagrams.
func (p *uring) RecvBatch(h Handle, in [][]byte, sizes []int) (int, error) {
	return p.batch.recv(p.conns[h].fd, in, sizes)
}
