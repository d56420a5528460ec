// Package redis is the built-in Redis target: RESP2 and RESP3, the commands that load tests are made of (strings, counters, expiry, hashes,
// lists, sets), kept in memory up to a bound. Its answers are those of Redis 7.0, byte for byte, as a test against the real one holds.
package redis

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/iagoloadgen/iago/target/stream"
)

// Options describe a target. The zero value listens on 127.0.0.1:6379, asks for no password and keeps up to 256 MiB.
type Options struct {
	stream.Options
	Password  string // of the default user; empty: none is asked for
	MaxMemory int64  // bytes of keys and values; beyond it writing commands are refused as Redis does; 0: 256 MiB
}

// Start makes a target that listens when Start returns; see [stream.Start].
func Start(ctx context.Context, o Options) (*stream.Server, error) {
	if o.MaxMemory < 0 {
		return nil, fmt.Errorf("target/redis: max memory: %d is negative; 0 stands for 256 MiB", o.MaxMemory)
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = 256 << 20
	}
	return stream.Start(ctx, newProtocol(o, time.Now), o.Options)
}

// newProtocol returns Redis over a fresh store that reads the time from now.
func newProtocol(o Options, now func() time.Time) stream.Protocol {
	st := newStore(o.MaxMemory, now)
	var ids atomic.Int64
	return stream.Protocol{
		Name: "redis", Scheme: "redis", SchemeTLS: "rediss", Listen: "127.0.0.1:6379",
		Garbage: []byte("\x00this is no answer\r\n"),
		NewSession: func(stream.Waiter) stream.Session {
			return &session{store: st, db: &st.dbs[0], password: o.Password, open: o.Password == "", resp: 2, id: ids.Add(1)}
		},
		Figures: st.figures,
	}
}
