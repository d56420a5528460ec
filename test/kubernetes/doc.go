// Package kubernetes brings up a real Kubernetes cluster on one Linux machine for tests of what runs on one: etcd, API server, controller
// manager and scheduler on a host of their own, and nodes with containerd and kubelet. No registry, no virtual machine and no network
// beyond the machine is needed; root, Debian's containerd, runc and CNI plugins are.
//
// A host is a network namespace. All hosts and pods are on one flat network that a switch makes, a namespace too: pods reach one
// another and every host by address. There is no route out. Nothing listens on the machine's own addresses but forwarders on loopback.
// All processes of a cluster live in a PID and a mount namespace, so that they and their mounts end with its first process, and that
// one ends with the test, however the test ends.
//
// There is no kube-proxy and no DNS: of the cluster IPs only that of the API server works, which is the control plane's address.
package kubernetes
