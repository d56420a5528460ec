//go:build unix

package discoverytest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Process is a server of somebody else's that a test runs, kills, freezes and starts again. It is gone when the test ends. Its
// methods are for the goroutine of the test.
type Process struct {
	t     testing.TB
	path  string
	args  []string
	cmd   *exec.Cmd
	ended chan struct{}
	log   *os.File // what it writes
}

// Start runs a program.
func Start(t testing.TB, path string, args ...string) *Process {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{t: t, path: path, args: args, log: log}
	t.Cleanup(func() {
		p.Kill()
		log.Close()
	})
	p.Restart()
	return p
}

// Restart starts the program again after Kill.
func (p *Process) Restart() {
	p.t.Helper()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("%v; `make deps` installs what tests need", err)
	}
	p.ended = make(chan struct{})
	go await(p.cmd, p.ended)
}

func await(cmd *exec.Cmd, ended chan struct{}) {
	defer close(ended)
	_ = cmd.Wait() // a killed process ends in error; one that ends by itself is told by its log
}

// Kill ends the process at once (SIGKILL), also when it is frozen, and waits for its end.
func (p *Process) Kill() {
	if p.ended == nil {
		return // it has never begun
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Freeze stops the process in its tracks (SIGSTOP): its sockets stay open, and nobody answers. Thaw lets it go on. It returns
// when the last of its threads, some of which may have been answering somebody, stands still.
func (p *Process) Freeze() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	if !Eventually(func() bool { return Still(p.cmd.Process.Pid) }) {
		p.t.Fatalf("%s does not stand still", p.path)
	}
}

// Still tells whether all threads of a process are stopped, as far as the system says (Linux does, by proc(5)).
func Still(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, t := range threads {
		b, err := os.ReadFile(t)
		if err == nil && !bytes.HasPrefix(b[bytes.LastIndexByte(b, ')')+1:], []byte(" T")) {
			return false
		}
	}
	return true
}

// Thaw lets a frozen process go on.
func (p *Process) Thaw() { p.signal(syscall.SIGCONT) }

// Reload sends SIGHUP.
func (p *Process) Reload() { p.signal(syscall.SIGHUP) }

func (p *Process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// Await waits until ready returns nil; if it never does, the test fails and shows what the process wrote.
func (p *Process) Await(ready func() error) {
	p.t.Helper()
	var err error
	if Eventually(func() bool { err = ready(); return err == nil }) {
		return
	}
	log, _ := os.ReadFile(p.log.Name())
	p.t.Fatalf("%s is not ready: %v\n%s", p.path, err, log)
}

// FreePort returns a port of 127.0.0.1 that nobody uses, over TCP or over UDP.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp", l.Addr().String())
		l.Close()
		if err == nil {
			_ = u.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}
