package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers each connection with what it reads, until the listener is closed.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
	}
}

// reaches tells whether a connects to an address and has an echo, within so long.
func reaches(t *testing.T, a *Host, address string, within time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	c, err := a.Dial(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer c.Close()
	return echoes(c, within)
}

func echoes(c net.Conn, within time.Duration) bool {
	_ = c.SetDeadline(time.Now().Add(within))
	if _, err := c.Write([]byte("ping")); err != nil {
		return false
	}
	_, err := io.ReadFull(c, make([]byte, 4))
	return err == nil
}

const (
	soon  = 10 * time.Second       // for what must come
	never = 300 * time.Millisecond // for what must not
)

func TestHosts(t *testing.T) {
	n := New(t)
	a, b := n.Host("a"), n.Host("b")
	l := b.Listen("tcp", ":0")
	go echo(l)
	at := l.Addr().String()
	if !strings.HasPrefix(at, b.Addr().String()+":") {
		t.Errorf("listens on %s, expected an address of %v", at, b.Addr())
	}
	if !reaches(t, a, at, soon) {
		t.Error("a does not reach b")
	}
	if !reaches(t, b, at, soon) {
		t.Error("b does not reach itself")
	}
	if c, err := net.DialTimeout("tcp", at, never); err == nil {
		c.Close()
		t.Error("the machine itself reaches b, which is on a network of its own")
	}
	go echo(a.Listen("tcp", "127.0.0.1:7"))
	if !reaches(t, a, "127.0.0.1:7", soon) {
		t.Error("a has no loopback")
	}
	if reaches(t, b, "127.0.0.1:7", never) {
		t.Error("b reaches a's loopback")
	}
	out, err := a.Command(t.Context(), "ip", "route").Output()
	if err != nil || bytes.Contains(out, []byte("default")) || bytes.Count(out, []byte("\n")) != 1 {
		t.Errorf("routes of a: %q, %v; expected that to its network only", out, err)
	}
	if _, err := a.Dial(t.Context(), "tcp", "b:80"); err == nil || !strings.Contains(err.Error(), "numeric") {
		t.Errorf("dial by name: %v", err)
	}
	other := New(t).Host("a") // the same name on another network
	if reaches(t, other, at, never) {
		t.Error("networks are connected")
	}
}

func TestDoReturns(t *testing.T) {
	h := New(t).Host("a")
	space := func() string {
		s, err := os.Readlink("/proc/thread-self/ns/net")
		if err != nil {
			t.Error(err)
		}
		return s
	}
	home := space()
	failed := errors.New("failed")
	for range 100 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			var there, beside string
			err := h.Do(func() error {
				there = space()
				c := make(chan string)
				go func() { c <- space() }()
				beside = <-c
				return failed
			})
			if !errors.Is(err, failed) || there == home || beside != home || space() != home {
				t.Errorf("%v; on the host %s, beside it %s, at home %s", err, there, beside, home)
			}
		}()
		<-done
	}
}

func TestCommandIsTheProcess(t *testing.T) {
	h := New(t).Host("a")
	ctx, cancel := context.WithCancel(t.Context())
	c := h.Command(ctx, "sleep", "600")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, soon, func() bool {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", c.Process.Pid))
		return string(name) == "sleep\n" && isIn(h.space, c.Process.Pid)
	}, func() string { return "sleep runs on the host" })
	cancel()
	if err := c.Wait(); err == nil {
		t.Error("the command was not killed")
	}
}

// left are the namespaces of a process.
func left(t *testing.T, pid int) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(folder, prefix+strconv.Itoa(pid)+"-*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// onMachine lists what the machine's own namespace has of a network.
func onMachine(t *testing.T, subnet byte) (list []string) {
	t.Helper()
	for _, command := range []string{"ip -o link", "ip -o addr", "ip route", "iptables-save"} {
		out, err := output("", strings.Fields(command)...)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out) {
			if strings.Contains(line, fmt.Sprintf("10.77.%d.", subnet)) || strings.Contains(line, fmt.Sprint(prefix, os.Getpid())) {
				list = append(list, line)
			}
		}
	}
	return list
}

func TestNothingIsLeft(t *testing.T) {
	var stray *exec.Cmd
	var subnet byte
	t.Run("network", func(t *testing.T) {
		n := New(t)
		subnet = n.subnet
		a, b := n.Host("a"), n.Host("b")
		go echo(b.Listen("tcp", ":80"))
		if !reaches(t, a, b.HostPort(80), soon) {
			t.Error("a does not reach b")
		}
		a.CutOut(b)
		a.LinkDown()
		b.Lose(Both, 0.3)
		stray = b.Command(context.Background(), "sh", "-c", "trap '' TERM INT; sleep 600 & sleep 600")
		if err := stray.Start(); err != nil {
			t.Fatal(err)
		}
		Eventually(t, soon, func() bool { return len(inside(b.space)) == 3 }, func() string { return "sh and two sleeps run" })
		if got := len(left(t, os.Getpid())); got != 3 {
			t.Errorf("%d namespaces, expected 3", got)
		}
		if list := onMachine(t, subnet); len(list) > 0 {
			t.Errorf("the machine's own namespace has %q", list)
		}
	})
	if err := stray.Wait(); err == nil {
		t.Error("what ran on the host was not killed")
	}
	if list := left(t, os.Getpid()); len(list) > 0 {
		t.Errorf("left: %v", list)
	}
	if list := onMachine(t, subnet); len(list) > 0 {
		t.Errorf("the machine's own namespace has %q", list)
	}
}

// TestChild is run by the tests below as another process, to end badly.
func TestChild(t *testing.T) {
	how := os.Getenv("NETNS_CHILD")
	if how == "" {
		return // it is no test of its own
	}
	h := New(t).Host("a")
	if err := h.Command(context.Background(), "sleep", "600").Start(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, soon, func() bool { return len(inside(h.space)) == 1 }, func() string { return "sleep runs" })
	fmt.Println("child has", len(left(t, os.Getpid())), "namespaces")
	switch how {
	case "fail":
		t.Fatal("as asked")
	case "panic":
		panic("as asked")
	case "die":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	}
}

func child(t *testing.T, how string) (pid int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), exe, "-test.run=^TestChild$", "-test.v")
	c.Env = append(os.Environ(), "NETNS_CHILD="+how)
	c.WaitDelay = soon
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err == nil {
		t.Fatalf("the child ended well:\n%s", out.Bytes())
	}
	if !bytes.Contains(out.Bytes(), []byte("child has 2 namespaces")) {
		t.Fatalf("the child had no network:\n%s", out.Bytes())
	}
	return c.Process.Pid
}

func TestNothingIsLeftByBadEnds(t *testing.T) {
	for _, how := range []string{"fail", "panic"} {
		if list := left(t, child(t, how)); len(list) > 0 {
			t.Errorf("%s: left %v", how, list)
		}
	}
	pid := child(t, "die") // its cleanup cannot run
	list := left(t, pid)
	if len(list) == 0 {
		t.Log("another test binary has swept already") // all the same
	}
	var strays []int
	for _, space := range list {
		strays = append(strays, inside(filepath.Base(space))...)
	}
	New(t)
	if list := left(t, pid); len(list) > 0 {
		t.Errorf("not swept: %v", list)
	}
	for _, stray := range strays {
		if out, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", stray)); err == nil && bytes.Contains(out, []byte("sleep")) {
			t.Errorf("process %d of the dead test still runs", stray)
		}
	}
}
