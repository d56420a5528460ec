package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startShop starts nginx by examples/protocols/nginx.conf, but for its port, folders and log. It returns nginx's Unix socket and log.
func startShop(t *testing.T) (s *server, socket, log string) {
	t.Helper()
	dir := t.TempDir()
	socket, log = filepath.Join(dir, "shop.sock"), filepath.Join(dir, "access.log")
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the folder is the test's own
	}
	temporary := ""
	for _, of := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += fmt.Sprintf("%s_temp_path %s; ", of, dir)
	}
	s = startServer(t, func(port int) *exec.Cmd {
		_ = os.Remove(socket) // of an earlier try
		conf := edited(t, "nginx.conf", "daemon off;", "daemon off; master_process off; "+user, "/tmp/iago-nginx.pid", filepath.Join(dir, "pid"),
			"/tmp/iago-shop.sock", socket, "127.0.0.1:8081", fmt.Sprintf("127.0.0.1:%d", port),
			"access_log off;", temporary+"log_format story '$proxy_protocol_addr $uri $status'; access_log "+log+" story;")
		return exec.Command(program(t, "nginx"), "-e", "stderr", "-p", dir, "-c", conf)
	}, func(address string) bool {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		defer c.Close()
		return exists(socket)
	})
	return s, socket, log
}

// logged ends nginx and counts its log's lines.
func (s *server) logged(t *testing.T, log string) map[string]int64 {
	t.Helper()
	s.signal(t, syscall.SIGQUIT)
	if err := s.await(patience); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int64{}
	for l := range strings.Lines(string(raw)) {
		lines[strings.TrimSpace(l)]++
	}
	return lines
}

// HTTP over a Unix socket, with and without a path before all others.
func TestProtocolUnixSocket(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		s, socket, log := startShop(t)
		o := protocolRun(t, "unix-socket.yaml", "--target", "http+unix:"+socket, poller)
		o.wantStatuses(t, map[string]int64{"200": 240})
		protocolRun(t, "unix-socket.yaml", "--target", "http+unix:"+socket+":/v2", poller)
		if got := s.logged(t, log); got["- /hello 200"] != 240 || got["- /v2/hello 200"] != 240 {
			t.Errorf("nginx saw %v", got)
		}
	})
}

// The PROXY protocol: nginx takes each request for that of the client that its record names, or of the one that the spec does.
func TestProtocolProxy(t *testing.T) {
	long(t)
	t.Parallel()
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			eachPoller(t, func(t *testing.T, poller string) {
				s, _, log := startShop(t)
				spec := edited(t, "proxy.yaml", "version: v2", "version: "+version)
				o := protocolRunOf(t, spec, "--target", "http://"+s.address, poller)
				o.kept(t)
				if o.wantStatuses(t, map[string]int64{"200": 240}); o.Checks["right client"].Passed != 240 {
					t.Errorf("checks %v, errors %v", o.Checks, o.Errors)
				}
				fixed := edited(t, "proxy.yaml", "version: v2", "version: "+version, "# client: 192.0.2.1", "client: 203.0.113.5",
					"    client: fields.client         # so each request has a connection of its own\n", "",
					"body startsWith \"hello \" + kept.client", `body startsWith "hello 203.0.113.5"`)
				o = protocolRunOf(t, fixed, "--target", "http://"+s.address, poller)
				o.kept(t)
				if o.Checks["right client"].Passed != 240 || o.Concurrency.Connections == 0 {
					t.Errorf("fixed client: checks %v, errors %v", o.Checks, o.Errors)
				}
				got := s.logged(t, log)
				for line, n := range map[string]int64{
					"192.0.2.1 / 200": 60, "198.51.100.7 /cart 200": 60, "2001:db8::7 /search 200": 60, "192.0.2.99 /cart 200": 60,
					"203.0.113.5 / 200": 60, "203.0.113.5 /cart 200": 120, "203.0.113.5 /search 200": 60,
				} {
					if got[line] != n {
						t.Errorf("nginx saw %q %d times, not %d: %v", line, got[line], n, got)
					}
				}
			})
		})
	}
}
