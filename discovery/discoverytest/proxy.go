package discoverytest

import (
	"maps"
	"net"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/discovery"
)

// throughProxy makes the suite's backend one that is reached through a proxy, and adds the outages that it makes possible.
func (s *suite) throughProxy() {
	s.Helper()
	if !strings.Contains(s.Address, s.Server) {
		s.Fatalf("discoverytest: the server %s does not occur in %s", s.Server, s.Address)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	p := &proxy{listener: l, server: s.Server, conns: map[net.Conn]bool{}, changed: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.serve()
	}()
	s.Cleanup(func() {
		l.Close()
		p.set(cut)
		<-done
	})
	s.direct, s.proxy = s.Address, p
	s.Address = strings.ReplaceAll(s.Address, s.Server, l.Addr().String())
	all := map[string]Outage{"cut": {Down: p.cut, Up: p.pass}, "silent": {Down: p.silence, Up: p.pass}}
	maps.Copy(all, s.Outages)
	s.Outages = all
}

// elsewhere is the same place seen by somebody who does not go through the proxy.
func (s *suite) elsewhere() *suite {
	s.Helper()
	other := &suite{T: s.T, Place: s.Place}
	other.Address = s.direct
	var err error
	if other.backend, err = discovery.Open(s.direct, other.log.add); err != nil {
		s.Fatal(err)
	}
	return other
}

// mode is what a proxy does with its connections.
type mode int

const (
	passing mode = iota
	silent       // holds back what is said, both ways, until it passes again
	cut          // closes connections, and new ones at once
)

// proxy stands between a backend and its server.
type proxy struct {
	listener net.Listener
	server   string

	mu      sync.Mutex
	mode    mode
	changed chan struct{} // closed when mode changes
	conns   map[net.Conn]bool
}

func (p *proxy) pass()    { p.set(passing) }
func (p *proxy) silence() { p.set(silent) }
func (p *proxy) cut()     { p.set(cut) }

func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.changed)
	p.changed = make(chan struct{})
	if m == cut {
		for c := range p.conns {
			c.Close()
		}
	}
}

func (p *proxy) state() (m mode, changed chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode, p.changed
}

// serve takes connections until the listener is closed.
func (p *proxy) serve() {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		wg.Go(func() { p.join(c) })
	}
}

// join carries one connection until either side ends it.
func (p *proxy) join(client net.Conn) {
	defer client.Close()
	if !p.keep(client) {
		return
	}
	defer p.drop(client)
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.keep(server) {
		return
	}
	defer p.drop(server)
	var wg sync.WaitGroup
	wg.Go(func() { p.pump(server, client) })
	wg.Go(func() { p.pump(client, server) })
	wg.Wait()
}

// pump carries bytes one way. Its end is the end of both ways.
func (p *proxy) pump(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		for m, changed := p.state(); m == silent; m, changed = p.state() {
			<-changed
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return p.mode != cut
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}
