package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// kubeconfig is what is used of such a file (kubectl's reference, v1 Config). Paths in it are relative to it.
type kubeconfig struct {
	CurrentContext string `yaml:"current-context"`
	Clusters       []struct {
		Name    string  `yaml:"name"`
		Cluster cluster `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string `yaml:"name"`
		User user   `yaml:"user"`
	} `yaml:"users"`
	Contexts []struct {
		Name    string      `yaml:"name"`
		Context contextName `yaml:"context"`
	} `yaml:"contexts"`
}

type contextName struct {
	Cluster   string `yaml:"cluster"`
	User      string `yaml:"user"`
	Namespace string `yaml:"namespace"`
}

type cluster struct {
	Server     string `yaml:"server"`
	CA         string `yaml:"certificate-authority"`
	CAData     string `yaml:"certificate-authority-data"`
	Insecure   bool   `yaml:"insecure-skip-tls-verify"`
	ServerName string `yaml:"tls-server-name"`
	Proxy      string `yaml:"proxy-url"`
}

type user struct {
	Token        string      `yaml:"token"`
	TokenFile    string      `yaml:"tokenFile"`
	Cert         string      `yaml:"client-certificate"`
	CertData     string      `yaml:"client-certificate-data"`
	Key          string      `yaml:"client-key"`
	KeyData      string      `yaml:"client-key-data"`
	Username     string      `yaml:"username"`
	Password     string      `yaml:"password"`
	Exec         *credential `yaml:"exec"`
	AuthProvider *yaml.Node  `yaml:"auth-provider"`
}

// serviceAccount is where a pod finds its own account.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// connect finds the cluster: by the options' kubeconfig, $KUBECONFIG's first file, ~/.kube/config, or from inside a pod.
func connect(ctx context.Context, o *Options) (*client, error) {
	file, inside := o.Kubeconfig, os.Getenv("KUBERNETES_SERVICE_HOST")
	if file == "" {
		file, _, _ = strings.Cut(os.Getenv("KUBECONFIG"), string(filepath.ListSeparator))
	}
	if home, err := os.UserHomeDir(); file == "" && err == nil {
		usual := filepath.Join(home, ".kube", "config")
		if _, err := os.Stat(usual); err == nil {
			file = usual
		}
	}
	switch {
	case file != "":
		return fromFile(ctx, file, o)
	case inside != "":
		return fromPod(inside, os.Getenv("KUBERNETES_SERVICE_PORT"), serviceAccount, o)
	}
	return nil, errors.New("launch: kubernetes: no cluster: expected a kubeconfig (option kubeconfig, $KUBECONFIG, ~/.kube/config)")
}

func fromPod(host, port, account string, o *Options) (*client, error) {
	ns, err := os.ReadFile(filepath.Join(account, "namespace"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("launch: kubernetes: account of this pod: %w", err)
	}
	cl := cluster{Server: "https://" + net.JoinHostPort(host, port), CA: filepath.Join(account, "ca.crt")}
	u := user{TokenFile: filepath.Join(account, "token")}
	return newClient(context.Background(), cl, u, first(o.Namespace, strings.TrimSpace(string(ns))))
}

func fromFile(ctx context.Context, file string, o *Options) (*client, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("launch: kubernetes: kubeconfig: %w", err)
	}
	cl, u, namespace, err := parse(raw, o.Context)
	if err != nil {
		return nil, fmt.Errorf("launch: kubernetes: kubeconfig %s: %w", file, err)
	}
	for _, p := range []*string{&cl.CA, &u.TokenFile, &u.Cert, &u.Key} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(file), *p)
		}
	}
	c, err := newClient(ctx, cl, u, first(o.Namespace, namespace))
	if err != nil {
		return nil, fmt.Errorf("launch: kubernetes: kubeconfig %s: %w", file, err)
	}
	return c, nil
}

func first(a, b string) string {
	switch {
	case a != "":
		return a
	case b != "":
		return b
	}
	return "default"
}

// parse finds a context and what it names. An empty name is the current one.
func parse(raw []byte, name string) (cl cluster, u user, namespace string, err error) {
	var k kubeconfig
	if err := yaml.Unmarshal(raw, &k); err != nil {
		return cl, u, "", err
	}
	if name == "" {
		name = k.CurrentContext
	}
	var in *contextName
	for i := range k.Contexts {
		if k.Contexts[i].Name == name {
			in = &k.Contexts[i].Context
		}
	}
	if in == nil {
		return cl, u, "", fmt.Errorf("it has no context %q; choose one with the option context", name)
	}
	found := false
	for _, c := range k.Clusters {
		if c.Name == in.Cluster {
			cl, found = c.Cluster, true
		}
	}
	if !found || cl.Server == "" {
		return cl, u, "", fmt.Errorf("context %q: it has no cluster %q with a server", name, in.Cluster)
	}
	found = in.User == ""
	for _, x := range k.Users {
		if x.Name == in.User {
			u, found = x.User, true
		}
	}
	if !found {
		return cl, u, "", fmt.Errorf("context %q: it has no user %q", name, in.User)
	}
	return cl, u, in.Namespace, nil
}

// newClient makes the client of a cluster and a user.
func newClient(ctx context.Context, cl cluster, u user, namespace string) (*client, error) {
	if u.AuthProvider != nil {
		return nil, errors.New("auth-provider is no longer known to Kubernetes; expected exec, a token or a certificate")
	}
	server, err := url.Parse(cl.Server)
	if err != nil || server.Host == "" {
		return nil, fmt.Errorf("server %q: expected a URL such as https://host:6443", cl.Server)
	}
	c := &client{server: server, namespace: namespace}
	conf := &tls.Config{InsecureSkipVerify: cl.Insecure, ServerName: cl.ServerName}
	if ca, err := content(cl.CA, cl.CAData); err != nil {
		return nil, fmt.Errorf("certificate-authority: %w", err)
	} else if len(ca) > 0 {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("certificate-authority: expected certificates in PEM")
		}
	}
	if u.Exec != nil {
		if err := u.Exec.run(ctx, &u); err != nil {
			return nil, err
		}
	}
	cert, err1 := content(u.Cert, u.CertData)
	key, err2 := content(u.Key, u.KeyData)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	if len(cert) > 0 {
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	t := &http.Transport{ // no time-outs on answers: a log may have nothing to say for long
		TLSClientConfig: conf, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second,
	}
	if cl.Proxy != "" {
		proxy, err := url.Parse(cl.Proxy)
		if err != nil {
			return nil, fmt.Errorf("proxy-url: %w", err)
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	c.http, c.authorize = &http.Client{Transport: t}, u.authorize
	return c, nil
}

// content is that of a file, or what stands in its place in base64.
func content(file, data string) ([]byte, error) {
	if data != "" {
		return base64.StdEncoding.DecodeString(data)
	}
	if file == "" {
		return nil, nil
	}
	return os.ReadFile(file)
}

// authorize says who asks. A token file is read each time: tokens of pods are renewed in place.
func (u *user) authorize(_ context.Context, r *http.Request) error {
	token := u.Token
	if u.TokenFile != "" {
		b, err := os.ReadFile(u.TokenFile)
		if err != nil {
			return fmt.Errorf("launch: kubernetes: token: %w", err)
		}
		token = strings.TrimSpace(string(b))
	}
	switch {
	case token != "":
		r.Header.Set("Authorization", "Bearer "+token)
	case u.Username != "":
		r.SetBasicAuth(u.Username, u.Password)
	}
	return nil
}
