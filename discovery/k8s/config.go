package k8s

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// settings are where the address says that access is to be had.
type settings struct{ server, ca, token, tokenFile, kubeconfig, context string }

// serviceAccount is where pods find who they are.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// access reads, in this order of preference: the server in the address, the kubeconfig named there or by $KUBECONFIG, what a pod has
// from its service account, and the kubeconfig in the home directory. Files are read each time, since tokens are replaced.
func (s settings) access() (*access, error) {
	switch {
	case s.server != "":
		return s.direct()
	case s.kubeconfig != "":
		return fromFiles([]string{s.kubeconfig}, s.context)
	case os.Getenv("KUBECONFIG") != "":
		return fromFiles(filepath.SplitList(os.Getenv("KUBECONFIG")), s.context)
	case os.Getenv("KUBERNETES_SERVICE_HOST") != "":
		return inPod(serviceAccount)
	}
	home, err := os.UserHomeDir()
	if err == nil {
		file := filepath.Join(home, ".kube", "config")
		if _, err = os.Stat(file); err == nil {
			return fromFiles([]string{file}, s.context)
		}
	}
	return nil, errors.New("no API server: this is no pod, and there is no kubeconfig; set KUBECONFIG, or give ?kubeconfig=FILE or ?server=URL")
}

// inPod is access from within a pod, by the files of its service account.
func inPod(account string) (*access, error) {
	return settings{
		server: "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")),
		ca:     filepath.Join(account, "ca.crt"), tokenFile: filepath.Join(account, "token"),
	}.direct()
}

// direct is access to a server by its URL.
func (s settings) direct() (*access, error) {
	a := &access{server: strings.TrimSuffix(s.server, "/"), token: s.token}
	if !strings.HasPrefix(a.server, "http://") && !strings.HasPrefix(a.server, "https://") {
		return nil, fmt.Errorf("server %s: expected a URL such as https://host:6443", s.server)
	}
	if s.tokenFile != "" {
		text, err := os.ReadFile(s.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
		a.token = strings.TrimSpace(string(text))
	}
	var err error
	a.tls, err = trust(material{file: s.ca})
	return a, err
}

// material is something of TLS, in a file or as it is.
type material struct {
	file string
	data []byte
}

func (m material) given() bool { return m.file != "" || len(m.data) > 0 }

// read returns it; what is given as it is goes before a file, as kubectl has it.
func (m material) read() ([]byte, error) {
	if len(m.data) > 0 {
		return m.data, nil
	}
	return os.ReadFile(m.file)
}

// trust is the configuration of TLS that trusts a certificate authority, or the system's if there is none.
func trust(ca material) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if !ca.given() {
		return c, nil
	}
	pem, err := ca.read()
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate authority %s: expected certificates in PEM", ca.file)
	}
	return c, nil
}
