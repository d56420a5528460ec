//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/iagoloadgen/iago/discovery"
	_ "github.com/iagoloadgen/iago/discovery/k8s"
)

// TestEndpointSlices: discovery follows the pods of a headless service at a real API server, as an account with no more rights than it
// needs. Watches end every second, so that going on from a version is tried as well.
func TestEndpointSlices(t *testing.T) {
	c := shared(t)
	made(t, c, "./testdata/tick")
	s := serve(t, c)
	byToken := s.follow("k8s://default/web?port=http&timeout=1s&ca=" + url.QueryEscape(c.credentials.file("authority.pem")) +
		"&server=https://" + c.Server() + "&tokenfile=" + url.QueryEscape(s.token("looker")))
	byFile := s.follow("k8s://default/web?port=8081&kubeconfig=" + url.QueryEscape(c.KubeConfig()))
	are := func(pods ...string) {
		t.Helper()
		byToken.are(80, pods...)
		byFile.are(8081, pods...)
	}
	are()
	s.pod("web-a", "")
	s.pod("web-b", "")
	are("web-a", "web-b")
	s.remove("web-a")
	are("web-b")
	s.pod("web-c", "iago.test/open")
	s.pod("web-d", "")
	s.runs("web-c")
	are("web-b", "web-d") // web-c is not ready
	s.open("web-c", "True")
	are("web-b", "web-c", "web-d")
	s.open("web-c", "False")
	s.remove("web-b")
	are("web-d")
	s.remove("web-d")
	are()
}

// TestEndpointSlicesRefused: an account without rights is told so, and what it lacks.
func TestEndpointSlicesRefused(t *testing.T) {
	c := shared(t)
	s := serve(t, c)
	for account, want := range map[string]string{"default": "cannot list resource", "": "Unauthorized"} {
		file := filepath.Join(t.TempDir(), "nobody")
		if account != "" {
			file = s.token(account)
		} else if err := os.WriteFile(file, []byte("nobody's"), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := discovery.Open("k8s://default/web?port=http&ca="+url.QueryEscape(c.credentials.file("authority.pem"))+
			"&server=https://"+c.Server()+"&tokenfile="+url.QueryEscape(file), t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err = b.Watch(ctx, func([]discovery.Member) { t.Errorf("account %q is told of members", account) })
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("account %q: %v, expected %q", account, err, want)
		}
	}
}

// service is testdata/service.yaml with its pods.
type service struct {
	*Cluster
	t *testing.T
}

var podManifest = template.Must(template.ParseFiles("testdata/pod.yaml"))

// serve makes the service. It is gone when the test has ended.
func serve(t *testing.T, c *Cluster) *service {
	t.Helper()
	if _, err := c.Kubectl("apply", "-f", "testdata/service.yaml"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, err := c.Kubectl("get", "endpointslices,pods", "-o", "wide")
			t.Log(out, err)
		}
		if _, err := c.Kubectl("delete", "pods", "-l", "app=web", "--wait=false"); err != nil {
			t.Error(err)
		}
		if _, err := c.Kubectl("delete", "-f", "testdata/service.yaml"); err != nil {
			t.Error(err)
		}
	})
	return &service{c, t}
}

// token is a file with a token of a service account, as long as the test lasts.
func (s *service) token(account string) string {
	s.t.Helper()
	token, err := s.Kubectl("create", "token", account)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), account)
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

func (s *service) pod(name, gate string) {
	s.t.Helper()
	var b strings.Builder
	if err := podManifest.Execute(&b, map[string]string{"Name": name, "Gate": gate}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Apply(b.String()); err != nil {
		s.t.Fatal(err)
	}
}

// runs waits until a pod does.
func (s *service) runs(name string) {
	s.t.Helper()
	eventually(s.t, name+" runs", func() error {
		phase, err := s.Kubectl("get", "pod", name, "-o=jsonpath={.status.phase}")
		if err == nil && phase != "Running" {
			err = fmt.Errorf("it is %s", phase)
		}
		return err
	})
}

func (s *service) remove(name string) {
	s.t.Helper()
	if _, err := s.Kubectl("delete", "pod", name, "--wait=false"); err != nil {
		s.t.Fatal(err)
	}
}

// open says whether a pod's gate is.
func (s *service) open(name, status string) {
	s.t.Helper()
	patch := fmt.Sprintf(`{"status": {"conditions": [{"type": "iago.test/open", "status": %q}]}}`, status)
	if _, err := s.Kubectl("patch", "pod", name, "--subresource=status", "--patch", patch); err != nil {
		s.t.Fatal(err)
	}
}

// following is a watch, and the last set that it has told.
type following struct {
	*service
	mu   sync.Mutex
	told bool
	set  []discovery.Member
}

// follow watches an address until the test ends.
func (s *service) follow(address string) *following {
	s.t.Helper()
	b, err := discovery.Open(address, s.t.Logf)
	if err != nil {
		s.t.Fatal(err)
	}
	f := &following{service: s}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- b.Watch(ctx, func(set []discovery.Member) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.told, f.set = true, set
		})
	}()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
	return f
}

// are waits until the members are these pods, at their addresses.
func (f *following) are(port int, pods ...string) {
	f.t.Helper()
	eventually(f.t, fmt.Sprintf("members are %v", pods), func() error {
		all, err := f.Pods(f.t.Context(), "default", "app=web")
		if err != nil {
			return err
		}
		at := map[string]string{}
		for _, p := range all {
			at[p.Name] = p.IP
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		right := f.told && len(f.set) == len(pods)
		for i := 0; right && i < len(pods); i++ {
			right = false
			for _, m := range f.set {
				right = right || m.Name == pods[i] && m.Host == at[m.Name] && m.Port == port
			}
		}
		if !right {
			return fmt.Errorf("they are %v (told: %v)", f.set, f.told)
		}
		return nil
	})
}
