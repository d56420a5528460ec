package stream

import (
	"errors"
	"fmt"
	"strings"

	"github.com/iagoloadgen/iago/target/model"
)

// Options describe a target whatever its protocol. The zero value listens where the protocol does and answers everything at once.
type Options struct {
	Listen string        // host:port, port 0: any free one; or unix:/path of a socket, which is removed at the end
	Model  model.Options // how long answers take and what goes wrong

	TLS               bool
	CertFile, KeyFile string // PEM; without them a certificate is made for this run ([Server.CertificatePEM])
}

// withDefaults fills in what was left out and checks the rest; the error joins all that is wrong.
func (o Options) withDefaults(p *Protocol) (Options, error) {
	var errs []error
	if o.Listen == "" {
		o.Listen = p.Listen
	}
	if path, unix := strings.CutPrefix(o.Listen, "unix:"); unix && path == "" {
		errs = append(errs, errors.New("listen: the socket's path is missing, for example unix:/run/iago.sock"))
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		errs = append(errs, errors.New("a certificate needs its key and a key its certificate"))
	}
	if o.CertFile != "" && !o.TLS {
		errs = append(errs, errors.New("a certificate is of use with TLS only"))
	}
	for i, err := range errs {
		errs[i] = fmt.Errorf("target/%s: %w", p.Name, err)
	}
	return o, errors.Join(errs...)
}

// network splits Listen as package net wants it.
func (o *Options) network() (network, address string) {
	if path, unix := strings.CutPrefix(o.Listen, "unix:"); unix {
		return "unix", path
	}
	return "tcp", o.Listen
}
