package launch

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Job is what to start.
type Job struct {
	// Name: letters, digits, - and _, at most 64, not - or _ first. Engines with narrower names get [Name] of it.
	Name string
	// Spec is the spec file, and Files are those that it refers to, named as it does: relative to its folder. Where the feeder runs
	// on this machine they are read in place; elsewhere they are carried there.
	Spec  File
	Files []File

	Feeders Group // at least one; several read the records in parts, and one coordinates
	Workers Group // at least one
	Bus     Bus

	// Binary is iago's path where the processes run. Empty: the launcher's default (this program; the image's entrypoint).
	Binary string
	// Env is set for all processes, besides what they have anyway. Handled as secret.
	Env map[string]string
	// Labels mark what the engine makes, where it has labels.
	Labels map[string]string
	// Cron starts the job again and again: minute, hour, day of month, month, day of week. Only where the engine can.
	Cron string
}

// Group is a number of like processes.
type Group struct {
	Count     int
	Args      []string // further arguments, after those that the job needs
	Resources Resources
}

// Resources are what a process is given. Zero: the engine's default.
type Resources struct {
	CPU         float64 // cores that are set aside for it
	CPULimit    float64 // cores that it gets at most
	Memory      int64   // bytes that are set aside for it
	MemoryLimit int64   // bytes that it gets at most
}

// Bus is how the processes find and are let into the job's bus.
type Bus struct {
	// URL is where processes find it, without user and password: nats://host:4222. Several, separated by commas, are one cluster.
	URL string
	// Embedded: the first feeder carries the bus, listening on Listen (host:port). Both addresses have defaults where the launcher
	// knows better: free ports of this machine, a service's name.
	Embedded bool
	Listen   string
	// Who we are: one of them. And by what the bus is known, and we to it, by TLS. Contents, not paths; empty: not used.
	Token, Creds, NKey []byte
	CA, Cert, Key      []byte
	// What an embedded bus shows: its certificate and key. Without, everything passes unencrypted, which Plain allows beyond loopback.
	ServeCert, ServeKey []byte
	Plain               bool
}

// Complete fills in what a job needs and may be left out: one feeder, one worker, the name of the spec file, an embedded bus when
// there is no URL, and a token for it, drawn at random. [Launcher.Render] and Start want a complete job.
func (j *Job) Complete() {
	j.Feeders.Count = max(j.Feeders.Count, 1)
	j.Workers.Count = max(j.Workers.Count, 1)
	if j.Spec.Name == "" {
		j.Spec.Name = "spec.yaml"
	}
	if j.Bus.URL == "" {
		j.Bus.Embedded = true
	}
	if j.Bus.Embedded && len(j.Bus.Token) == 0 {
		b := make([]byte, 24)
		rand.Read(b) // never returns an error
		j.Bus.Token = []byte(base64.RawURLEncoding.EncodeToString(b))
	}
}

// Validate returns all that is wrong with the job, whatever the launcher.
func (j *Job) Validate() error {
	var wrong []error
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("launch: job: "+format, args...))
		}
	}
	say(plain(j.Name) && len(j.Name) <= 64 && !strings.ContainsAny(j.Name[:1], "-_"), "name %q: expected 1 to 64 letters, digits, - and _, one of the first two at its head", j.Name)
	say(j.Feeders.Count >= 1, "feeders: expected one at least, got %d", j.Feeders.Count)
	say(j.Workers.Count >= 1, "workers: expected one at least, got %d", j.Workers.Count)
	say(j.Spec.Name != "" && (j.Spec.Path != "" || j.Spec.Data != nil), "spec: expected a file with a name")
	for name := range j.Env {
		say(plain(name), "env %q: expected a name of letters, digits and _", name)
	}
	wrong = append(wrong, j.Feeders.Resources.validate("feeders"), j.Workers.Resources.validate("workers"), j.Bus.validate())
	return errors.Join(wrong...)
}

func (r Resources) validate(group string) error {
	switch {
	case r.CPU < 0 || r.CPULimit < 0 || r.Memory < 0 || r.MemoryLimit < 0:
		return fmt.Errorf("launch: job: %s: resources: expected no negative number", group)
	case r.CPULimit > 0 && r.CPU > r.CPULimit:
		return fmt.Errorf("launch: job: %s: resources: %g cores set aside are more than the limit of %g", group, r.CPU, r.CPULimit)
	case r.MemoryLimit > 0 && r.Memory > r.MemoryLimit:
		return fmt.Errorf("launch: job: %s: resources: %d bytes set aside are more than the limit of %d", group, r.Memory, r.MemoryLimit)
	}
	return nil
}

// Scheme is that of an embedded bus's URL.
func (b *Bus) Scheme() string {
	if len(b.ServeCert) > 0 {
		return "tls"
	}
	return "nats"
}

func (b *Bus) validate() error {
	var wrong []error
	if b.URL == "" && !b.Embedded {
		wrong = append(wrong, errors.New("launch: job: bus: expected a URL such as nats://host:4222, or an embedded one"))
	}
	for one := range split(b.URL) {
		u, err := url.Parse(one)
		switch {
		case err != nil: // its text has the URL in it, and maybe a password
			wrong = append(wrong, errors.New("launch: job: bus: the URL cannot be read; expected such as nats://host:4222"))
		case u.User != nil:
			wrong = append(wrong, errors.New("launch: job: bus: the URL has a user or a token in it, which everybody could see among a process's "+
				"arguments; give a file: --bus-token-file or --bus-creds"))
		case u.Scheme == "" || u.Host == "":
			wrong = append(wrong, fmt.Errorf("launch: job: bus: %q: expected a URL such as nats://host:4222", one))
		}
	}
	if (len(b.Cert) == 0) != (len(b.Key) == 0) || (len(b.ServeCert) == 0) != (len(b.ServeKey) == 0) {
		wrong = append(wrong, errors.New("launch: job: bus: expected a certificate and its key together"))
	}
	kinds := 0
	for _, c := range [][]byte{b.Token, b.Creds, b.NKey} {
		kinds += min(len(c), 1)
	}
	if kinds > 1 {
		wrong = append(wrong, errors.New("launch: job: bus: expected one of a token, credentials and an NKey"))
	}
	if b.Embedded && b.Listen != "" {
		if _, port, err := net.SplitHostPort(b.Listen); err != nil {
			wrong = append(wrong, fmt.Errorf("launch: job: bus: listen %q: expected HOST:PORT", b.Listen))
		} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			wrong = append(wrong, fmt.Errorf("launch: job: bus: listen %q: expected a port from 1 to 65535", b.Listen))
		}
	}
	if b.Embedded && len(b.Token) == 0 {
		wrong = append(wrong, errors.New("launch: job: bus: an embedded one knows a token only, and needs one; Job.Complete draws it"))
	}
	return errors.Join(wrong...)
}
