package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pki is a certificate authority of the test's own, with a server's and a client's certificate, as PEM files in a folder: ca.pem,
// server.pem, server.key, client.pem, client.key.
type pki struct {
	dir string
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
}

// serverName is what the server's certificate is for, besides its address.
const serverName = "stage.test"

func newPKI(t *testing.T, dir string) *pki {
	t.Helper()
	p := &pki{dir: dir}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Iago's tests"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	p.ca, p.key = ca, p.issue(t, "ca", ca)
	p.issue(t, "server", &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: serverName}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{serverName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	p.issue(t, "client", &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "client"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return p
}

// issue makes a key and a certificate for it, signed by the authority or, for the authority's own, by itself.
func (p *pki) issue(t *testing.T, name string, c *x509.Certificate) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := c, key
	if p.ca != nil {
		parent, signer = p.ca, p.key
	}
	cert, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: cert},
		name + ".key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(p.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// HTTPS is verified by default, by the system's authorities or those that are named; a client's certificate is shown when asked.
func TestNginxTLS(t *testing.T) {
	long(t)
	t.Parallel()
	n := startNginx(t, "http://127.0.0.1:1")
	const untrusted = "tls: certificate not trusted"
	tests := []struct {
		name, tls string // the spec's section
		args      []string
		client    bool   // on the port that asks for a client's certificate
		status    string // of all answers; "": none, all failed
	}{
		{"verified", "{ca: ca.pem}", nil, false, "200"},
		{"unknown authority", "{}", nil, false, ""},
		{"insecure", "{}", []string{"--insecure"}, false, "200"},
		{"another name", "{ca: ca.pem, server_name: elsewhere.test}", nil, false, ""},
		{"its own name", "{ca: ca.pem, server_name: " + serverName + "}", nil, false, "200"},
		{"no client certificate", "{ca: ca.pem}", nil, true, "400"},
		{"client certificate", "{ca: ca.pem, cert: client.pem, key: client.key}", nil, true, "200"},
	}
	for _, c := range tests {
		for _, way := range pollers() {
			t.Run(c.name+", "+way, func(t *testing.T) {
				port := n.tls
				if c.client {
					port = n.asked
				}
				spec := filepath.Join(n.dir, strings.ReplaceAll(c.name, " ", "-")+".yaml")
				n.write(t, filepath.Base(spec), fmt.Sprintf("target: https://127.0.0.1:%d\nrequest: {uri: /b.txt}\ntls: %s\n", port, c.tls))
				o := iago(t, 10*time.Second, append([]string{spec, "-r", "200", "-n", "60", "--poller", way, "-H", "Accept-Encoding: gzip"}, c.args...)...)
				if c.status == "" {
					if o.status != 1 || o.Requests.Completed != 0 || o.Errors[untrusted] != o.Requests.Sent {
						t.Errorf("status %d, requests %+v, errors %v", o.status, o.Requests, o.Errors)
					}
					return
				}
				o.kept(t)
				if o.Requests.Completed != 60 || o.Status[c.status] != 60 {
					t.Errorf("requests %+v, statuses %v, errors %v", o.Requests, o.Status, o.Errors)
				}
			})
		}
	}
}

// Sessions are used again by later connections, and the name is asked for (SNI).
func TestNginxTLSSessions(t *testing.T) {
	long(t)
	t.Parallel()
	for _, way := range pollers() {
		n := startNginx(t, "http://127.0.0.1:1")
		spec := filepath.Join(n.dir, "spec.yaml")
		n.write(t, "spec.yaml", fmt.Sprintf("target: https://127.0.0.1:%d\nrequest: {uri: /a.html}\ntls: {ca: ca.pem, server_name: %s}\npool: {reuse: false}\n", n.tls, serverName))
		o := iago(t, 10*time.Second, spec, "-r", "200", "-n", "200", "--poller", way)
		o.kept(t)
		n.stop(t)
		if o.Requests.Completed != 200 || o.Status["200"] != 200 {
			t.Errorf("%s: requests %+v, errors %v", way, o.Requests, o.Errors)
		}
		reused, total := 0, 0
		for line := range strings.Lines(n.read(t, "tls.log")) {
			f := strings.Fields(line)
			if total++; f[0] != serverName {
				t.Errorf("%s: nginx was asked for %q", way, f[0])
			}
			if f[1] == "r" {
				reused++
			}
		}
		if total != 200 || reused < 150 {
			t.Errorf("%s: %d of %d connections went on with an earlier session", way, reused, total)
		}
	}
}
