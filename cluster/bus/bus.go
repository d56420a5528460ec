// Package bus is everything that the cluster needs of NATS; no other package of this module imports it.
//
// A Bus is one connection. A Job on it has four things of its own, all on file storage and all named after the job, so
// that credentials can be limited to it (Permissions):
//
//   - keys and values with compare-and-set (Get, Create, Update, Put, Delete, Keys, Watch): members, leases, state;
//   - plain messages (Publish, Subscribe, Request): control and time probes, never stored, never sent late;
//   - a queue of records (Queue, Puller): delivered at least once, again when a worker dies before it acknowledges;
//   - a log of results (Append, Read): each entry exactly once, in order.
//
// Serve runs a NATS server in this process. Everything goes on by itself after the server or, with three replicas, a
// leader has died and come back. What the bus has confirmed outlives the servers' processes; whether it outlives a
// machine that loses its power, only three replicas on three machines make sure of: servers do not wait for the disk.
package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is a connection to NATS. It reconnects for ever. Its methods may be called by several goroutines at once.
type Bus struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	logf func(string, ...any)

	slow   float64 // of a simulation
	job    string  // the only job that this connection is for; "": any
	closed chan struct{}

	mu       sync.Mutex
	stands   context.Context // ends when the connection is lost; another one when it stands again
	falls    context.CancelFunc
	back     chan struct{} // closed and replaced at every reconnect
	lost     error         // why the connection was lost the last time
	denied   error         // the server's latest refusal of a subject
	deniedAt time.Time
}

// opTimeout bounds one question to the bus whose context has no deadline.
const opTimeout = 5 * time.Second

// Connect connects to the bus, and makes sure that it stores streams (JetStream). The context bounds the connecting
// only. Errors show no secrets.
func Connect(ctx context.Context, cfg Config) (*Bus, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Bus{logf: cfg.Logf, job: cfg.Job, slow: max(cfg.Slow, 1), closed: make(chan struct{})}
	b.connected()
	if b.logf == nil {
		b.logf = func(string, ...any) {}
	}
	d := &dialer{first: ctx, timeout: cfg.timeout()}
	opts, err := cfg.options(ctx, d)
	if err != nil {
		return nil, err
	}
	if b.nc, err = nats.Connect(cfg.String(), append(opts, b.callbacks(&cfg)...)...); err != nil {
		return nil, fmt.Errorf("bus: connect to %s: %w", cfg, connectError(err, d.failed))
	}
	d.done.Store(true)
	if b.js, err = jetstream.New(b.nc, jetstream.WithDefaultTimeout(b.pace(opTimeout))); err == nil {
		err = b.probe(ctx, &cfg)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// callbacks are the connection's options that report its fate.
func (b *Bus) callbacks(cfg *Config) []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err == nil { // Close was called
				return
			}
			b.disconnected(err)
			b.logf("bus: connection lost: %v", err)
			if cfg.Lost != nil {
				cfg.Lost(err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			b.connected()
			b.logf("bus: connected again, to %s", nc.ConnectedUrlRedacted())
			if cfg.Back != nil {
				cfg.Back()
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				b.mu.Lock()
				b.denied, b.deniedAt = err, time.Now()
				b.mu.Unlock()
			}
			b.logf("bus: %v", err)
		}),
		nats.ClosedHandler(func(*nats.Conn) {
			b.disconnected(nats.ErrConnectionClosed)
			close(b.closed)
		}),
	}
}

// probeTime bounds the probing when Connect's context does not: a cluster that has just been started takes some seconds.
const probeTime = 30 * time.Second

// probe asks whether the servers store streams, and waits until a cluster has agreed on its leader.
func (b *Bus) probe(ctx context.Context, cfg *Config) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	for {
		err := b.probeOnce(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
			return fmt.Errorf("bus: %s does not store streams; start its servers with JetStream (nats-server -js)", cfg)
		case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			return fmt.Errorf("bus: %s stores no streams for this account; enable JetStream for it", cfg)
		case !passing(err) || b.pause(ctx, retryFirst) != nil:
			return fmt.Errorf("bus: %s: ask for JetStream: %w", cfg, err)
		}
	}
}

func (b *Bus) probeOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	return b.ask(ctx, func(ctx context.Context) error {
		_, err := b.js.AccountInfo(ctx)
		return err
	})
}

// Close closes the connection and ends what waits on it.
func (b *Bus) Close() {
	b.nc.Close()
	<-b.closed
}

// Connected says whether the connection stands at this moment.
func (b *Bus) Connected() bool { return b.nc.IsConnected() }

// RTT measures one round trip to the server.
func (b *Bus) RTT() (time.Duration, error) {
	d, err := b.nc.RTT()
	if err != nil {
		return 0, fmt.Errorf("bus: round trip: %w", b.failure(time.Now(), err))
	}
	return d, nil
}
