package bustest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// Options are how nats-server processes are started.
type Options struct {
	Servers int    // how many, as one cluster; 0: 1
	Extra   string // text for the configuration of each, in NATS' own form; for example max_payload: 2MB
	Auth    string // likewise: instead of a token, users or accounts. Then Config has no credentials
	Config  string // a file instead of all that: the configuration of each server of a cluster, as in examples/cluster
}

// Cluster is one nats-server process or several that know each other. They store in files and end with the test.
type Cluster struct {
	t       testing.TB
	token   string
	servers []*Server
}

// Server is a nats-server process.
type Server struct {
	Name string // n1, n2, …
	Addr string // 127.0.0.1:port; stays the same across restarts

	t     testing.TB
	args  []string
	env   []string
	log   string
	mu    sync.Mutex
	cmd   *exec.Cmd // nil: not running
	ended chan struct{}
}

// Start starts nats-server processes and waits until they take connections.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	c := &Cluster{t: t, token: "a-token-for-tests"}
	auth := o.Auth
	if auth == "" {
		auth = fmt.Sprintf("authorization { token: %q }", c.token)
	} else {
		c.token = ""
	}
	n := max(o.Servers, 1)
	addrs := free(t, 2*n)
	for i := range n {
		dir := t.TempDir()
		s := &Server{Name: fmt.Sprint("n", i+1), Addr: addrs[i], t: t, log: filepath.Join(dir, "log")}
		if o.Config != "" {
			s.example(o.Config, c.token, dir, addrs[n+i], addrs[n:])
		} else {
			s.configure(dir, auth+"\n"+o.Extra, addrs[n+i], addrs[n:])
		}
		c.servers = append(c.servers, s)
		s.begin()
		t.Cleanup(s.end)
	}
	for _, s := range c.servers {
		s.await()
	}
	return c
}

// configure writes a server's configuration; one of a cluster listens for the others at own.
func (s *Server) configure(dir, more, own string, all []string) {
	s.t.Helper()
	text := fmt.Sprintf("listen: %q\nserver_name: %s\njetstream { store_dir: %q }\n%s\n", s.Addr, s.Name, dir, more)
	if len(all) > 1 {
		text += fmt.Sprintf("cluster { name: iago, listen: %q, routes: [nats-route://%s] }\n", own, strings.Join(all, ", nats-route://"))
	}
	config := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.args = []string{"-c", config, "-l", s.log}
}

// example is for a configuration that is the same on all machines: what differs is in variables.
func (s *Server) example(config, token, dir, own string, all []string) {
	const password = "a-password-for-tests"
	var routes []string
	for _, a := range all {
		if a != own {
			routes = append(routes, "nats-route://route:"+password+"@"+a)
		}
	}
	s.args = []string{"-c", config, "-l", s.log, "--routes", strings.Join(routes, ",")}
	s.env = append(os.Environ(), "IAGO_BUS_TOKEN="+token, "NATS_PASSWORD="+password,
		"NATS_NAME="+s.Name, "NATS_LISTEN="+s.Addr, "NATS_CLUSTER="+own, "NATS_DATA="+dir)
}

// free finds addresses on loopback that nobody listens on.
func free(t testing.TB, n int) (list []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list
}

// Config is how to connect to the servers.
func (c *Cluster) Config() bus.Config {
	var addrs []string
	for _, s := range c.servers {
		addrs = append(addrs, s.Addr)
	}
	return bus.Config{URL: "nats://" + strings.Join(addrs, ","), Token: c.token}
}

// Servers are the processes, in the order of their names.
func (c *Cluster) Servers() []*Server { return c.servers }

// Server is the process of this name.
func (c *Cluster) Server(name string) *Server {
	c.t.Helper()
	for _, s := range c.servers {
		if s.Name == name {
			return s
		}
	}
	c.t.Fatalf("there is no server %q", name)
	return nil
}

// program builds nats-server, by the version that tools/go.mod pins, in Go's build cache.
var program = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(string(bytes.TrimSpace(mod)))
	c := exec.Command("go", "tool", "-modfile="+filepath.Join(root, "tools", "go.mod"), "-n", "nats-server")
	c.Dir = root
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("build nats-server: %w: %s", err, stderr.Bytes())
	}
	return string(bytes.TrimSpace(out)), nil
})

// Start starts the process again and waits until it takes connections; one that runs is left alone.
func (s *Server) Start() {
	s.t.Helper()
	s.begin()
	s.await()
}

func (s *Server) begin() {
	s.t.Helper()
	path, err := program()
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return
	}
	c := exec.Command(path, s.args...)
	c.Env = s.env
	c.SysProcAttr = dieWithTest()
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // a process dies with the thread that started it, which so stays
		err := c.Start()
		if started <- err; err == nil {
			_ = c.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		s.t.Fatalf("start nats-server: %v", err)
	}
	s.cmd, s.ended = c, ended
}

// await waits until the server greets whoever connects.
func (s *Server) await() {
	s.t.Helper()
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if c, err := net.DialTimeout("tcp", s.Addr, time.Second); err == nil {
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
			n, _ := c.Read(make([]byte, 4))
			c.Close()
			if n > 0 {
				return
			}
		}
		select {
		case <-ended:
			s.t.Fatalf("nats-server %s has ended:\n%s", s.Name, s.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.t.Fatalf("nats-server %s does not take connections:\n%s", s.Name, s.Log())
}

// Kill ends the process by SIGKILL and waits until it is gone.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
}

// end ends the process, and shows the end of its log when the test has failed.
func (s *Server) end() {
	s.Kill()
	if s.t.Failed() {
		lines := strings.Split(s.Log(), "\n")
		s.t.Logf("%s logged at last:\n%s", s.Name, strings.Join(lines[max(0, len(lines)-40):], "\n"))
	}
}

// PID is the process' number; 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Log is what the server has logged.
func (s *Server) Log() string {
	b, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
