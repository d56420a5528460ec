package thrift

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// codec implements [transport.Codec] and [transport.Labeler].
type codec struct {
	config   Config
	protocol protocol
	carrier  carrier
	mode     string
	service  *idl.Service     // nil: no IDL
	calls    map[string]*call // the service's methods, inherited ones too
	names    []string         // and their names
	statuses *transport.Statuses
	labels   *transport.Statuses // names of methods that no IDL tells, as they come
	prefix   []byte              // what comes before each message, with blanks to be filled in
	seq      atomic.Int32
	trace    atomic.Uint64

	mu    sync.Mutex
	spare []*args
}

// call is a method of the service.
type call struct {
	method *idl.Method
	thrown []int // the statuses of its exceptions, as they stand in method.Throws
}

// NewCodec implements [transport.Config]: it reads the IDL.
func (c *Config) NewCodec() (transport.Codec, error) {
	k := &codec{
		config: *c, mode: c.mode(), calls: map[string]*call{}, statuses: newStatuses(), labels: transport.NewStatuses(),
		protocol: protocol(slices.Index(protocols, c.Protocol)), carrier: carrier(slices.Index(carriers, c.Transport)),
	}
	if c.IDL != "" {
		doc, err := idl.Load(c.IDL, c.Include)
		if err != nil {
			return nil, err
		}
		if k.service, err = c.find(doc); err != nil {
			return nil, fmt.Errorf("transport/thrift: %w", err)
		}
		k.collect(k.service)
	}
	k.prefix = k.newPrefix()
	k.trace.Store(traceStart())
	return k, nil
}

// find returns the service of that name, or the only one.
func (c *Config) find(doc *idl.Document) (*idl.Service, error) {
	var names []string
	for _, s := range doc.Services {
		names = append(names, s.Name)
	}
	switch {
	case c.Service != "":
		if s := doc.Service(c.Service); s != nil {
			return s, nil
		}
		return nil, fmt.Errorf("service: %s has no service %q; it has %s", c.IDL, c.Service, listed(names))
	case len(names) == 1:
		return doc.Services[0], nil
	}
	return nil, fmt.Errorf("service: %s has %s; say which is called", c.IDL, listed(names))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// collect takes up the methods of s and those that it inherits.
func (c *codec) collect(s *idl.Service) {
	for ; s != nil; s = s.Extends {
		for _, m := range s.Methods {
			if _, ok := c.calls[m.Name]; ok {
				continue
			}
			k := &call{method: m}
			for _, f := range m.Throws {
				k.thrown = append(k.thrown, c.statuses.Number([]byte("exception "+f.Type.Struct.Name)))
			}
			c.calls[m.Name] = k
			c.names = append(c.names, m.Name)
		}
	}
}

// NewConn implements [transport.Codec].
func (c *codec) NewConn() transport.Conn {
	if c.config.Upgrade {
		return &upgradeConn{conn: conn{codec: c}}
	}
	return &conn{codec: c}
}

// AppendRequest implements [transport.Codec]. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, _ *load.Target) ([]byte, error) {
	a := c.borrow()
	defer c.giveBack(a)
	start := len(dst)
	a.reset(append(dst, c.prefix...))
	seq := c.seq.Add(1)
	var err error
	req.Hold, req.OneWay = 0, false
	if c.mode == modeIDL {
		err = c.encode(a, req, seq)
	} else {
		err = c.replay(a, req, seq)
	}
	dst = a.b
	if err == nil && len(dst)-start > maxFrameLimit {
		err = errTooLong
	}
	if err != nil {
		return dst[:start], fmt.Errorf("transport/thrift: %w", err)
	}
	c.seal(dst[start:], seq)
	return dst, nil
}

var errTooLong = errors.New("the message is longer than a frame can be")

// borrow returns memory to encode with.
func (c *codec) borrow() *args {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.spare); n > 0 {
		a := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return a
	}
	return &args{encoder: encoder{protocol: c.protocol, loose: !c.config.Strict}}
}

func (c *codec) giveBack(a *args) {
	a.b, a.tree.text = nil, nil
	c.mu.Lock()
	c.spare = append(c.spare, a)
	c.mu.Unlock()
}

// Label implements [transport.Labeler]: the method's name. It is called after AppendRequest.
func (c *codec) Label(req *load.Request) string {
	if len(req.Wire) < len(c.prefix) {
		return ""
	}
	a := c.borrow()
	defer c.giveBack(a)
	h, ok, err := c.readHead(&a.reader, req.Wire[len(c.prefix):])
	if !ok || err != nil {
		return ""
	}
	if k, ok := c.calls[string(h.name)]; ok {
		return k.method.Name
	}
	return c.labels.Name(c.labels.Number(h.name))
}
