package spec

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"slices"

	"github.com/iagoloadgen/iago/load"
)

// connections checks the numbers of connections and shards.
func (c *checker) connections() {
	s := c.spec
	c.notNegative("connections", int64(s.Connections))
	c.notNegative("pool.keep", int64(s.Pool.Keep))
	c.notNegative("pool.per_target", int64(s.Pool.PerTarget))
	if s.Pool.PerTarget > 0 && s.Pool.Keep > s.Pool.PerTarget {
		c.problem("pool.keep", "%d: expected at most %s, which is %d", s.Pool.Keep, c.the("pool.per_target"), s.Pool.PerTarget)
	}
	switch {
	case s.Shards < 0 || s.Shards > maxShards:
		c.problem("shards", "%d: expected a number between 1 and %d, or 0 to have it chosen", s.Shards, maxShards)
	case s.Connections > 0 && s.Shards > s.Connections:
		c.problem("shards", "%d: expected at most %s, which is %d: each shard needs a connection", s.Shards, c.the("connections"), s.Connections)
	}
}

// maxShards is more than machines have cores.
const maxShards = 1024

// tls checks the files of certificates by reading them.
func (c *checker) tls() {
	t := c.spec.TLS
	targets, err := c.spec.samples()
	if t != (TLS{}) && err == nil && len(targets) > 0 && !slices.ContainsFunc(targets, func(t load.Target) bool { return t.TLS }) {
		c.problem("tls", "no target is reached by TLS; expected a URL such as https://… beside it")
	}
	if t.CA != "" {
		c.authority(t.CA)
	}
	switch {
	case t.Cert != "" && t.Key == "":
		c.problem("tls.cert", "expected its private key beside it: tls.key")
	case t.Key != "" && t.Cert == "":
		c.problem("tls.key", "expected the certificate beside it: tls.cert")
	}
	before := len(c.problems)
	c.file("tls.cert", t.Cert)
	c.file("tls.key", t.Key)
	if t.Cert != "" && t.Key != "" && len(c.problems) == before {
		if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
			c.problem("tls.cert", "%q and %q are no certificate and its key: %v", t.Cert, t.Key, bare(err, "tls: "))
		}
	}
}

// authority checks the file of certificates to trust.
func (c *checker) authority(path string) {
	before := len(c.problems)
	c.file("tls.ca", path)
	if len(c.problems) > before {
		return
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		c.problem("tls.ca", "%q: %s", path, reason(err))
	} else if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		c.problem("tls.ca", "%q: expected at least one certificate in PEM form", path)
	}
}

// overload checks what happens when all connections are busy.
func (c *checker) overload() {
	o := c.spec.Overload
	switch {
	case o.Limit < 0:
		c.notNegative("overload.limit", int64(o.Limit))
	case o.Policy == Drop && o.Limit == 0:
		c.problem("overload", "drop: expected a limit of at least 1 beside it, the number of requests that may wait")
	case o.Policy == Queue && o.Limit > 0:
		c.problem("overload.limit", "%d: a queue has no limit; expected policy: drop, which drops what is beyond it", o.Limit)
	}
}
