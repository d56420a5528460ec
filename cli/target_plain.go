package cli

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/iagoloadgen/iago/spec"
	"github.com/iagoloadgen/iago/target/http"
	"github.com/iagoloadgen/iago/target/udp"
)

var kindHTTP = targetKind{
	name: "http", listen: "127.0.0.1:8080", tls: true,
	short: "An HTTP/1.1 server with a latency model and faults",
	long: `Serves HTTP/1.1 until it is interrupted (or for --duration) and then prints what it saw as JSON; while it runs, so does
GET ` + http.StatsPath + `.

  iago target http                                          answers at once
  iago target http --service exp:mean=1ms --servers 1       an M/M/1 queue, if arrivals are Poisson
  iago target http --service lognormal:median=5ms,sigma=0.7
  iago target http --fault stall:at=3s,for=2s               freezes for two seconds
  iago target http --fault error:status=503,share=5% --fault reset:share=1%`,
	flags: httpFlags,
}

func httpFlags(f *pflag.FlagSet) startTarget {
	var o http.Options
	body := f.String("body", "0", "size of an answer's content, such as 128B or 16KiB")
	f.IntVar(&o.Status, "status", 200, "status of answers")
	f.StringArrayVarP(&o.Header, "header", "H", nil, "further header of answers, 'Name: value'; repeatable")
	f.IntVar(&o.Threads, "threads", 1, "event loops")
	f.StringVar(&o.Record, "record", "", "file for 'METHOD PATH VERSION' of each request, a line each")
	f.BoolVar(&o.Portable, "portable", false, "use Go's own network package instead of the event loop")
	return func(ctx context.Context, b targetBase) (*running, error) {
		size, err := spec.ParseSize(*body)
		b.check("body", err)
		if strings.HasPrefix(b.Listen, "unix:") {
			b.check("listen", errors.New("this kind listens on host:port only"))
		}
		if err := b.mistakes(); err != nil {
			return nil, err
		}
		o.Listen, o.Model, o.BodySize = b.Listen, b.Model, int(size)
		o.TLS, o.CertFile, o.KeyFile = b.TLS, b.CertFile, b.KeyFile
		s, err := http.Start(ctx, o)
		if err != nil {
			return nil, err
		}
		scheme := "http"
		if o.TLS {
			scheme = "https"
		}
		return &running{scheme + "://" + s.Addr().String(), s.Wait, func() any { return s.Stats() }}, nil
	}
}

var kindUDP = targetKind{
	name: "udp", listen: "127.0.0.1:9001",
	short: "A UDP echo server with a latency model, loss, duplicates and reordering",
	long: `Sends each datagram back as it came, or always the same one. Of the faults it has garbage, hang, stall and die.

  iago target udp
  iago target udp --loss 1% --duplicate 0.1% --reorder 2%
  iago target udp --service bimodal:fast=0s,slow=50ms,share=5%    some come late
  iago target udp --reply pong`,
	flags: func(f *pflag.FlagSet) startTarget {
		var shares [3]string
		for i, s := range [][2]string{
			{"loss", "share of answers that are lost, such as 1%"},
			{"duplicate", "share of answers that are sent twice"},
			{"reorder", "share of answers that later ones overtake"},
		} {
			f.StringVar(&shares[i], s[0], "0", s[1])
		}
		reply := f.String("reply", "", "every answer (default: the datagram itself)")
		return func(ctx context.Context, b targetBase) (*running, error) {
			o := udp.Options{Listen: b.Listen, Model: b.Model}
			for i, to := range []*float64{&o.Loss, &o.Duplicate, &o.Reorder} {
				var err error
				*to, err = parseShare(shares[i])
				b.check([]string{"loss", "duplicate", "reorder"}[i], err)
			}
			if f.Changed("reply") {
				o.Reply = []byte(*reply)
			}
			if err := b.mistakes(); err != nil {
				return nil, err
			}
			s, err := udp.Start(ctx, o)
			if err != nil {
				return nil, err
			}
			return &running{s.URL(), s.Wait, func() any { return s.Stats() }}, nil
		}
	},
}

// memoryFlag adds the bound of what a target keeps; the function that it returns reads it.
func memoryFlag(f *pflag.FlagSet) func(*targetBase) int64 {
	text := f.String("max-memory", "256MiB", "most bytes of keys and values")
	return func(b *targetBase) int64 {
		n, err := spec.ParseSize(*text)
		if err == nil && n <= 0 {
			err = errors.New("must be above 0, for example 64MiB")
		}
		b.check("max-memory", err)
		return int64(n)
	}
}

// parseShare reads "1%" or "0.01".
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return 0, errors.New("\"" + text + "\" is not a share like 1% or 0.01")
	}
	return f, nil
}
