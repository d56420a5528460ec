//go:build linux

package kubernetes

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// keeper holds what a cluster takes of the machine, and gives it back. Its first process is number 1 of a PID namespace and holds a
// mount namespace: when it ends, the kernel ends every process in there and drops the mounts. It ends when its standard input does,
// so that a test that is killed leaves nothing either. The second process then removes control groups and files.
type keeper struct {
	dir     string // files; removed at the end
	cgroup  string // path of the cluster's control group below each hierarchy's root
	first   *script
	sweeper *script
}

// script is a process of the keeper's. It ends when hold is closed.
type script struct {
	*exec.Cmd
	hold io.Closer
	says bytes.Buffer // to be read when it has ended
}

// The first process sees files of its own in the places that Kubernetes, containerd and ip write to whatever their settings. As bash,
// it also reaps those whose parents have gone.
const firstScript = `
set -e
case "$1" in /run/* | /var/lib/* | /var/log/*) echo "temporary files are in $1, which the cluster does not see; set TMPDIR" >&2; exit 1 ;; esac
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock
for d in lib log; do mkdir "$1/var-$d"; mount --bind "$1/var-$d" "/var/$d"; done
echo ready
while read -r _; do :; done
`

// The sweeper waits until it is told, or the test is gone. Groups are empty once the kernel has done with the processes.
const sweeperScript = `
while read -r _; do :; done
shopt -s nullglob
for try in $(seq 100); do
	left=(/sys/fs/cgroup/*"$2")
	[ ${#left[@]} -eq 0 ] && break
	find "${left[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
done
[ ${#left[@]} -eq 0 ] || echo "control groups are still in use: ${left[*]}"
rm -rf "$1"
`

// newKeeper makes the folder, the control groups and the namespaces. What it has made goes with close, also after an error.
func newKeeper() (k *keeper, err error) {
	k = new(keeper)
	if k.dir, err = os.MkdirTemp("", "iago-kubernetes-"); err != nil {
		return nil, err
	}
	k.cgroup = "/" + filepath.Base(k.dir)
	if k.sweeper, err = k.start(&syscall.SysProcAttr{Setsid: true}, sweeperScript, nil); err != nil {
		return nil, errors.Join(err, os.RemoveAll(k.dir))
	}
	out, in, err := os.Pipe()
	if err != nil {
		return k, err
	}
	defer out.Close()
	k.first, err = k.start(&syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}, firstScript, in)
	in.Close()
	if err != nil {
		return k, fmt.Errorf("making namespaces (needs root): %w", err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		k.end()
		return k, fmt.Errorf("making mounts: %w: %s", err, k.first.says.String())
	}
	return k, nil
}

// start runs a script of the keeper's.
func (k *keeper) start(attr *syscall.SysProcAttr, text string, out io.Writer) (*script, error) {
	s := &script{Cmd: exec.Command("bash", "-c", text, "keeper", k.dir, k.cgroup)}
	s.SysProcAttr, s.Stdout, s.Stderr = attr, &s.says, &s.says
	if out != nil {
		s.Stdout = out
	}
	in, err := s.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		in.Close()
		return nil, err
	}
	s.hold = in
	return s, nil
}

// end ends all processes and mounts of the cluster, the hard way.
func (k *keeper) end() {
	if k.first == nil || k.first.ProcessState != nil {
		return
	}
	_ = k.first.Process.Kill()
	_ = k.first.Wait() // returns when no process is left in there
}

// close gives everything back.
func (k *keeper) close() error {
	k.end()
	k.sweeper.hold.Close()
	late := time.AfterFunc(30*time.Second, func() { _ = k.sweeper.Process.Kill() })
	defer late.Stop()
	err := k.sweeper.Wait()
	if says := k.sweeper.says.String(); err != nil || says != "" {
		return fmt.Errorf("sweeping up %s: %w: %s", k.dir, cmp.Or(err, errLeft), says)
	}
	return nil
}

// errLeft: the machine is not as it was.
var errLeft = errors.New("something is left")

// inside are the arguments of nsenter that lead to the cluster's processes and mounts, and with a host to its network.
func (k *keeper) inside(host string) []string {
	proc := fmt.Sprintf("/proc/%d", k.first.Process.Pid)
	args := []string{"--mount=" + proc + "/ns/mnt", "--pid=" + proc + "/ns/pid"}
	if host != "" {
		args = append(args, "--net="+k.network(host))
	}
	return append(args, "--")
}

// network is the file that stands for a host's network namespace, as seen from outside.
func (k *keeper) network(host string) string {
	return fmt.Sprintf("/proc/%d/root/run/netns/%s", k.first.Process.Pid, host)
}

// groups makes a control group for each node, in every hierarchy.
func (k *keeper) groups(nodes []string) error {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return errors.New("this machine has cgroups v2 alone; the cluster was only ever tried with v1 (boot with systemd.unified_cgroup_hierarchy=0)")
	}
	roots, err := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs")
	if err != nil || len(roots) == 0 {
		return fmt.Errorf("no control groups are mounted below /sys/fs/cgroup: %w", err)
	}
	for _, r := range roots {
		top := filepath.Join(filepath.Dir(r), k.cgroup)
		if err := group(top); err != nil {
			return err
		}
		for _, n := range nodes {
			if err := group(filepath.Join(top, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// group makes one. A new group of the cpuset hierarchy takes no process before it has processors and memory.
func group(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("control group: %w", err)
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		of, err := os.ReadFile(filepath.Join(filepath.Dir(dir), name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), of, 0o644)
		}
		if err != nil {
			return fmt.Errorf("control group: %w", err)
		}
	}
	return nil
}
