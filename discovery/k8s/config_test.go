package k8s

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

// caFile writes the certificate of the server's authority.
func caFile(t *testing.T, a *api) string {
	t.Helper()
	return write(t, t.TempDir(), "ca.crt", string(pemOf(a)))
}

func pemOf(a *api) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKubeconfig: a cluster is reached as kubectl would, by files beside the kubeconfig or data in it.
func TestKubeconfig(t *testing.T) {
	a := newAPI(t, true)
	a.put("test", "web", "web-1", endpoints(80, "192.0.2.1"))
	a.token = "secret"
	dir := t.TempDir()
	write(t, dir, "ca.crt", string(pemOf(a)))
	write(t, dir, "token", "secret\n")
	head := "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- {name: here, context: {cluster: c, user: u}}\n- {name: nowhere, context: {cluster: x, user: u}}\n"
	byFile := head + "clusters:\n- {name: c, cluster: {server: '" + a.URL + "', certificate-authority: ca.crt}}\nusers:\n- {name: u, user: {tokenFile: token}}\n"
	byData := head + "clusters:\n- {name: c, cluster: {server: '" + a.URL + "', certificate-authority-data: " + base64.StdEncoding.EncodeToString(pemOf(a)) +
		"}}\nusers:\n- {name: u, user: {token: secret}}\n"
	insecure := head + "clusters:\n- {name: c, cluster: {server: '" + a.URL + "/', insecure-skip-tls-verify: true}}\nusers:\n- {name: u, user: {token: secret}}\n"
	for name, text := range map[string]string{"file": byFile, "data": byData, "insecure": insecure} {
		config := write(t, dir, name, text)
		t.Run(name, func(t *testing.T) { watchAt(t, "k8s://test/web?kubeconfig="+config).await("192.0.2.1:80") })
		t.Run(name+" by environment", func(t *testing.T) {
			t.Setenv("KUBECONFIG", filepath.Join(dir, "absent")+string(filepath.ListSeparator)+config)
			watchAt(t, "k8s://test/web").await("192.0.2.1:80")
		})
	}
	for says, address := range map[string]string{
		`no cluster "x"`:     "k8s://test/web?context=nowhere&kubeconfig=" + filepath.Join(dir, "file"),
		`no context "other"`: "k8s://test/web?context=other&kubeconfig=" + filepath.Join(dir, "file"),
		"no such file":       "k8s://test/web?kubeconfig=" + filepath.Join(dir, "absent"),
		"outside program":    "k8s://test/web?kubeconfig=" + write(t, dir, "exec", strings.Replace(byData, "token: secret", "exec: {command: aws}", 1)),
		"expected a URL such as https://host:6443": "k8s://test/web?server=host:6443",
		"a namespace and a service":                "k8s://web?port=80",
		"did you mean \"port\"":                    "k8s://test/web?prot=http",
	} {
		if _, err := discovery.Open(address, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; expected %q", address, err, says)
		}
	}
	t.Run("in a pod", func(t *testing.T) {
		host, port, _ := net.SplitHostPort(a.host())
		t.Setenv("KUBERNETES_SERVICE_HOST", host)
		t.Setenv("KUBERNETES_SERVICE_PORT", port)
		pod, err := inPod(dir)
		if err != nil {
			t.Fatal(err)
		}
		client := pod.client()
		defer client.CloseIdleConnections()
		body, err := pod.get(t.Context(), client, "/apis/discovery.k8s.io/v1/namespaces/test/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb")
		if err != nil {
			t.Fatal(err)
		}
		body.Close()
	})
	t.Setenv("KUBECONFIG", "")
	t.Setenv("HOME", dir)
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := discovery.Open("k8s://test/web", nil); err == nil || !strings.Contains(err.Error(), "set KUBECONFIG") {
		t.Errorf("with nothing given: %v", err)
	}
}

func TestExamples(t *testing.T) {
	t.Setenv("KUBECONFIG", write(t, t.TempDir(), "config", "current-context: a\ncontexts: [{name: a, context: {cluster: c}}, {name: staging, context: {cluster: c}}]\n"+
		"clusters: [{name: c, cluster: {server: 'https://h'}}]\n"))
	discoverytest.Examples(t, "k8s")
}

// FuzzKubeconfig: no text makes it panic, or give access to what is no URL.
func FuzzKubeconfig(f *testing.F) {
	f.Add("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'http://h', certificate-authority-data: eA==}}]\n" +
		"users: [{name: u, user: {token: t}}]\n")
	f.Add("{")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := fromFiles([]string{write(t, t.TempDir(), "config", text)}, ""); err == nil && !strings.HasPrefix(a.server, "http") {
			t.Errorf("%q is access to %q", text, a.server)
		}
	})
}

// FuzzMembers: no list of slices makes it panic, and what it finds can be connected to.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"},"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],"targetRef":{"name":"p"}}],"ports":[{"name":"http","port":80}]}]}`), "http")
	f.Add([]byte(`{"items":[{"endpoints":[{}],"ports":[{}]}]}`), "")
	f.Fuzz(func(t *testing.T, text []byte, port string) {
		var l list
		if json.Unmarshal(text, &l) != nil {
			return
		}
		w := &watch{backend: &backend{port: port}, slices: map[string]slice{}}
		for _, s := range l.Items {
			w.slices[s.Metadata.Name] = s
		}
		set, _ := w.members()
		for _, m := range set {
			if err := m.Validate(); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}
