// Package etcd finds members in etcd and announces them there: each is a key under a prefix, held by a lease, with the JSON of
// ZooKeeper server sets as its value; see the README.
package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/iagoloadgen/iago/discovery"
)

//go:embed README.md
var readme string

func init() {
	discovery.Register(discovery.Kind{
		Scheme: "etcd", Summary: "keys of etcd below a prefix: etcd://host:2379,host2:2379/prefix", Doc: readme,
		Open: func(a discovery.Address, logf discovery.Logf) (discovery.Backend, error) { return open(a, logf) },
	})
}

const (
	defaultPort = 2379
	defaultTTL  = 10 * time.Second
	patience    = 5 * time.Second // with a request
	farewell    = 2 * time.Second // with the last one
)

// backend is one prefix.
type backend struct {
	address  discovery.Address
	servers  []string
	prefix   string // of the members' keys, with its slash
	endpoint string // additional endpoint to reach members at; "": the service endpoint
	ttl      int64  // seconds
	tls      *tls.Config
	logf     discovery.Logf
}

func open(a discovery.Address, logf discovery.Logf) (*backend, error) {
	hosts, err := a.Endpoints(defaultPort)
	if err != nil {
		return nil, err
	}
	b := &backend{address: a, prefix: strings.TrimSuffix(a.Path, "/") + "/", logf: func(format string, args ...any) {
		logf("discovery: %s: "+format, append([]any{a}, args...)...)
	}}
	if b.prefix == "/" {
		return nil, fmt.Errorf("discovery: address %s: expected the prefix of the members' keys after the hosts: etcd://host:2379/services/web", a)
	}
	for _, h := range hosts {
		b.servers = append(b.servers, h.String())
	}
	o := a.Options()
	b.endpoint = o.Text("endpoint", "")
	b.ttl = int64((o.Duration("ttl", defaultTTL, time.Second) + time.Second - 1) / time.Second)
	secure := files{o.Text("ca", ""), o.Text("cert", ""), o.Text("key", "")}
	on := o.Bool("tls")
	if err := o.Err(); err != nil {
		return nil, err
	}
	if on || secure != (files{}) {
		if b.tls, err = secure.config(); err != nil {
			return nil, fmt.Errorf("discovery: address %s: %w", a, err)
		}
		for i := range b.servers {
			b.servers[i] = "https://" + b.servers[i]
		}
	}
	return b, nil
}

// files are where TLS has its material from; all may be empty.
type files struct{ ca, cert, key string }

func (f files) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.ca != "" {
		pem, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, fmt.Errorf("option ca: %w", err)
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("option ca: %s: expected certificates in PEM", f.ca)
		}
	}
	if (f.cert == "") != (f.key == "") {
		return nil, errors.New("options cert and key: expected both or none")
	}
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("options cert and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (b *backend) String() string { return b.address.String() }

// dial returns a client; it connects in the background. The caller closes it.
func (b *backend) dial(ctx context.Context) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints: b.servers, TLS: b.tls, Username: b.address.User, Password: b.address.Password, Context: ctx, Logger: zap.NewNop(),
		DialTimeout:       patience, // for logging in
		DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: 3 * time.Second,
	})
}

// final tells whether waiting does not mend err.
func final(err error) bool {
	for _, e := range []error{
		rpctypes.ErrPermissionDenied, rpctypes.ErrAuthFailed, rpctypes.ErrUserEmpty, rpctypes.ErrAuthNotEnabled, rpctypes.ErrUserNotFound,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
