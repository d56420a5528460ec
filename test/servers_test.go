package test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Servers that we did not write, each in a process of its own on a free port of 127.0.0.1.

// program finds a server's program, also where it is not on everybody's path.
func program(t testing.TB, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed; `make deps` installs it", name)
	return ""
}

// server is one that was started.
type server struct {
	*child
	port    int
	address string // 127.0.0.1 and the port
}

// startServer starts the server that command makes for a port, and waits until up says that it answers; nil: until it accepts
// connections. Somebody may take the port in between, so it is tried more than once.
func startServer(t testing.TB, command func(port int) *exec.Cmd, up func(address string) bool) *server {
	t.Helper()
	if up == nil {
		up = listening
	}
	for try := 0; ; try++ {
		s := &server{port: serverPort(t)}
		s.address = fmt.Sprintf("127.0.0.1:%d", s.port)
		c := command(s.port)
		s.child = start(t, c)
		if eventually(patience, func() bool { return s.await(0) == nil || up(s.address) }) && s.await(0) != nil {
			return s
		}
		s.kill()
		if try == 3 {
			t.Fatalf("%v does not start: %s%s", c.Args, s.out, s.err)
		}
	}
}

// serverPort is a port that is free for streams and datagrams, and so is the one 10000 above it, where a Redis of a cluster talks to
// the others.
func serverPort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := freePort(t)
		if port+10000 > 65535 {
			continue
		}
		bus, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+10000))
		if err != nil {
			continue
		}
		bus.Close()
		d, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		d.Close()
		return port
	}
	t.Fatal("no free port")
	return 0
}

// redis is redis-server, with redis-cli to talk to it.
type redis struct {
	*server
	socket, password string
}

// startRedis starts a redis-server with these lines of configuration besides. A password is that of the default user.
func startRedis(t testing.TB, password string, config ...string) *redis {
	t.Helper()
	r := &redis{socket: filepath.Join(t.TempDir(), "s"), password: password}
	if password != "" {
		config = append(config, "requirepass "+password, "masterauth "+password)
	}
	r.server = startServer(t, func(port int) *exec.Cmd {
		c := exec.Command(program(t, "redis-server"), "-")
		c.Dir = t.TempDir()
		c.Stdin = strings.NewReader(fmt.Sprintf("bind 127.0.0.1\nport %d\nunixsocket %s\nsave \"\"\ndir %s\n%s\n", port, r.socket, c.Dir, strings.Join(config, "\n")))
		return c
	}, nil)
	return r
}

// say has redis-cli say a command, and returns the answer.
func (r *redis) say(t testing.TB, words ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), program(t, "redis-cli"), append([]string{"-s", r.socket, "-e"}, words...)...)
	if c.Env = os.Environ(); r.password != "" {
		c.Env = append(c.Env, "REDISCLI_AUTH="+r.password)
	}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %v: %v: %s", words, err, out)
	}
	return strings.TrimSpace(string(out))
}

// calls are the commands that it has been given, by their names.
func (r *redis) calls(t testing.TB) map[string]int64 {
	t.Helper()
	calls := map[string]int64{}
	for line := range strings.Lines(r.say(t, "INFO", "commandstats")) {
		rest, ok := strings.CutPrefix(line, "cmdstat_")
		name, figures, _ := strings.Cut(rest, ":calls=")
		n, _, _ := strings.Cut(figures, ",")
		if count, err := strconv.ParseInt(n, 10, 64); ok && err == nil {
			calls[strings.ToUpper(name)] = count
		}
	}
	return calls
}

// startCluster starts three redis-servers and gives each a third of the slots.
func startCluster(t testing.TB) (nodes []*redis) {
	t.Helper()
	const slots = 16384
	for i := range 3 {
		n := startRedis(t, "secret", "cluster-enabled yes")
		n.say(t, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		n.say(t, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa((slots*i+2)/3), strconv.Itoa((slots*(i+1)+2)/3-1))
		if i > 0 {
			n.say(t, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(nodes[0].port))
		}
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		if !eventually(patience, func() bool {
			info := n.say(t, "CLUSTER", "INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_size:3")
		}) {
			t.Fatal("the cluster does not come together")
		}
	}
	return nodes
}

// startMemcached starts memcached, with further arguments.
func startMemcached(t testing.TB, args ...string) *server {
	t.Helper()
	return startServer(t, func(port int) *exec.Cmd {
		return exec.Command(program(t, "memcached"), append([]string{"-u", "root", "-l", "127.0.0.1", "-U", "0", "-p", strconv.Itoa(port)}, args...)...)
	}, nil)
}

// memcachedSays sends a line and returns the answer's lines, without the one that ends them.
func memcachedSays(t testing.TB, address, line string) (answer []string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(c, "%s\r\n", line)
	for s := bufio.NewScanner(c); s.Scan(); {
		if s.Text() == "END" {
			return answer
		}
		answer = append(answer, s.Text())
	}
	t.Fatalf("memcached: %s: the answer has no end: %q", line, answer)
	return nil
}

// memcachedStats are its figures.
func memcachedStats(t testing.TB, address string) map[string]int64 {
	t.Helper()
	stats := map[string]int64{}
	for _, line := range memcachedSays(t, address, "stats") {
		if f := strings.Fields(line); len(f) == 3 {
			if n, err := strconv.ParseInt(f[2], 10, 64); err == nil {
				stats[f[1]] = n
			}
		}
	}
	return stats
}

// startSocat starts socat, which sends back what comes to the address that listen makes for a port.
func startSocat(t testing.TB, listen func(port int) string, up func(string) bool) *server {
	t.Helper()
	return startServer(t, func(port int) *exec.Cmd { return exec.Command(program(t, "socat"), listen(port), "PIPE") }, up)
}

// exists says that there is a file.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
