// Package kestrel is the built-in Kestrel target: queues by the extended memcached protocol of Twitter's message queue, with reliable reads,
// waiting reads, expiry and fanout queues, in memory. See README.md on where its behavior comes from.
package kestrel

import (
	"context"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/target/stream"
)

// Options describe a target. The zero value listens on 127.0.0.1:22133 and keeps up to 256 MiB.
type Options struct {
	stream.Options
	MaxMemory int64 // bytes of items in all queues; what is set beyond is not stored; 0: 256 MiB
}

const version = "2.4.1-iago"

// Start makes a target that listens when Start returns; see [stream.Start].
func Start(ctx context.Context, o Options) (*stream.Server, error) {
	if o.MaxMemory < 0 {
		return nil, fmt.Errorf("target/kestrel: max memory: %d is negative; 0 stands for 256 MiB", o.MaxMemory)
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = 256 << 20
	}
	return stream.Start(ctx, newProtocol(o.MaxMemory, time.Now), o.Options)
}

// newProtocol returns Kestrel over fresh queues that read the time from now.
func newProtocol(most int64, now func() time.Time) stream.Protocol {
	st := newStore(most, now)
	return stream.Protocol{
		Name: "kestrel", Scheme: "kestrel", SchemeTLS: "kestrels", Listen: "127.0.0.1:22133",
		Garbage:    []byte("\x00this is no answer\r\n"),
		NewSession: func(w stream.Waiter) stream.Session { return &session{store: st, waiter: w} },
		Figures:    st.figures,
	}
}
