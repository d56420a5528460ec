//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// natsImage makes an image of the NATS server that other tests start too, once.
func natsImage(t *testing.T, c *Cluster) string {
	t.Helper()
	const image = "iago.test/nats:1"
	source, err := source()
	if err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "tool", "-modfile="+filepath.Join(source, "..", "..", "tools", "go.mod"), "-n", "nats-server")
	build.Dir, build.Env = source, append(os.Environ(), "CGO_ENABLED=0", "GOTOOLCHAIN=local") // static
	out, err := build.Output()
	if err != nil {
		t.Fatalf("building nats-server: %v", err)
	}
	if err := c.Image(image, map[string]string{"/nats-server": strings.TrimSpace(string(out))}, []string{"/nats-server"}); err != nil {
		t.Fatal(err)
	}
	return image
}

// bus: a whole job over a NATS server of its own, which stays when the feeder's pod does not: the pod that comes in its place goes on.
func (l launching) bus(t *testing.T) {
	_, image := made(t, l.Cluster, "../../cmd/iago")
	address, asked := l.serve(t)
	j := l.job("bus")
	j.Bus.Token = []byte("a token of a statefulset's")
	j.Spec.Data = []byte("target: http://" + address + "\nrate: 100/s\nduration: 10m\n")
	k := l.launcher(t, "bus=statefulset", "nats_image="+natsImage(t, l.Cluster), "address=pod", "image="+image)
	h := l.start(t, k, j)
	list := l.status(t, h, "all run", allRun(3))
	sends := func(what string) {
		t.Helper()
		was := asked.Load()
		eventually(t, what, func() error {
			if n := asked.Load() - was; n < 200 {
				return fmt.Errorf("%d requests more", n)
			}
			return nil
		})
	}
	sends("the job has begun")
	if err := l.Cluster.Kill(list[0].Where, "default", list[0].Name); err != nil {
		t.Fatal(err)
	}
	next := ""
	l.status(t, h, "the feeder is replaced", func(now []launch.Process) bool {
		for _, p := range now {
			if p.Role == launch.Feeder && p.Name != list[0].Name && p.State == launch.Running {
				next = p.Name
			}
		}
		return next != ""
	})
	server, err := l.Kubectl("get", "pod", "bus-bus-0", "-o=jsonpath={.status.podIP}")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new feeder coordinates", func() error { // the workers go on without one
		_, err := l.Kubectl("exec", next, "--", "/iago", "ctl", "bus", "rate", "150/s", "--bus", "nats://"+server+":4222", "--bus-token-file", "/etc/iago/bus/token")
		return err
	})
	sends("the job goes on")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := k.Kill(ctx, "bus"); err != nil {
		t.Fatal(err)
	}
	l.nothing(t, "bus")
}
