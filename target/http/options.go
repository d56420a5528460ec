// Package http is the built-in HTTP/1.1 target: a server that behaves as a [model.Model] says, keeps up with a load
// generator on less processor time than that needs, and tells exactly what it saw.
//
// On Linux it is an event loop on raw sockets, one locked thread each; elsewhere, and for TLS, a goroutine for each
// connection. Both share the parser, the answers, the model and the figures.
package http

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/target/model"
)

// StatsPath is where a GET is answered with the target's [Stats] as they stand. Such requests are not counted, delayed or failed.
const StatsPath = "/__iago/stats"

// Options describe a target. The zero value listens on 127.0.0.1:8080 and answers everything at once with an empty 200.
type Options struct {
	Listen string        // host:port; default 127.0.0.1:8080. Port 0: any free one
	Model  model.Options // how long answers take and what goes wrong; the statuses of its faults are 200 to 999

	Status   int      // of answers, 200 to 999; default 200
	BodySize int      // bytes of content of an answer, up to 1 GiB; none where the status allows none
	Header   []string // further headers of answers, "Name: value"; they may replace Content-Type and Server

	Threads  int  // event loops, each on a core of its own if there is one; default 1. The portable path uses all cores
	Portable bool // goroutines even where there is an event loop

	TLS               bool   // https, on the portable path
	CertFile, KeyFile string // PEM; without them a certificate is made for this run ([Server.CertificatePEM])

	Record string // a file for "METHOD TARGET VERSION" of each request, a line each, complete once the target has ended

	HeadLimit int   // most bytes of a request before its content; default 64 KiB
	BodyLimit int64 // most bytes of a request's content; default: no limit
}

const maxBody = 1 << 30

// withDefaults fills in what was left out and checks the rest; the error joins all that is wrong.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("target/http: "+format, args...))
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:8080"
	}
	if o.Status == 0 {
		o.Status = 200
	}
	if !finalStatus(o.Status) {
		wrong("status: %d is not between 200 and %d", o.Status, load.MaxStatus)
	}
	for _, f := range o.Model.Faults {
		if f.Kind == model.Error && !finalStatus(f.Status) {
			wrong("fault %q: status %d is not between 200 and %d", f, f.Status, load.MaxStatus)
		}
	}
	if o.BodySize < 0 || o.BodySize > maxBody {
		wrong("body: %d bytes are not between 0 and 1 GiB", o.BodySize)
	}
	for _, h := range o.Header {
		if err := checkHeader(h); err != nil {
			wrong("header %q: %w", h, err)
		}
	}
	if o.Threads < 0 || o.Threads > 1024 {
		wrong("threads: %d is not between 1 and 1024", o.Threads)
	}
	o.Threads = max(o.Threads, 1)
	if (o.CertFile == "") != (o.KeyFile == "") {
		wrong("a certificate needs its key and a key its certificate")
	}
	if o.HeadLimit < 0 || o.BodyLimit < 0 {
		wrong("limits must not be negative; 0 stands for the default")
	}
	if o.HeadLimit == 0 {
		o.HeadLimit = 64 << 10
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = math.MaxInt64
	}
	return o, errors.Join(errs...)
}

func finalStatus(n int) bool { return n >= 200 && n <= load.MaxStatus }

// checkHeader refuses what cannot stand in an answer, or what the target says itself.
func checkHeader(line string) error {
	name, value, ok := strings.Cut(line, ":")
	switch {
	case !ok:
		return errors.New("expected Name: value")
	case name == "" || !all([]byte(name), isToken):
		return errors.New("the name may hold letters, digits and - only")
	case !all([]byte(value), isValue):
		return errors.New("control characters in the value")
	}
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "connection":
		return errors.New("the target sets this one itself")
	}
	return nil
}

func (o *Options) limits() limits { return limits{o.HeadLimit, o.BodyLimit} }
