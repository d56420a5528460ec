// Package memcached is the built-in memcached target: the text and the meta commands, kept in memory up to a bound, beyond which what was
// used least recently goes. Its answers are those of memcached 1.6, byte for byte, as a test against the real one holds.
package memcached

import (
	"context"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/target/stream"
)

// Options describe a target. The zero value listens on 127.0.0.1:11211 and keeps up to 256 MiB.
type Options struct {
	stream.Options
	MaxMemory int64 // bytes of keys and values; 0: 256 MiB
}

// version is the one of memcached whose answers these are.
const version = "1.6.18"

// Start makes a target that listens when Start returns; see [stream.Start].
func Start(ctx context.Context, o Options) (*stream.Server, error) {
	if o.MaxMemory < 0 {
		return nil, fmt.Errorf("target/memcached: max memory: %d is negative; 0 stands for 256 MiB", o.MaxMemory)
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = 256 << 20
	}
	return stream.Start(ctx, newProtocol(o.MaxMemory, time.Now), o.Options)
}

// newProtocol returns memcached over a fresh store that reads the time from now.
func newProtocol(most int64, now func() time.Time) stream.Protocol {
	st := newStore(most, now)
	return stream.Protocol{
		Name: "memcached", Scheme: "memcached", SchemeTLS: "memcacheds", Listen: "127.0.0.1:11211",
		Garbage:    []byte("\x00this is no answer\r\n"),
		NewSession: func(stream.Waiter) stream.Session { return &session{store: st} },
		Figures:    st.figures,
	}
}
