package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	targethttp "github.com/iagoloadgen/iago/target/http"
)

// patience is how long the tests wait for what should take moments: the machine may be busy with other things.
const patience = 30 * time.Second

// target is a built-in target in a process of its own.
type target struct {
	*child
	url string
}

// startTarget starts `iago target http` on a free port. It ends by itself after two minutes at the latest.
func startTarget(t testing.TB, args ...string) *target {
	t.Helper()
	g, err := launchTarget(binary(t), "", args)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.kill)
	return g
}

func launchTarget(iago, dir string, args []string) (*target, error) {
	return launchTargetKind(iago, dir, "http", args)
}

// launchTargetKind starts `iago target KIND`.
func launchTargetKind(iago, dir, kind string, args []string) (*target, error) {
	c := exec.Command(iago, append([]string{"target", kind, "--listen", "127.0.0.1:0", "--duration", "2m"}, args...)...)
	c.Dir = dir
	p, err := startCommand(c)
	if err != nil {
		return nil, err
	}
	g := &target{child: p}
	eventually(patience, func() bool {
		_, after, said := strings.Cut(p.err.String(), "listening on ")
		g.url, _, _ = strings.Cut(after, "\n")
		return said && strings.Contains(after, "\n") || p.await(0) == nil
	})
	if g.url == "" {
		p.kill()
		return nil, fmt.Errorf("the target %v did not start: %s", args, p.err.String())
	}
	return g, nil
}

// now asks the target what it has seen so far.
func (g *target) now(t testing.TB) (s targethttp.Stats) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+targethttp.StatsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// seen waits until the target has seen n requests.
func (g *target) seen(t testing.TB, n int64) {
	t.Helper()
	if !eventually(patience, func() bool { return g.now(t).Requests >= n }) {
		t.Fatalf("the target saw %d requests only; expected %d", g.now(t).Requests, n)
	}
}

// stop ends the target and returns all that it saw.
func (g *target) stop(t testing.TB) (s targethttp.Stats) {
	t.Helper()
	text, err := g.end()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("the target's figures: %v\n%s", err, text)
	}
	return s
}

// end ends the target, if it has not ended by itself, and returns what it prints at the end.
func (g *target) end() (string, error) {
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return "", err
	}
	if err := g.await(patience); err != nil {
		return "", err
	}
	if s := g.status(); s != 0 {
		return "", fmt.Errorf("the target ended with status %d: %s", s, g.err.String())
	}
	return g.out.String(), nil
}

// nobody is a URL at which connections are refused: its port is taken, and nobody listens. It stays so for the whole test.
func nobody(t testing.TB) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	a, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", a.(*unix.SockaddrInet4).Port)
}

// freePort is a port that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
