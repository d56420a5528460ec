//go:build linux

package kubernetes

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed config
var configs embed.FS

var templates = template.Must(template.ParseFS(configs, "config/*"))

// configure writes a file of config/ with its blanks filled.
func configure(file, from string, blanks any) error {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, from, blanks); err != nil {
		return err
	}
	return write(file, b.String())
}

// write writes a file for nobody else to read, with its folder.
func write(file, content string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o600)
}

// credentials are what the parts of a cluster know one another by. They are made for one cluster and live as long.
type credentials struct {
	dir       string
	authority []byte // certificate that the API server's is signed by, PEM
	tokens    map[string]string
}

// Users of the API server. A node's is nodeUser and its name.
const (
	admin         = "admin"
	managerUser   = "system:kube-controller-manager"
	schedulerUser = "system:kube-scheduler"
	nodeUser      = "system:node:"
)

// file is where the credential of a name is.
func (k *credentials) file(name string) string { return filepath.Join(k.dir, name) }

// makeCredentials makes certificates, the key that signs the tokens of service accounts, and tokens of users.
func makeCredentials(dir string, nodes []string) (*credentials, error) {
	k := &credentials{dir: dir, tokens: map[string]string{}}
	if err := k.certify(); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := k.key("accounts.key", key); err != nil {
		return nil, err
	}
	// The manager's controllers share its right to everything, where in production each is a user of its own.
	groups := map[string]string{admin: "system:masters", managerUser: "system:masters", schedulerUser: ""}
	for _, n := range nodes {
		groups[nodeUser+n] = "system:nodes"
	}
	var b strings.Builder
	for user, group := range groups {
		k.tokens[user] = rand.Text()
		fmt.Fprintf(&b, "%s,%s,%s,%q\n", k.tokens[user], user, user, group)
	}
	return k, write(k.file("tokens.csv"), b.String())
}

// certify makes an authority, and a certificate of it for the API server.
func (k *credentials) certify() error {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "iago test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IsCA: true, BasicConstraintsValid: true,
	}
	authority := *template
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, &authority, &authority, &signer.PublicKey, signer)
	if err != nil {
		return err
	}
	k.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := write(k.file("authority.pem"), string(k.authority)); err != nil {
		return err
	}
	template.SerialNumber, template.Subject = big.NewInt(2), pkix.Name{CommonName: "kube-apiserver"}
	template.KeyUsage, template.IsCA = x509.KeyUsageDigitalSignature, false
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(controlAddress)}
	if der, err = x509.CreateCertificate(rand.Reader, template, &authority, &key.PublicKey, signer); err != nil {
		return err
	}
	if err := write(k.file("apiserver.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))); err != nil {
		return err
	}
	return k.key("apiserver.key", key)
}

// key writes a private key, and beside it the public one.
func (k *credentials) key(name string, key crypto.Signer) error {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := write(k.file(name), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))); err != nil {
		return err
	}
	return write(k.file(name+".pub"), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
}

// kubeConfig writes what a user needs to talk to the API server at an address, and returns the file.
func (k *credentials) kubeConfig(user, server, name string) (string, error) {
	file := k.file(name + ".kubeconfig")
	return file, configure(file, "kubeconfig.yaml", map[string]string{
		"Server": server, "User": user, "Token": k.tokens[user], "Authority": base64.StdEncoding.EncodeToString(k.authority),
	})
}

// tls trusts the authority.
func (k *credentials) tls() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(k.authority)
	return &tls.Config{RootCAs: pool}
}
