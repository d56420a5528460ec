//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// common is the cluster that the tests of this package share: to start one takes longer than most of them.
var common struct {
	start sync.Once
	c     *Cluster
	err   error
}

// shared is the common cluster, started when first asked for, with all its nodes ready. Tests leave it as they found it.
func shared(t *testing.T) *Cluster {
	t.Helper()
	long(t)
	common.start.Do(func() {
		ctx, cancel := until(t)
		defer cancel()
		common.c, common.err = open(ctx, Options{Hosts: []string{"target"}})
	})
	if common.err != nil {
		t.Fatalf("kubernetes: %v", common.err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(common.c.logs())
		}
	})
	eventually(t, "all nodes are ready", func() error { return common.c.complete(t.Context()) })
	return common.c
}

// made builds a program, by the path of its package below this one, and gives it to the nodes as an image, once. It returns the
// program's file and the image's name.
func made(t *testing.T, c *Cluster, of string) (file, image string) {
	t.Helper()
	name := filepath.Base(of)
	file, image = filepath.Join(c.keeper.dir, "bin", name), "iago.test/"+name+":1"
	if _, err := os.Stat(file); err == nil {
		return file, image
	}
	err := static(t.Context(), of, file)
	if err == nil {
		err = c.Image(image, map[string]string{"/" + name: file}, []string{"/" + name})
	}
	if err != nil {
		t.Fatal(err)
	}
	return file, image
}

// tests are those of the package, and the end of what they share.
type tests struct{ *testing.M }

// Run ends with status 1 if something is left of the common cluster.
func (m tests) Run() int {
	status := m.M.Run()
	if common.c == nil {
		return status
	}
	dir, pid := "", ""
	if k := common.c.keeper; k != nil && k.first != nil {
		dir, pid = k.dir, strconv.Itoa(k.first.Process.Pid)
	}
	err := common.c.close()
	if err == nil && dir != "" {
		err = gone(dir, pid, 0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the common cluster:", err)
		return max(status, 1)
	}
	return status
}

// gone waits until nothing is left of a cluster, so long at most.
func gone(dir, pid string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		list, err := left(dir, pid)
		if err == nil && len(list) > 0 {
			err = fmt.Errorf("left behind: %v", list)
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
