package etcd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

// credentials writes a certificate that is its own authority, for a server on 127.0.0.1 and for its clients.
func credentials(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestTLS: an etcd that is spoken to over TLS, both sides showing certificates.
func TestTLS(t *testing.T) {
	cert, key := credentials(t)
	address, peer := fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t)), fmt.Sprintf("127.0.0.1:%d", discoverytest.FreePort(t))
	s := discoverytest.Start(t, "etcd", "--data-dir", t.TempDir(), "--listen-client-urls", "https://"+address, "--advertise-client-urls", "https://"+address,
		"--listen-peer-urls", "http://"+peer, "--cert-file", cert, "--key-file", key, "--client-cert-auth", "--trusted-ca-file", cert)
	url := fmt.Sprintf("etcd://%s/services/web?ca=%s&cert=%s&key=%s", address, cert, cert, key)
	s.Await(func() error {
		b, err := discovery.Open(url, nil)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err = discovery.Await(ctx, b, 0)
		return err
	})
	p := portsAt(t, url)
	p.await()
	b, err := discovery.Open(url, p.logf)
	if err != nil {
		t.Fatal(err)
	}
	unregister, err := b.(discovery.Registrar).Register(t.Context(), discovery.Member{Host: "192.0.2.1", Port: 1})
	if err != nil {
		t.Fatal(err)
	}
	p.await(1)
	unregister()
	p.await()
}
