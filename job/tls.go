package job

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/iagoloadgen/iago/spec"
)

// sessions is how many TLS sessions are kept for reuse by later connections.
const sessions = 1024

// tlsConfig makes what handshakes need of the files that t names. Certificates are verified unless t says otherwise.
func tlsConfig(t spec.TLS) (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.Insecure, //nolint:gosec // by the user's explicit choice
		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
		NextProtos:         []string{"http/1.1"},
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("job: tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("job: tls.ca: %s: no certificate in it; expected PEM", t.CA)
		}
	}
	if t.Cert != "" || t.Key != "" {
		if t.Cert == "" || t.Key == "" {
			return nil, errors.New("job: tls: cert and key go together")
		}
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("job: tls.cert %s and tls.key %s: %w", t.Cert, t.Key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
