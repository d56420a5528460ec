//go:build linux

package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
)

// KubeConfig is a file that makes the test's process, and any other on the machine, the cluster's administrator. It names an address of
// loopback that leads to the API server.
func (c *Cluster) KubeConfig() string { return c.config }

// HostKubeConfig is the same for what runs on a host (Exec) or in a pod: it names the API server's own address.
func (c *Cluster) HostKubeConfig() string { return c.hostConfig }

// Server is the API server's address for the test's process, "127.0.0.1:40001".
func (c *Cluster) Server() string { return c.server }

// KubectlCommand is kubectl with these arguments, for the caller to start and to end: it follows logs, for example.
func (c *Cluster) KubectlCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.program("kubectl"), append([]string{"--kubeconfig=" + c.config}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+c.keeper.dir, "NO_PROXY=127.0.0.1", "KUBECTL_KUBERC=false")
	return cmd
}

// Kubectl runs kubectl with these arguments, a minute at most, and returns what it writes to its standard output. The error holds what it
// writes to the other one.
func (c *Cluster) Kubectl(args ...string) (string, error) { return c.kubectl(nil, args...) }

// Apply gives the API server manifests, YAML or JSON, by kubectl.
func (c *Cluster) Apply(manifests string) error {
	_, err := c.kubectl(strings.NewReader(manifests), "apply", "-f", "-")
	return err
}

func (c *Cluster) kubectl(in io.Reader, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := c.KubectlCommand(ctx, args...)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &complaints
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubernetes: kubectl %s: %w: %s", strings.Join(args, " "), errors.Join(ctx.Err(), err), complaints.Bytes())
	}
	return out.String(), nil
}

// Get asks the API server for a path, "/api/v1/nodes", as the administrator, and decodes the answer into a value that may be nil.
func (c *Cluster) Get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.server+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.credentials.tokens[admin])
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("kubernetes: %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("kubernetes: %s: %s: %.500s", path, resp.Status, body)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("kubernetes: %s: %w", path, err)
	}
	return nil
}

// Pod is what tests ask of a pod.
type Pod struct {
	Name, Node, IP string
	Phase          string // Pending, Running, Succeeded, Failed, Unknown
	Index          string // of an indexed job, "0"
	Deleted        bool   // it has been told to end: a job counts on it no more, though it may still run
}

// Pods are those that a label selector matches, "job-name=load", as the API server has them.
func (c *Cluster) Pods(ctx context.Context, namespace, selector string) ([]Pod, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name              string
				Labels            map[string]string
				DeletionTimestamp *string
			}
			Spec   struct{ NodeName string }
			Status struct{ Phase, PodIP string }
		}
	}
	if err := c.Get(ctx, "/api/v1/namespaces/"+url.PathEscape(namespace)+"/pods?labelSelector="+url.QueryEscape(selector), &list); err != nil {
		return nil, err
	}
	pods := make([]Pod, 0, len(list.Items))
	for _, p := range list.Items {
		pods = append(pods, Pod{
			Name: p.Metadata.Name, Node: p.Spec.NodeName, IP: p.Status.PodIP, Phase: p.Status.Phase,
			Index: p.Metadata.Labels["batch.kubernetes.io/job-completion-index"], Deleted: p.Metadata.DeletionTimestamp != nil,
		})
	}
	return pods, nil
}
