//go:build linux

package kubernetes

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestNodeSettings(t *testing.T) {
	c := &Cluster{keeper: &keeper{dir: t.TempDir(), cgroup: "/some"}, hosts: hosts(Options{Nodes: 2, Hosts: []string{"target"}})}
	h, err := c.host("node-2")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.configureNode(h); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(c.dir("node-2"), name))
		if err != nil || strings.Contains(string(b), "<no value>") {
			t.Fatalf("%s: %v: %s", name, err, b)
		}
		return b
	}
	if !json.Valid(read("cni/flat.conflist")) {
		t.Error("the network's settings are no JSON")
	}
	var kubelet map[string]any
	if err := yaml.Unmarshal(read("kubelet.yaml"), &kubelet); err != nil || kubelet["cgroupRoot"] != "/some/node-2" {
		t.Errorf("kubelet: %v, %v", err, kubelet["cgroupRoot"])
	}
	if !strings.Contains(string(read("containerd.toml")), `address = "`+c.socket("node-2")+`"`) {
		t.Error("containerd is not where it is looked for")
	}
}

func TestHostsHaveAddressesOfTheirOwn(t *testing.T) {
	c := &Cluster{hosts: hosts(Options{Nodes: 3, Hosts: []string{"target", "bus"}})}
	seen := map[string]string{}
	for _, h := range c.hosts {
		if other, twice := seen[h.address]; twice {
			t.Errorf("%s and %s are both %s", h.name, other, h.address)
		}
		seen[h.address] = h.name
	}
	if len(seen) != 6 || c.Address(Control) != controlAddress || c.Address("target") == "" || c.Address("nowhere") != "" {
		t.Errorf("%v", seen)
	}
	if _, err := c.host("nowhere"); err == nil || !strings.Contains(err.Error(), "node-3") {
		t.Errorf("a wrong name: %v", err)
	}
}

func TestCredentials(t *testing.T) {
	k, err := makeCredentials(filepath.Join(t.TempDir(), "k"), []string{"node-1"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(k.file("apiserver.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"127.0.0.1", controlAddress, "kubernetes.default.svc"} {
		if _, err := cert.Verify(x509.VerifyOptions{DNSName: name, Roots: k.tls().RootCAs}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	file, err := k.kubeConfig(nodeUser+"node-1", controlAddress, "node-1")
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if b, err = os.ReadFile(file); err != nil || yaml.Unmarshal(b, &config) != nil || !strings.Contains(string(b), k.tokens["system:node:node-1"]) {
		t.Errorf("%v: %s", err, b)
	}
}
