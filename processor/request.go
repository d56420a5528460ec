package processor

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/iagoloadgen/iago/load"
)

var (
	hostName      = []byte("Host")
	agentName     = []byte("User-Agent")
	markerName    = []byte("X-Iago")
	markerValue   = []byte("true")
	forwardedName = []byte("X-Forwarded-For")
)

// connectionHeaders are never taken from a record: they belong to the connection or the message framing that it had then
// (RFC 9110, section 7.6.1; RFC 9112, section 6), or name the server that answered then.
var connectionHeaders = []string{
	"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
}

// errPrefix is for records that the configured prefix cannot be put before.
var errPrefix = errors.New("processor: prefix: the record's URI does not begin with /, so nothing can be put before it")

// New returns the processor that c describes: each record becomes one request. It allocates nothing once the requests'
// memory has grown to its size.
func New(c Config) (Processor, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("processor: %w", err)
	}
	p := &configured{
		method: []byte(c.Method), uri: []byte(c.URI), body: bytes.Clone(c.Body),
		prefix:   []byte(strings.TrimRight(c.Prefix, "/")),
		recorded: c.RecordHeaders,
	}
	if c.Method == "" {
		p.method = []byte("GET")
	}
	p.setHeaders(&c)
	return p, nil
}

// configured is the Processor of New. The bytes that it holds are never written again, so requests may share them.
type configured struct {
	method, uri, prefix, body []byte

	recorded bool         // send the record's headers,
	replaced names        // apart from these
	fixed    []load.Field // sent with each request
	agent    []byte       // User-Agent where the record has none
	random   *rand.Rand   // of the addresses; nil: none

	scratch []byte
}

func (p *configured) setHeaders(c *Config) {
	for _, name := range connectionHeaders {
		p.replaced.add(name)
	}
	if c.Host != "" {
		p.fixed = append(p.fixed, load.Field{Name: hostName, Value: []byte(c.Host)})
	}
	for _, h := range c.Headers {
		p.fixed = append(p.fixed, load.Field{Name: []byte(h.Name), Value: []byte(h.Value)})
		p.replaced.add(h.Name)
	}
	if c.UserAgent != "" && !p.replaced.has(agentName) {
		p.agent = []byte(c.UserAgent)
	}
	if c.Marker && !p.replaced.has(markerName) {
		p.fixed = append(p.fixed, load.Field{Name: markerName, Value: markerValue})
		p.replaced.add(string(markerName))
	}
	if c.ForwardedFor && !p.replaced.has(forwardedName) {
		const stream = 0x69_61_67_6f // its own among the uses of one seed
		p.random = rand.New(rand.NewPCG(c.Seed, stream))
		p.replaced.add(string(forwardedName))
	}
}

// Process implements Processor.
func (p *configured) Process(rec *load.Record, add func() *load.Request) error {
	if len(p.prefix) > 0 && len(rec.URI) > 0 && rec.URI[0] != '/' && string(rec.URI) != "*" {
		return errPrefix
	}
	req := add()
	if req.Method = p.method; len(rec.Method) > 0 {
		req.Method = req.Keep(rec.Method)
	}
	if req.Body = p.body; len(rec.Body) > 0 {
		req.Body = req.Keep(rec.Body)
	}
	p.setURI(req, rec.URI)
	p.addHeaders(req, rec)
	return nil
}

func (p *configured) setURI(req *load.Request, recorded []byte) {
	uri := p.uri
	if len(recorded) > 0 {
		uri = recorded
	}
	if len(p.prefix) > 0 && (len(uri) == 0 || uri[0] == '/') {
		p.scratch = append(append(p.scratch[:0], p.prefix...), uri...)
		uri = p.scratch
	}
	req.URI = req.Keep(uri)
}

func (p *configured) addHeaders(req *load.Request, rec *load.Record) {
	agent := p.agent
	if p.recorded {
		for i := range rec.Header {
			f := &rec.Header[i]
			if p.replaced.has(f.Name) {
				continue
			}
			if sameName(f.Name, agentName) {
				agent = nil
			}
			req.Header = append(req.Header, load.Field{Name: req.Keep(f.Name), Value: req.Keep(f.Value)})
		}
	}
	if agent != nil {
		req.Header = append(req.Header, load.Field{Name: agentName, Value: agent})
	}
	req.Header = append(req.Header, p.fixed...)
	if p.random != nil {
		p.scratch = appendAddress(p.scratch[:0], publicAddress(p.random))
		req.Header = append(req.Header, load.Field{Name: forwardedName, Value: req.Keep(p.scratch)})
	}
}
