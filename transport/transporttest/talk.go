package transporttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// talk is requests and their answers on one connection or socket, without a network.
type talk struct {
	codec   transport.Codec
	grams   transport.Datagrams // nil: over a stream
	conn    transport.Conn
	reqs    []*load.Request
	answers [][]byte
	keys    []uint64
}

// talk prepares n exchanges on a fresh connection, from request number first on.
func (s *suite) talk(codec transport.Codec, first, n int) (*talk, error) {
	d := &talk{codec: codec}
	if s.scheme.Datagram {
		d.grams = codec.(transport.Datagrams)
	} else {
		d.conn = codec.NewConn()
		if err := s.greetOffline(d.conn); err != nil {
			return nil, fmt.Errorf("greeting: %w", err)
		}
	}
	for i := range n {
		req := new(load.Request)
		s.Request(req, first+i)
		if err := s.encode(d, req); err != nil {
			return nil, fmt.Errorf("request %d: %w", first+i, err)
		}
	}
	return d, nil
}

// encode adds an exchange.
func (s *suite) encode(d *talk, req *load.Request) error {
	var err error
	if req.Wire, err = d.codec.AppendRequest(nil, req, s.target()); err != nil {
		return fmt.Errorf("AppendRequest: %w", err)
	}
	wire, key := slices.Clone(req.Wire), uint64(len(d.reqs)*7+3)
	if d.grams != nil && s.match == transport.MatchKey {
		d.grams.Stamp(wire, key)
	} else if st, ok := d.conn.(transport.Stamper); ok {
		st.Stamp(wire, req)
	}
	if d.grams == nil {
		if n, err := s.Cut(wire); err != nil || n != len(wire) {
			return fmt.Errorf("the %d bytes %q are cut at %d (%s); want one request", len(wire), excerpt(wire), n, fmt.Sprint(err))
		}
	}
	answer := s.Answer(nil, wire)
	if len(answer) < 2 && !req.OneWay {
		return fmt.Errorf("the Subject's answer %q is shorter than two bytes", answer)
	}
	d.reqs, d.answers, d.keys = append(d.reqs, req), append(d.answers, answer), append(d.keys, key)
	return nil
}

// greetOffline takes a connection through its greeting.
func (s *suite) greetOffline(conn transport.Conn) error {
	g, ok := conn.(transport.Greeter)
	if !ok {
		return nil
	}
	said := g.Greet(nil)
	if len(said) == 0 {
		return nil
	}
	if s.Greet == nil {
		return fmt.Errorf("it greets with %q, and the Subject has no Greet", excerpt(said))
	}
	var src []byte
	for range 100 {
		n, reply, _ := s.Greet(said)
		said, src = said[n:], append(src, reply...)
		k, more, done, err := g.Welcome(src, false, nil)
		if err != nil {
			return fmt.Errorf("Welcome: %w", err)
		}
		if src = src[k:]; done {
			return nil
		}
		said = append(said, more...)
	}
	return errors.New("the greeting does not end")
}

// reading is what a codec made of one answer, in words that can be compared.
type reading string

func read(resp *load.Response) reading {
	var text strings.Builder
	fmt.Fprintf(&text, "status %d, body %d, head %d, close %v, redirect %d %q, content %q", resp.Status, resp.Body, resp.HeaderLen,
		resp.Close, resp.Redirect, resp.RedirectPrefix, resp.Content)
	for _, f := range resp.Header {
		fmt.Fprintf(&text, ", %q: %q", f.Name, f.Value)
	}
	return reading(text.String())
}

// listener is the engine's part of reading a connection: it calls Parse as the engine does, and sees that it keeps its promises.
type listener struct {
	*talk
	at   int // answers read so far
	left []byte
	resp load.Response
	got  []reading
	err  error // what the codec said of an answer
	see  func(i int, resp *load.Response) error
}

func (d *talk) listener() *listener {
	l := &listener{talk: d}
	l.resp.Keep = keep
	l.start()
	return l
}

func (l *listener) start() {
	if l.at < len(l.reqs) {
		l.conn.Start(l.reqs[l.at])
	}
	l.resp.Reset()
}

// feed gives the codec what has arrived. over: nothing more is to be read. An error is a promise broken.
func (l *listener) feed(b []byte, eof bool) (over bool, err error) {
	src := append(l.left, b...)
	defer func(all []byte) { // it is not Parse's to keep
		for i := range all {
			all[i] = '!'
		}
	}(src)
	for asked := false; ; {
		n, done, err := l.conn.Parse(src, eof, &l.resp)
		switch {
		case n < 0 || n > len(src):
			return true, fmt.Errorf("Parse took %d of %d bytes", n, len(src))
		case err != nil:
			l.err = err
			return true, declared(err, eof)
		}
		src = src[n:]
		switch {
		case done:
			if over, err := l.done(); over || err != nil {
				return true, err
			}
			if len(src) > 0 || eof {
				continue
			}
		case eof:
			return true, errors.New("Parse says neither done nor why not at the connection's end; want ErrEarlyClose")
		case l.resp.Continue && asked:
			return true, errors.New("Parse asks for the rest of the request again and again")
		case l.resp.Continue && len(src) > 0:
			asked, l.resp.Continue = true, false
			continue
		}
		l.left = append([]byte(nil), src...)
		return false, nil
	}
}

// done notes an answer; over: it was the last one.
func (l *listener) done() (over bool, err error) {
	if s := l.resp.Status; s < 0 || s > load.MaxStatus {
		return true, fmt.Errorf("status %d; want 0 to %d", s, load.MaxStatus)
	}
	if l.see != nil {
		if err := l.see(l.at, &l.resp); err != nil {
			return true, err
		}
	}
	l.got = append(l.got, read(&l.resp))
	over = l.resp.Close
	l.at++
	l.start()
	return over || l.at == len(l.reqs), nil
}

// declared tells whether an error is one that Parse may give.
func declared(err error, eof bool) error {
	var m *transport.Malformed
	switch {
	case errors.Is(err, transport.ErrEarlyClose) && !eof:
		return errors.New("Parse says ErrEarlyClose before the connection's end")
	case errors.Is(err, transport.ErrEarlyClose):
		return nil
	case !errors.As(err, &m):
		return fmt.Errorf("Parse fails with %q; want a *transport.Malformed or ErrEarlyClose", err.Error())
	case m.Cause == "":
		return errors.New("a Malformed has no cause")
	}
	return nil
}

func excerpt(b []byte) []byte { return b[:min(len(b), 80)] }
