package k8s

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// kubeconfig is a file of kubectl's as far as we read it.
type kubeconfig struct {
	Current  string         `yaml:"current-context"`
	Clusters []namedCluster `yaml:"clusters"`
	Users    []namedUser    `yaml:"users"`
	Contexts []namedContext `yaml:"contexts"`
}

type namedCluster struct {
	Name    string
	Cluster struct {
		Server     string `yaml:"server"`
		CA         string `yaml:"certificate-authority"`
		CAData     string `yaml:"certificate-authority-data"`
		Insecure   bool   `yaml:"insecure-skip-tls-verify"`
		ServerName string `yaml:"tls-server-name"`
		Proxy      string `yaml:"proxy-url"`
	}
}

type namedUser struct {
	Name string
	User struct {
		Token, Username, Password string
		TokenFile                 string    `yaml:"tokenFile"`
		Cert                      string    `yaml:"client-certificate"`
		CertData                  string    `yaml:"client-certificate-data"`
		Key                       string    `yaml:"client-key"`
		KeyData                   string    `yaml:"client-key-data"`
		Exec                      yaml.Node `yaml:"exec"`
		Provider                  yaml.Node `yaml:"auth-provider"`
	}
}

type namedContext struct {
	Name    string
	Context struct{ Cluster, User string }
}

// fromFiles reads kubeconfigs; where several say something of the same name, the first one counts. context "": the current one.
func fromFiles(files []string, context string) (*access, error) {
	var all kubeconfig
	for _, file := range files {
		if err := all.add(file); errors.Is(err, fs.ErrNotExist) && len(files) > 1 {
			continue // as kubectl does
		} else if err != nil {
			return nil, fmt.Errorf("kubeconfig: %w", err)
		}
	}
	if context == "" {
		context = all.Current
	}
	a, err := all.access(context)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", strings.Join(files, ", "), err)
	}
	return a, nil
}

// add reads one file. What it says of files is relative to its folder.
func (k *kubeconfig) add(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var one kubeconfig
	if err := yaml.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	relative := func(paths ...*string) {
		for _, p := range paths {
			if *p != "" && !filepath.IsAbs(*p) {
				*p = filepath.Join(filepath.Dir(file), *p)
			}
		}
	}
	for i := range one.Clusters {
		relative(&one.Clusters[i].Cluster.CA)
	}
	for i := range one.Users {
		u := &one.Users[i].User
		relative(&u.Cert, &u.Key, &u.TokenFile)
	}
	if k.Current == "" {
		k.Current = one.Current
	}
	k.Clusters, k.Users, k.Contexts = append(k.Clusters, one.Clusters...), append(k.Users, one.Users...), append(k.Contexts, one.Contexts...)
	return nil
}

// access is how the context's user reaches the context's cluster.
func (k *kubeconfig) access(context string) (*access, error) {
	for _, c := range k.Contexts {
		if c.Name != context {
			continue
		}
		a, err := k.cluster(c.Context.Cluster)
		if err != nil {
			return nil, err
		}
		return a, k.user(a, c.Context.User)
	}
	return nil, fmt.Errorf("no context %q", context)
}

func (k *kubeconfig) cluster(name string) (*access, error) {
	for _, n := range k.Clusters {
		if n.Name != name {
			continue
		}
		c := n.Cluster
		a, err := settings{server: c.Server}.direct()
		if err != nil {
			return nil, fmt.Errorf("cluster %q: %w", name, err)
		}
		ca, err := decode(c.CA, c.CAData)
		if err == nil {
			a.tls, err = trust(ca)
		}
		if err != nil {
			return nil, fmt.Errorf("cluster %q: %w", name, err)
		}
		a.tls.InsecureSkipVerify, a.tls.ServerName = c.Insecure, c.ServerName
		if c.Proxy != "" {
			if a.proxy, err = url.Parse(c.Proxy); err != nil {
				return nil, fmt.Errorf("cluster %q: proxy-url: %w", name, err)
			}
		}
		return a, nil
	}
	return nil, fmt.Errorf("no cluster %q", name)
}

// user makes the access that of a user. "": nobody in particular.
func (k *kubeconfig) user(a *access, name string) error {
	for _, n := range k.Users {
		if n.Name != name {
			continue
		}
		u := n.User
		if !u.Exec.IsZero() || !u.Provider.IsZero() {
			return fmt.Errorf("user %q has its credentials from an outside program, which is not run; use a token or a certificate", name)
		}
		if a.token, a.user, a.password = u.Token, u.Username, u.Password; u.TokenFile != "" && u.Token == "" {
			text, err := os.ReadFile(u.TokenFile)
			if err != nil {
				return fmt.Errorf("user %q: token: %w", name, err)
			}
			a.token = strings.TrimSpace(string(text))
		}
		cert, err := decode(u.Cert, u.CertData)
		if err != nil || !cert.given() {
			return err
		}
		key, err := decode(u.Key, u.KeyData)
		if err != nil {
			return err
		}
		pair, err := keyPair(cert, key)
		if err != nil {
			return fmt.Errorf("user %q: %w", name, err)
		}
		a.tls.Certificates = []tls.Certificate{pair}
		return nil
	}
	if name == "" {
		return nil
	}
	return fmt.Errorf("no user %q", name)
}

func keyPair(cert, key material) (tls.Certificate, error) {
	c, err := cert.read()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate: %w", err)
	}
	p, err := key.read()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client key: %w", err)
	}
	return tls.X509KeyPair(c, p)
}

// decode is material from a file or from the file itself, in base64.
func decode(file, data string) (material, error) {
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return material{}, fmt.Errorf("data in base64: %w", err)
	}
	return material{file, b}, nil
}
