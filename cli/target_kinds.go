package cli

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/iagoloadgen/iago/target/kestrel"
	"github.com/iagoloadgen/iago/target/memcached"
	"github.com/iagoloadgen/iago/target/redis"
	"github.com/iagoloadgen/iago/target/stream"
	"github.com/iagoloadgen/iago/target/tcp"
	"github.com/iagoloadgen/iago/target/thrift"
)

// targetKind is a kind of built-in target.
type targetKind struct {
	name, short string
	long        string // what it serves, and examples
	listen      string // the default
	tls, unix   bool   // it can
	// flags adds the kind's own flags and returns what starts one by them.
	flags func(*pflag.FlagSet) startTarget
}

// targetKinds are all kinds, in the order in which they are listed.
func targetKinds() []targetKind {
	return []targetKind{kindHTTP, kindThrift, kindMemcached, kindKestrel, kindRedis, kindTCP, kindUDP}
}

// streaming makes a running target of what a package of the stream protocols returns.
func streaming(s *stream.Server, err error) (*running, error) {
	if err != nil {
		return nil, err
	}
	return &running{s.URL(), s.Wait, func() any { return s.Stats() }}, nil
}

var kindThrift = targetKind{
	name: "thrift", listen: "127.0.0.1:9090", tls: true, unix: true,
	short: "A Thrift server that answers any call, with a latency model and faults",
	long: `Serves Thrift calls without an IDL: string echo(1: string message) sends its argument back, every other method is answered with an
empty result. The fault error answers with a TApplicationException (INTERNAL_ERROR).

  iago target thrift                                       binary protocol in frames
  iago target thrift --transport buffered --protocol compact
  iago target thrift --transport header                    the client says which protocol
  iago target thrift --finagle                             agrees to Finagle's upgrade (trace ids, client id)
  iago target thrift --fault error:status=1,share=5%`,
	flags: func(f *pflag.FlagSet) startTarget {
		var o thrift.Options
		f.StringVar(&o.Transport, "transport", "framed", strings.Join(thrift.Transports, ", "))
		f.StringVar(&o.Protocol, "protocol", "binary", strings.Join(thrift.Protocols, ", "))
		f.BoolVar(&o.Finagle, "finagle", false, "agree to Finagle's upgrade handshake")
		return func(ctx context.Context, b targetBase) (*running, error) {
			if err := b.mistakes(); err != nil {
				return nil, err
			}
			o.Options = b.Options
			return streaming(thrift.Start(ctx, o))
		}
	},
}

var kindMemcached = targetKind{
	name: "memcached", listen: "127.0.0.1:11211", tls: true, unix: true,
	short: "A memcached server, text and meta commands, with a latency model and faults",
	long: `Serves memcached's text and meta commands out of memory; what was used least recently goes when it is full. The fault error answers with
SERVER_ERROR.

  iago target memcached
  iago target memcached --listen unix:/tmp/memcached.sock --max-memory 64MiB
  iago target memcached --service bimodal:fast=100us,slow=20ms,share=1%
  iago target memcached --fault error:status=1,share=5%`,
	flags: func(f *pflag.FlagSet) startTarget {
		memory := memoryFlag(f)
		return func(ctx context.Context, b targetBase) (*running, error) {
			o := memcached.Options{MaxMemory: memory(&b)}
			if err := b.mistakes(); err != nil {
				return nil, err
			}
			o.Options = b.Options
			return streaming(memcached.Start(ctx, o))
		}
	},
}

var kindKestrel = targetKind{
	name: "kestrel", listen: "127.0.0.1:22133", tls: true, unix: true,
	short: "A Kestrel queue server with a latency model and faults",
	long: `Serves the queue protocol of Twitter's Kestrel out of memory: get with /open, /close, /abort, /peek and /t=ms, set, delete, flush, stats.
It is ours, written from the protocol's description. The fault error answers with SERVER_ERROR.

  iago target kestrel
  iago target kestrel --service exp:mean=1ms --servers 4
  iago target kestrel --fault close:share=1%       open items go back to the head of their queue`,
	flags: func(f *pflag.FlagSet) startTarget {
		memory := memoryFlag(f)
		return func(ctx context.Context, b targetBase) (*running, error) {
			o := kestrel.Options{MaxMemory: memory(&b)}
			if err := b.mistakes(); err != nil {
				return nil, err
			}
			o.Options = b.Options
			return streaming(kestrel.Start(ctx, o))
		}
	},
}

var kindRedis = targetKind{
	name: "redis", listen: "127.0.0.1:6379", tls: true, unix: true,
	short: "A Redis server, RESP2 and RESP3, with a latency model and faults",
	long: `Serves the commands of Redis that load tests are made of (strings, counters, expiry, hashes, lists, sets) out of memory; when it is full,
writing commands are refused with OOM. The fault error answers with ERR.

  iago target redis
  iago target redis --password secret --max-memory 64MiB
  iago target redis --service lognormal:median=300us,sigma=0.5 --servers 1
  iago target redis --fault hang:share=0.1%`,
	flags: func(f *pflag.FlagSet) startTarget {
		memory := memoryFlag(f)
		password := f.String("password", "", "ask for this password (AUTH, HELLO)")
		return func(ctx context.Context, b targetBase) (*running, error) {
			o := redis.Options{MaxMemory: memory(&b), Password: *password}
			if err := b.mistakes(); err != nil {
				return nil, err
			}
			o.Options = b.Options
			return streaming(redis.Start(ctx, o))
		}
	},
}

var kindTCP = targetKind{
	name: "tcp", listen: "127.0.0.1:9000", tls: true, unix: true,
	short: "A TCP echo server with a latency model and faults",
	long: `Sends each message back as it came, or always the same answer. A message ends at a delimiter (default: a line's end), after a length before
it, after a fixed size, or with the client's side of the connection. The fault error answers with ERROR and the status.

  iago target tcp
  iago target tcp --framing 'delimiter:\r\n' --reply OK
  iago target tcp --framing length:2
  iago target tcp --framing fixed:64 --service constant:1ms
  iago target tcp --framing close`,
	flags: func(f *pflag.FlagSet) startTarget {
		framing := f.String("framing", "delimiter", "where messages end: delimiter:TEXT, length:1|2|4|8, fixed:SIZE, close")
		reply := f.String("reply", "", "content of every answer (default: that of the message)")
		return func(ctx context.Context, b targetBase) (*running, error) {
			var o tcp.Options
			var err error
			o.Framing, err = tcp.ParseFraming(*framing)
			b.check("framing", err)
			if f.Changed("reply") {
				o.Reply = []byte(*reply)
			}
			if err := b.mistakes(); err != nil {
				return nil, err
			}
			o.Options = b.Options
			return streaming(tcp.Start(ctx, o))
		}
	},
}
