//go:build linux

package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// host is a network namespace that is called as it is.
type host struct {
	name, address string
	node          bool
	first, last   string // range of a node's pods
}

// dir is where a node's files are.
func (c *Cluster) dir(node string) string { return filepath.Join(c.keeper.dir, node) }

// socket is where a node's containerd answers. Being a file, it does so whatever is cut.
func (c *Cluster) socket(node string) string { return filepath.Join(c.dir(node), "containerd.sock") }

// configureNode writes a node's settings.
func (c *Cluster) configureNode(h host) error {
	blanks := map[string]string{
		"Dir": c.dir(h.name), "Socket": c.socket(h.name), "Pause": pauseImage, "Cgroup": filepath.Join(c.keeper.cgroup, h.name),
		"Bridge": bridge, "Network": network, "First": h.first, "Last": h.last,
	}
	for file, from := range map[string]string{"containerd.toml": "containerd.toml", "kubelet.yaml": "kubelet.yaml", "cni/flat.conflist": "cni.conflist"} {
		if err := configure(filepath.Join(c.dir(h.name), file), from, blanks); err != nil {
			return err
		}
	}
	return nil
}

// containerd starts a node's, and waits until it answers.
func (c *Cluster) containerd(ctx context.Context, h host) error {
	if err := c.spawn(h.name, "containerd", "--config", filepath.Join(c.dir(h.name), "containerd.toml")); err != nil {
		return err
	}
	return c.await(ctx, "containerd on "+h.name+" answers", func(ctx context.Context) error {
		_, err := c.ctr(ctx, h.name, "plugins", "list", "id==cri")
		return err
	})
}

// kubelet starts a node's. It goes on trying until the API server takes it in.
func (c *Cluster) kubelet(h host) error {
	config, err := c.credentials.kubeConfig(nodeUser+h.name, controlAddress, h.name)
	if err != nil {
		return err
	}
	d := c.dir(h.name)
	return c.spawn(
		h.name, c.program("kubelet"), "--config="+filepath.Join(d, "kubelet.yaml"), "--kubeconfig="+config, "--hostname-override="+h.name,
		"--node-ip="+h.address, "--root-dir="+filepath.Join(d, "kubelet"), "--cert-dir="+filepath.Join(d, "certificates"),
	)
}

// ctr asks a node's containerd.
func (c *Cluster) ctr(ctx context.Context, node string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "ctr", append([]string{"-a", c.socket(node), "-n", "k8s.io"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ctr %s on %s: %w: %s", strings.Join(args, " "), node, err, out)
	}
	return string(out), nil
}

// Running are the pods whose containers run on a node, as NAMESPACE/NAME. It is the node that is asked, so that pods are seen that the
// API server has given up.
func (c *Cluster) Running(node string) (pods []string, err error) {
	all, err := c.containers(node)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	return slices.Compact(slices.Sorted(maps.Values(all))), nil
}

// Kill ends a pod's processes the hard way, where they run. Nobody is told: the node finds out.
func (c *Cluster) Kill(node, namespace, pod string) error {
	all, err := c.containers(node)
	if err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	killed := false
	for task, of := range all {
		if of != namespace+"/"+pod {
			continue
		}
		if _, err := c.ctr(ctx, node, "tasks", "kill", "--all", "--signal=SIGKILL", task); err != nil {
			return fmt.Errorf("kubernetes: %w", err)
		}
		killed = true
	}
	if !killed {
		return fmt.Errorf("kubernetes: %s/%s does not run on %s, where there are %v", namespace, pod, node, slices.Sorted(maps.Values(all)))
	}
	return nil
}

// containers are those of pods that run on a node, by the names that containerd has for them: whose they are, as NAMESPACE/NAME.
func (c *Cluster) containers(node string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	tasks, err := c.ctr(ctx, node, "tasks", "list")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for line := range strings.Lines(tasks) {
		f := strings.Fields(line) // TASK PID STATUS
		if len(f) != 3 || f[2] != "RUNNING" {
			continue
		}
		info, err := c.ctr(ctx, node, "containers", "info", f[0])
		if err != nil {
			continue // it has ended since
		}
		var is struct{ Labels map[string]string }
		if err := json.Unmarshal([]byte(info), &is); err != nil {
			return nil, fmt.Errorf("ctr containers info: %w", err)
		}
		if is.Labels["io.cri-containerd.kind"] == "container" {
			all[f[0]] = is.Labels["io.kubernetes.pod.namespace"] + "/" + is.Labels["io.kubernetes.pod.name"]
		}
	}
	return all, nil
}

// PodLog is what a pod's containers have written so far, as the node keeps it: each line with its time, its stream and F, or P for a part
// of a line. It is there while the node is cut off, when kubectl logs is not, and until the pod is deleted.
func (c *Cluster) PodLog(node, namespace, pod string) (string, error) {
	files, err := filepath.Glob(filepath.Join(c.dir(node), "pods", namespace+"_"+pod+"_*", "*", "*.log"))
	if err == nil && len(files) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return "", fmt.Errorf("kubernetes: log of %s/%s on %s: %w", namespace, pod, node, err)
	}
	var b strings.Builder
	for _, f := range files {
		part, err := os.ReadFile(f)
		if err != nil {
			return "", fmt.Errorf("kubernetes: log of %s/%s on %s: %w", namespace, pod, node, err)
		}
		b.Write(part)
	}
	return b.String(), nil
}
