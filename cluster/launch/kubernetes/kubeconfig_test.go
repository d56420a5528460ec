package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// who answers with who asked: the token, the user of a password, or the name in the certificate.
func who(t *testing.T) (server *httptest.Server, ca []byte) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("Authorization")
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprintf(w, `{"metadata": {"name": %q}}`, name+" at "+r.URL.Path)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// pair is a certificate of somebody's, and its key.
func pair(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	c.Subject.CommonName = name
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv})
}

// ask asks for a pod and returns who the server took us for.
func ask(t *testing.T, c *client) string {
	t.Helper()
	defer c.http.CloseIdleConnections()
	var p pod
	if err := c.do(t.Context(), http.MethodGet, "Pod", "x", nil, nil, &p); err != nil {
		t.Fatal(err)
	}
	return p.Metadata.Name
}

func write(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCredentials(t *testing.T) {
	server, ca := who(t)
	cert, key := pair(t, "me")
	dir := t.TempDir()
	write(t, dir, "ca.pem", string(ca), 0o600)
	write(t, dir, "cert.pem", string(cert), 0o600)
	write(t, dir, "key.pem", string(key), 0o600)
	write(t, dir, "token", "from-a-file\n", 0o600)
	b64 := base64.StdEncoding.EncodeToString
	answer := `{"kind": "ExecCredential", "status": {"token": "from-a-program"}}`
	program := write(t, dir, "program", "#!/bin/sh\n[ -n \"$KUBERNETES_EXEC_INFO\" ] && [ \"$1$WHICH\" = ab ] && echo '"+answer+"'\n", 0o755)
	asJSON := strings.NewReplacer("\n", `\n`)
	certs := write(t, dir, "certs", fmt.Sprintf("#!/bin/sh\ncat <<'X'\n{\"status\": {\"clientCertificateData\": \"%s\", \"clientKeyData\": \"%s\"}}\nX\n",
		asJSON.Replace(string(cert)), asJSON.Replace(string(key))), 0o755)

	for _, tt := range []struct{ user, want string }{
		{"{token: plain}", "Bearer plain"},
		{"{tokenFile: token}", "Bearer from-a-file"},
		{"{username: u, password: p}", "Basic dTpw"},
		{"{client-certificate: cert.pem, client-key: key.pem}", "me"},
		{fmt.Sprintf("{client-certificate-data: %s, client-key-data: %s}", b64(cert), b64(key)), "me"},
		{fmt.Sprintf("{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, args: [a], env: [{name: WHICH, value: b}]}}", program), "Bearer from-a-program"},
		{fmt.Sprintf("{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s}}", certs), "me"},
	} {
		text := fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: other
contexts: [{name: here, context: {cluster: c, user: u, namespace: load}}, {name: other, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "%s/prefix", certificate-authority: ca.pem}}]
users: [{name: u, user: %s}]
`, server.URL, tt.user)
		c, err := connect(t.Context(), &Options{Kubeconfig: write(t, dir, "config", text, 0o600), Context: "here"})
		if err != nil {
			t.Errorf("%s: %v", tt.user, err)
			continue
		}
		if got, want := ask(t, c), tt.want+" at /prefix/api/v1/namespaces/load/pods/x"; got != want {
			t.Errorf("%s: the server sees %q, expected %q", tt.user, got, want)
		}
	}
}

func TestFromPod(t *testing.T) {
	server, ca := who(t)
	dir := t.TempDir()
	write(t, dir, "ca.crt", string(ca), 0o600)
	write(t, dir, "namespace", "mine", 0o600)
	write(t, dir, "token", "first", 0o600)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := fromPod(u.Hostname(), u.Port(), dir, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, c); got != "Bearer first at /api/v1/namespaces/mine/pods/x" {
		t.Error(got)
	}
	write(t, dir, "token", "renewed", 0o600)
	if got := ask(t, c); !strings.HasPrefix(got, "Bearer renewed") {
		t.Error(got)
	}
}

func TestNoCluster(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("KUBECONFIG", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := connect(t.Context(), &Options{}); err == nil || !strings.Contains(err.Error(), "kubeconfig") {
		t.Errorf("no cluster: %v", err)
	}
	t.Setenv("KUBECONFIG", filepath.Join(dir, "one")+":"+filepath.Join(dir, "two"))
	if _, err := connect(t.Context(), &Options{}); err == nil || !strings.Contains(err.Error(), "one") {
		t.Errorf("no file: %v", err)
	}
	const config = `contexts: [{name: a, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: %s}]
users: [{name: u, user: %s}]`
	for _, tt := range []struct{ context, cluster, user, want string }{
		{"b", "{server: 'https://x'}", "{}", `no context "b"`},
		{"a", "{}", "{}", "no cluster"},
		{"a", "{server: x}", "{}", "expected a URL"},
		{"a", "{server: 'https://x', certificate-authority-data: eA==}", "{}", "PEM"},
		{"a", "{server: 'https://x', certificate-authority: nobody}", "{}", "nobody"},
		{"a", "{server: 'https://x'}", "{client-certificate-data: eA==, client-key-data: eA==}", "client certificate"},
		{"a", "{server: 'https://x'}", "{auth-provider: {name: gcp}}", "auth-provider"},
		{"a", "{server: 'https://x'}", "{exec: {command: /bin/false, installHint: 'install it'}}", "install it"},
		{"a", "{server: 'https://x'}", "{exec: {command: /bin/true}}", "no ExecCredential"},
		{"a", "{server: 'https://x', proxy-url: ':'}", "{}", "proxy-url"},
	} {
		path := write(t, dir, "config", fmt.Sprintf(config, tt.cluster, tt.user), 0o600)
		if _, err := connect(t.Context(), &Options{Kubeconfig: path, Context: tt.context}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func FuzzKubeconfig(f *testing.F) {
	f.Add([]byte(`{current-context: a, contexts: [{name: a, context: {cluster: c}}], clusters: [{name: c, cluster: {server: "https://x"}}]}`), "")
	f.Add([]byte("contexts: [{name: b}]\n"), "b")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		cl, _, _, err := parse(raw, name)
		if err == nil && cl.Server == "" {
			t.Error("a cluster without a server")
		}
	})
}
