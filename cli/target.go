package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/internal/suggest"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/spec"
	"github.com/iagoloadgen/iago/target/http"
	"github.com/iagoloadgen/iago/target/model"
)

func newTarget(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "target KIND",
		Short: "A built-in target to try things on, with a latency model",
		Args:  noSuchTarget,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newTargetHTTP(s))
	return c
}

// noSuchTarget refuses arguments, which can only be meant as a kind of target.
func noSuchTarget(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(fmt.Errorf("no target %q; there is: http%s", args[0], suggest.DidYouMean(args[0], []string{"http"})))
}

// targetFlags are the texts of flags that are parsed once all are known, so that all mistakes are told at once.
type targetFlags struct {
	service, body string
	faults        []string
	stats         string
	duration      time.Duration
}

func newTargetHTTP(s streams) *cobra.Command {
	var o http.Options
	var t targetFlags
	c := &cobra.Command{
		Use:   "http",
		Short: "An HTTP/1.1 server with a latency model and faults",
		Long: `Serves HTTP/1.1 until it is interrupted (or for --duration) and then prints what it saw as JSON; while it runs, so does
GET ` + http.StatsPath + `.

  iago target http                                          answers at once
  iago target http --service exp:mean=1ms --servers 1       an M/M/1 queue, if arrivals are Poisson
  iago target http --service lognormal:median=5ms,sigma=0.7
  iago target http --fault stall:at=3s,for=2s               freezes for two seconds
  iago target http --fault error:status=503,share=5% --fault reset:share=1%

Service times: none, constant:1ms, exp:mean=1ms, lognormal:median=1ms,sigma=0.5, bimodal:fast=1ms,slow=100ms,share=1%.
Faults: error, stall, close, reset, garbage, hang, die; with share=, at= and for=. Times count from the first request.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := t.into(&o); err != nil {
				return usage(err)
			}
			return serve(s, o, t)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "address to listen on; port 0: any free one")
	f.StringVar(&t.service, "service", "none", "service time of a request")
	f.IntVar(&o.Model.Servers, "servers", 0, "how many requests are worked on at once, first come first served; 0: any number")
	f.StringVar(&t.body, "body", "0", "size of an answer's content, such as 128B or 16KiB")
	f.IntVar(&o.Status, "status", 200, "status of answers")
	f.StringArrayVarP(&o.Header, "header", "H", nil, "further header of answers, 'Name: value'; repeatable")
	f.StringArrayVar(&t.faults, "fault", nil, "what goes wrong, such as stall:at=3s,for=2s; repeatable")
	f.Uint64Var(&o.Model.Seed, "seed", 1, "seed of service times and shares")
	f.IntVar(&o.Threads, "threads", 1, "event loops")
	f.BoolVar(&o.TLS, "tls", false, "serve HTTPS; without --cert and --key with a certificate made for this run")
	f.StringVar(&o.CertFile, "cert", "", "certificate (PEM)")
	f.StringVar(&o.KeyFile, "key", "", "its key (PEM)")
	f.StringVar(&o.Record, "record", "", "file for 'METHOD PATH VERSION' of each request, a line each")
	f.StringVar(&t.stats, "stats", "", "file for what it saw (default: standard output)")
	f.DurationVar(&t.duration, "duration", 0, "end after this long; 0: when interrupted")
	f.BoolVar(&o.Portable, "portable", false, "use Go's own network package instead of the event loop")
	f.SortFlags = false
	return c
}

func (t *targetFlags) into(o *http.Options) error {
	var errs []error
	var err error
	if o.Model.Service, err = model.ParseService(t.service); err != nil {
		errs = append(errs, fmt.Errorf("--service: %w", err))
	}
	size, err := spec.ParseSize(t.body)
	if err != nil {
		errs = append(errs, fmt.Errorf("--body: %w", err))
	}
	o.BodySize = int(size)
	for _, text := range t.faults {
		fault, err := model.ParseFault(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--fault: %w", err))
		}
		o.Model.Faults = append(o.Model.Faults, fault)
	}
	return errors.Join(errs...)
}

// serve runs the target to its end.
func serve(s streams, o http.Options, t targetFlags) error {
	ctx, _, done := interruptible()
	defer done()
	if t.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.duration)
		defer cancel()
	}
	server, err := http.Start(ctx, o)
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	scheme := "http"
	if o.TLS {
		scheme = "https"
	}
	fmt.Fprintf(s.err, "listening on %s://%s\n", scheme, server.Addr())
	err = server.Wait()
	err = errors.Join(err, writeStats(s.out, t.stats, server.Stats()))
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	return nil
}

func writeStats(out io.Writer, path string, stats http.Stats) error {
	b, err := json.MarshalIndent(stats, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if path == "" {
		_, err = out.Write(b)
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
