package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/iagoloadgen/iago/target/model"
	"github.com/iagoloadgen/iago/target/stream"
)

// targetFlags are those that all kinds of targets share. Texts are parsed once all are known, so that all mistakes are told at once.
type targetFlags struct {
	listen, service string
	servers         int
	faults          []string
	seed            uint64
	tls             bool
	cert, key       string
	stats           string
	duration        time.Duration
}

// add adds the flags that make sense for k.
func (t *targetFlags) add(f *pflag.FlagSet, k targetKind) {
	address := "address to listen on; port 0: any free one"
	if k.unix {
		address += "; unix:/path for a Unix socket"
	}
	f.StringVar(&t.listen, "listen", k.listen, address)
	t.addModel(f)
	if k.tls {
		f.BoolVar(&t.tls, "tls", false, "serve TLS; without --cert and --key with a certificate made for this run")
		f.StringVar(&t.cert, "cert", "", "certificate (PEM)")
		f.StringVar(&t.key, "key", "", "its key (PEM)")
	}
}

// addModel adds the flags of any number of targets.
func (t *targetFlags) addModel(f *pflag.FlagSet) {
	f.StringVar(&t.service, "service", "none", "service time of a request")
	f.IntVar(&t.servers, "servers", 0, "how many requests are worked on at once, first come first served; 0: any number")
	f.StringArrayVar(&t.faults, "fault", nil, "what goes wrong, such as stall:at=3s,for=2s; repeatable")
	f.Uint64Var(&t.seed, "seed", 1, "seed of service times and shares")
	f.StringVar(&t.stats, "stats", "", "file for what it saw (default: standard output)")
	f.DurationVar(&t.duration, "duration", 0, "end after this long; 0: when interrupted")
}

// targetBase is what the shared flags say, and what is wrong with them.
type targetBase struct {
	stream.Options
	errs []error
}

func (t *targetFlags) base() targetBase {
	b := targetBase{Options: stream.Options{Listen: t.listen, TLS: t.tls, CertFile: t.cert, KeyFile: t.key}}
	b.Model.Servers, b.Model.Seed = t.servers, t.seed
	var err error
	if b.Model.Service, err = model.ParseService(t.service); err != nil {
		b.errs = append(b.errs, fmt.Errorf("--service: %w", err))
	}
	for _, text := range t.faults {
		fault, err := model.ParseFault(text)
		if err != nil {
			b.errs = append(b.errs, fmt.Errorf("--fault: %w", err))
			continue
		}
		b.Model.Faults = append(b.Model.Faults, fault)
	}
	return b
}

// check adds what is wrong with a kind's own flags and returns all of it as the user's mistake.
func (b *targetBase) check(flag string, err error) {
	if err != nil {
		b.errs = append(b.errs, fmt.Errorf("--%s: %w", flag, err))
	}
}

// mistakes returns what is wrong with the flags.
func (b *targetBase) mistakes() error {
	if len(b.errs) == 0 {
		return nil
	}
	return usage(errors.Join(b.errs...))
}
