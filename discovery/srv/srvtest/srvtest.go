//go:build unix

package srvtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

const knotConf = `server:
    rundir: %[1]q
    listen: 127.0.0.1@%[2]d
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: %[1]q
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: %[1]q
    journal-content: none
    zonefile-load: whole
remote:
  - id: nobody
    address: 127.0.0.1@%[2]d
zone:
  - domain: example
    file: example.zone
  - domain: lame
    master: nobody
`

// Server is a name server that we did not write, with the zone "example", that the test changes, and the zone "lame", that it never gets.
// Its methods are for the goroutine of the test.
type Server struct {
	*discoverytest.Process
	t       testing.TB
	Address string   // host:port
	zone    string   // file
	Records []string // of the zone, besides those of the zone itself
	serial  uint32
}

// Start starts Knot DNS with an empty zone.
func Start(t testing.TB) *Server {
	t.Helper()
	path, err := exec.LookPath("knotd")
	if err != nil {
		path = "/usr/sbin/knotd" // not on everybody's path
	}
	dir, port := t.TempDir(), discoverytest.FreePort(t)
	s := &Server{t: t, Address: fmt.Sprintf("127.0.0.1:%d", port), zone: filepath.Join(dir, "example.zone")}
	conf := filepath.Join(dir, "knot.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, knotConf, dir, port), 0o600); err != nil {
		t.Fatal(err)
	}
	s.write()
	s.Process = discoverytest.Start(t, path, "-c", conf)
	s.Serves()
	return s
}

// write writes the zone.
func (s *Server) write() {
	s.t.Helper()
	s.serial++
	text := fmt.Sprintf("$ORIGIN example.\n$TTL 0\n@ SOA ns hostmaster %d 3600 600 86400 0\n@ NS ns\nns A 192.0.2.53\n%s\n",
		s.serial, strings.Join(s.Records, "\n"))
	if err := os.WriteFile(s.zone+".new", []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.zone+".new", s.zone); err != nil {
		s.t.Fatal(err)
	}
}

// Set changes the zone and waits until it is served.
func (s *Server) Set(records ...string) {
	s.t.Helper()
	s.Records = records
	s.write()
	s.Reload()
	s.Serves()
}

// Serves waits until the server answers with the zone as it was written last.
func (s *Server) Serves() {
	s.t.Helper()
	q := new(dns.Msg)
	q.SetQuestion("example.", dns.TypeSOA)
	s.Await(func() error {
		for _, network := range []string{"udp", "tcp"} {
			a, err := exchange(s.t.Context(), network, s.Address, q)
			if err != nil {
				return err
			}
			if len(a.Answer) != 1 || a.Answer[0].(*dns.SOA).Serial != s.serial {
				return errors.New("another zone")
			}
		}
		return nil
	})
}

func exchange(ctx context.Context, network, address string, q *dns.Msg) (*dns.Msg, error) {
	a, _, err := (&dns.Client{Net: network, Timeout: time.Second}).ExchangeContext(ctx, q, address)
	return a, err
}
