package spec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTLSFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir, "one")
	certificate(t, dir, "two")
	for _, test := range []struct{ options, want string }{
		{"{ca: one.pem}", ""},
		{"{cert: one.pem, key: one.key, ca: two.pem}", ""},
		{"{cert: one.pem, key: two.key}", "private key does not match public key"},
		{"{ca: one.key}", "expected at least one certificate in PEM form"},
		{"{cert: one.pem, key: .}", "expected a file; this is a folder"},
	} {
		_, err := Parse(filepath.Join(dir, "s.yaml"), []byte("target: https://h\ntls: "+test.options))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.options, err, test.want)
		}
	}
}

// certificate writes a fresh name.pem and name.key.
func certificate(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
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
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
