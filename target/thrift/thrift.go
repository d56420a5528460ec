// Package thrift is the built-in Thrift target. It needs no IDL: the method echo sends its first argument back, and every other one is
// answered with an empty result, whatever its arguments are. Messages are read and written by Apache's own library.
package thrift

import (
	"context"
	"fmt"

	"github.com/iagoloadgen/iago/target/stream"
)

// Options describe a target. The zero value listens on 127.0.0.1:9090 and speaks the binary protocol in frames.
type Options struct {
	stream.Options
	Transport string // framed (default), buffered or header
	Protocol  string // binary (default), compact or json; with the header transport the client says which
	Finagle   bool   // agree to Finagle's upgrade ([upgrade]); framed binary only
}

// Transports and Protocols are the names that options take.
var (
	Transports = []string{"framed", "buffered", "header"}
	Protocols  = []string{"binary", "compact", "json"}
)

// Start makes a target that listens when Start returns; see [stream.Start].
func Start(ctx context.Context, o Options) (*stream.Server, error) {
	p, err := newProtocol(o)
	if err != nil {
		return nil, fmt.Errorf("target/thrift: %w", err)
	}
	return stream.Start(ctx, p, o.Options)
}

func newProtocol(o Options) (stream.Protocol, error) {
	w, err := newWire(&o)
	if err != nil {
		return stream.Protocol{}, err
	}
	return stream.Protocol{
		Name: "thrift", Scheme: "thrift", SchemeTLS: "thrifts", Listen: "127.0.0.1:9090",
		Garbage:    []byte("\x00\x00\x00\x08no thrift"),
		NewSession: func(stream.Waiter) stream.Session { return newSession(w, o.Finagle) },
	}, nil
}
