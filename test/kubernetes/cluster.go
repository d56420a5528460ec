//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// Options are what clusters differ in.
type Options struct {
	Nodes    int           // called node-1, node-2, …; 0: 2
	Hosts    []string      // further hosts, of a target or a bus
	Eviction time.Duration // from when a node is found not ready until its pods are replaced, if they do not say themselves; 0: 5s, where Kubernetes has 5 minutes
}

// Cluster is a running cluster. Its methods may be called from many goroutines, but for those that cut links: of them one at a time.
type Cluster struct {
	options     Options
	keeper      *keeper
	hosts       []host
	credentials *credentials
	processes   []*process // all started before Start returns

	cuts map[string][][]string // rules that cut a node off, as ebtables takes them

	client             *http.Client
	server             string
	config, hostConfig string

	mu         sync.Mutex
	forwarders []*forwarder
}

// startLimit is for the start alone. On an idle machine of two cores it takes 10 s.
const startLimit = 3 * time.Minute

// Start starts a cluster and waits until all its nodes are ready. It builds Kubernetes if that was not done yet. Everything ends with the
// test; if the test has failed, it is shown the ends of the cluster's logs.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	ctx, cancel := until(t)
	defer cancel()
	c, err := open(ctx, o)
	if c != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(c.logs())
			}
			if err := c.close(); err != nil {
				t.Errorf("kubernetes: %v", err)
			}
		})
	}
	if err != nil {
		t.Fatalf("kubernetes: %v", err)
	}
	return c
}

// open starts a cluster. What there is of it goes with close, also after an error.
func open(ctx context.Context, o Options) (*Cluster, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("namespaces and control groups need root; run the tests as root, or with -short to leave this one out")
	}
	for _, p := range []string{"nsenter", "ip", "bridge", "ebtables", "bash", "containerd", "ctr", "runc", "/usr/lib/cni/bridge"} {
		if _, err := exec.LookPath(p); err != nil {
			return nil, fmt.Errorf("%w; `make deps` installs it", err)
		}
	}
	c := &Cluster{options: o, cuts: map[string][][]string{}}
	if o.Nodes == 0 {
		c.options.Nodes = 2
	}
	if o.Eviction == 0 {
		c.options.Eviction = 5 * time.Second
	}
	c.hosts = hosts(c.options)
	var err error
	if c.keeper, err = newKeeper(); err != nil {
		return c, err
	}
	return c, c.start(ctx)
}

// until ends a little before the test binary would be ended.
func until(t testing.TB) (context.Context, context.CancelFunc) {
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if at, ok := d.Deadline(); ok {
			return context.WithDeadlineCause(t.Context(), at.Add(-30*time.Second), fmt.Errorf("the tests' time is up"))
		}
	}
	return context.WithCancel(t.Context())
}

// hosts are the control plane's, the nodes, and those that are asked for.
func hosts(o Options) []host {
	list := []host{{name: Control, address: controlAddress}}
	for i := range o.Nodes {
		list = append(list, host{
			name: fmt.Sprintf("node-%d", i+1), address: nodeAddress(i, 1), node: true,
			first: nodeAddress(i, 2), last: nodeAddress(i, 254),
		})
	}
	for i, name := range o.Hosts {
		list = append(list, host{name: name, address: hostAddress(i)})
	}
	return list
}

// start builds what is missing, and starts everything.
func (c *Cluster) start(ctx context.Context) error {
	if err := c.programs(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("the cluster was not up after %v", startLimit))
	defer cancel()
	for _, step := range []func(context.Context) error{c.prepare, c.plane, c.nodes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return c.await(ctx, "nodes are ready", c.complete)
}

// prepare makes what processes are to find.
func (c *Cluster) prepare(ctx context.Context) (err error) {
	if err := c.keeper.groups(c.Nodes()); err != nil {
		return err
	}
	if err := c.wire(ctx); err != nil {
		return err
	}
	if c.credentials, err = makeCredentials(filepath.Join(c.keeper.dir, "credentials"), c.Nodes()); err != nil {
		return err
	}
	for _, h := range c.hosts {
		if h.node {
			if err := c.configureNode(h); err != nil {
				return err
			}
		}
	}
	if c.server, err = c.Forward(Control, controlAddress+":443"); err != nil {
		return err
	}
	c.client = &http.Client{Transport: &http.Transport{TLSClientConfig: c.credentials.tls(), ForceAttemptHTTP2: true}}
	if c.config, err = c.credentials.kubeConfig(admin, c.server, admin); err != nil {
		return err
	}
	c.hostConfig, err = c.credentials.kubeConfig(admin, controlAddress, admin+"-host")
	return err
}

// plane starts the control plane.
func (c *Cluster) plane(ctx context.Context) error {
	if err := c.store(); err != nil {
		return err
	}
	if err := c.apiserver(); err != nil {
		return err
	}
	if err := c.await(ctx, "the API server answers", c.answers); err != nil {
		return err
	}
	return c.managers()
}

// nodes starts them, with the image that every pod needs.
func (c *Cluster) nodes(ctx context.Context) error {
	for _, h := range c.hosts {
		if h.node {
			if err := c.containerd(ctx, h); err != nil {
				return err
			}
		}
	}
	pause := filepath.Join(c.keeper.dir, "pause")
	if err := static(ctx, "./pause", pause); err != nil {
		return err
	}
	if err := c.image(ctx, pauseImage, map[string]string{"/pause": pause}, []string{"/pause"}); err != nil {
		return err
	}
	for _, h := range c.hosts {
		if h.node {
			if err := c.kubelet(h); err != nil {
				return err
			}
		}
	}
	return nil
}

// close ends everything and gives the machine back what was taken.
func (c *Cluster) close() error {
	c.mu.Lock()
	list := c.forwarders
	c.mu.Unlock()
	for _, f := range list {
		f.close()
	}
	if c.client != nil {
		c.client.CloseIdleConnections()
	}
	if c.keeper == nil {
		return nil
	}
	c.keeper.end()
	for _, p := range c.processes {
		<-p.done
	}
	return c.keeper.close()
}

// Nodes are the nodes' names.
func (c *Cluster) Nodes() (names []string) {
	for _, h := range c.hosts {
		if h.node {
			names = append(names, h.name)
		}
	}
	return names
}

// Address is that of a host on the cluster's network, for pods and other hosts.
func (c *Cluster) Address(host string) string {
	h, err := c.host(host)
	if err != nil {
		return ""
	}
	return h.address
}

// host finds one by its name.
func (c *Cluster) host(name string) (host, error) {
	i := slices.IndexFunc(c.hosts, func(h host) bool { return h.name == name })
	if i < 0 {
		names := make([]string, len(c.hosts))
		for i, h := range c.hosts {
			names[i] = h.name
		}
		return host{}, fmt.Errorf("kubernetes: no host is called %q; there are %v", name, names)
	}
	return c.hosts[i], nil
}
