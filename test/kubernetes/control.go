//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// store starts etcd. Nothing of it has to outlive the machine's next second.
func (c *Cluster) store() error {
	return c.spawn(
		Control, c.program("etcd"), "--data-dir="+filepath.Join(c.keeper.dir, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380", "--initial-cluster=default=http://127.0.0.1:2380",
	)
}

// apiserver starts the API server. Without a reconciler of its own endpoints it neither needs nor makes anything but what is asked for.
func (c *Cluster) apiserver() error {
	seconds := strconv.Itoa(int(c.options.Eviction / time.Second))
	k := c.credentials
	return c.spawn(
		Control, c.program("kube-apiserver"), "--etcd-servers=http://127.0.0.1:2379", "--endpoint-reconciler-type=none",
		"--bind-address=0.0.0.0", "--advertise-address="+controlAddress, "--secure-port=443", "--service-cluster-ip-range="+clusterIPs,
		"--tls-cert-file="+k.file("apiserver.pem"), "--tls-private-key-file="+k.file("apiserver.key"),
		"--token-auth-file="+k.file("tokens.csv"), "--authorization-mode=Node,RBAC", "--allow-privileged=true",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+k.file("accounts.key.pub"),
		"--service-account-signing-key-file="+k.file("accounts.key"), "--kubelet-preferred-address-types=InternalIP",
		"--default-not-ready-toleration-seconds="+seconds, "--default-unreachable-toleration-seconds="+seconds,
	)
}

// managers start what acts on what the API server holds. They end at once if it does not answer.
func (c *Cluster) managers() error {
	manager, err := c.credentials.kubeConfig(managerUser, controlAddress, "manager")
	if err != nil {
		return err
	}
	scheduler, err := c.credentials.kubeConfig(schedulerUser, controlAddress, "scheduler")
	if err != nil {
		return err
	}
	err = c.spawn(
		Control, c.program("kube-controller-manager"), "--kubeconfig="+manager, "--leader-elect=false", "--secure-port=0",
		"--service-account-private-key-file="+c.credentials.file("accounts.key"), "--root-ca-file="+c.credentials.file("authority.pem"),
		"--node-monitor-grace-period=10s", "--node-monitor-period=1s",
	)
	if err != nil {
		return err
	}
	return c.spawn(Control, c.program("kube-scheduler"), "--kubeconfig="+scheduler, "--leader-elect=false", "--secure-port=0")
}

// answers: the API server does, and has made what it starts with.
func (c *Cluster) answers(ctx context.Context) error {
	return c.Get(ctx, "/readyz", nil)
}

// complete: pods can be made, and there are nodes for them.
func (c *Cluster) complete(ctx context.Context) error {
	if err := c.Get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil); err != nil {
		return err
	}
	for _, n := range c.Nodes() {
		ready, err := c.ready(ctx, n)
		if err != nil {
			return err
		}
		if !ready {
			return fmt.Errorf("%s is not ready", n)
		}
	}
	return nil
}

// ready says that a node can be given pods.
func (c *Cluster) ready(ctx context.Context, node string) (bool, error) {
	var n struct {
		Spec   struct{ Taints []struct{ Key string } }
		Status struct {
			Conditions []struct{ Type, Status string }
		}
	}
	if err := c.Get(ctx, "/api/v1/nodes/"+node, &n); err != nil {
		return false, err
	}
	for _, is := range n.Status.Conditions {
		if is.Type == "Ready" {
			return is.Status == "True" && len(n.Spec.Taints) == 0, nil
		}
	}
	return false, nil
}
