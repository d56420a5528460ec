package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
)

const nginxConf = `
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
%[1]s
events { worker_connections 64; }
http {
	client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
	access_log off;
	default_type text/plain;
	server {
		listen 127.0.0.1:%[2]d proxy_protocol;
		listen unix:s proxy_protocol;
		location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"; }
	}
}
`

// nginx starts a server that we did not write, which says what it reads out of headers; it returns its address and Unix socket.
func nginx(t *testing.T) (address netip.AddrPort, socket string) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not on everybody's path
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("nginx is not installed; `make deps` installs it (Debian's package nginx-light)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	dir, user := t.TempDir(), ""
	if os.Getuid() == 0 {
		user = "user root;" // the folder is the test's own
	}
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), fmt.Appendf(nil, nginxConf, user, address.Port()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-p", dir, "-c", "nginx.conf", "-e", "error.log", "-g", "daemon off; master_process off;")
	var log bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for range 1000 {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("nginx: %v\n%s", err, log.Bytes())
		default:
		}
		if c, err := net.Dial("tcp", address.String()); err == nil {
			c.Close()
			return address, filepath.Join(dir, "s")
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
	return address, ""
}

// TestNginx: what nginx reads out of our headers. It does not write port 0, and text addresses as they came.
func TestNginx(t *testing.T) {
	address, socket := nginx(t)
	port := fmt.Sprint(address.Port())
	for version, mapped := range map[string]string{"v1": "::ffff:7f00:1", "v2": "::ffff:127.0.0.1"} {
		for _, c := range []struct{ client, over, want string }{
			{"192.0.2.1:4711", "tcp", "192.0.2.1 4711 127.0.0.1 " + port},
			{"192.0.2.1", "tcp", "192.0.2.1  127.0.0.1 " + port},
			{"[2001:db8::1]:65535", "tcp", "2001:db8::1 65535 " + mapped + " " + port},
			{"192.0.2.1:4711", "unix", "192.0.2.1 4711 0.0.0.0 "},
			{"2001:db8::1", "unix", "2001:db8::1  :: "},
			{"", "tcp", "   "},
			{"", "unix", "   "},
		} {
			server, at := address, address.String()
			if c.over == "unix" {
				server, at = netip.AddrPort{}, socket
			}
			head, err := newHeader(t, version, "").Append(nil, &load.Request{Client: []byte(c.client)}, server)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial(c.over, at)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			_, err = conn.Write(append(head, "GET / HTTP/1.0\r\n\r\n"...))
			answer, rerr := io.ReadAll(conn)
			conn.Close()
			if _, body, ok := strings.Cut(string(answer), "\r\n\r\n"); !ok || body != c.want {
				t.Errorf("%s, %s, client %q: %q, %v, %v; want %q", version, c.over, c.client, answer, err, rerr, c.want)
			}
		}
	}
}
