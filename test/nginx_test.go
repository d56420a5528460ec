package test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nginx is a server that we did not write, with a configuration of the test's own.
type nginx struct {
	*child
	dir                      string
	plain, brief, tls, asked int // ports: HTTP, HTTP that closes idle connections soon, HTTPS, HTTPS that asks for a client's certificate
	pki                      *pki
}

const nginxConf = `
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
%[1]s
events { worker_connections 2048; }
http {
	log_format story '$request_method $request_uri $server_protocol $status $http_x_story';
	log_format tls '$ssl_server_name $ssl_session_reused $ssl_client_verify';
	access_log access.log story;
	default_type text/plain;
	client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
	keepalive_requests 100;
	root files;
	gzip on; gzip_types text/plain; gzip_min_length 100;
	ssl_certificate server.pem; ssl_certificate_key server.key;
	server {
		listen 127.0.0.1:%[2]d;
		location /down { return 503; }
		location /nothing { return 204; }
		location /upstream/ { proxy_pass %[6]s; proxy_http_version 1.1; }
	}
	server { listen 127.0.0.1:%[3]d; keepalive_timeout 100ms; }
	server { listen 127.0.0.1:%[4]d ssl; access_log tls.log tls; }
	server { listen 127.0.0.1:%[5]d ssl; access_log tls.log tls; ssl_client_certificate ca.pem; ssl_verify_client on; }
}
`

// startNginx starts nginx with some files and, behind /upstream/, an upstream of the test's own.
func startNginx(t *testing.T, upstream string) *nginx {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not on everybody's path
	}
	dir := t.TempDir()
	n := &nginx{dir: dir, pki: newPKI(t, dir)}
	for _, d := range []string{"files", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	n.write(t, "files/a.html", strings.Repeat("<p>static</p>\n", 500))
	n.write(t, "files/b.txt", strings.Repeat("compressed on the fly, so in chunks\n", 2000))
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the folder is the test's own
	}
	for try := 0; ; try++ {
		n.plain, n.brief, n.tls, n.asked = freePort(t), freePort(t), freePort(t), freePort(t)
		n.write(t, "nginx.conf", fmt.Sprintf(nginxConf, user, n.plain, n.brief, n.tls, n.asked, upstream))
		n.child = start(t, exec.Command(path, "-p", dir, "-c", "nginx.conf", "-e", "error.log", "-g", "daemon off; master_process off;"))
		up := func() bool {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.plain))
			if err == nil {
				c.Close()
			}
			return err == nil
		}
		if eventually(patience, func() bool { return n.await(0) == nil || up() }) && n.await(0) != nil {
			return n
		}
		if try == 3 { // somebody may have taken a port, once
			t.Fatalf("nginx does not start: %s%s", n.err, n.read(t, "error.log"))
		}
		n.kill()
	}
}

func (n *nginx) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (n *nginx) read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(n.dir, name))
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}

// stop ends nginx, so that its logs are whole.
func (n *nginx) stop(t *testing.T) {
	t.Helper()
	n.signal(t, syscall.SIGTERM)
	if err := n.await(patience); err != nil {
		t.Fatal(err)
	}
}

// logged counts the lines of nginx's access log.
func (n *nginx) logged(t *testing.T) map[string]int64 {
	t.Helper()
	lines := map[string]int64{}
	for l := range strings.Lines(n.read(t, "access.log")) {
		lines[strings.TrimSpace(l)]++
	}
	return lines
}

// stories are kinds of requests and what each should bring.
var stories = []struct {
	method, uri string
	status      int
	every       int // of so many lines
}{
	{"GET", "/a.html", 200, 4},
	{"HEAD", "/a.html", 200, 5},
	{"GET", "/b.txt?q=chunked", 200, 3},
	{"POST", "/a.html", 405, 7},
	{"GET", "/none/such", 404, 6},
	{"GET", "/down", 503, 11},
	{"GET", "/nothing", 204, 9},
	{"GET", "/upstream/chunks", 200, 13},
	{"DELETE", "/upstream/thing", 200, 17},
}

// nginx answers what it answers, all of it is understood, and its access log holds what was sent, each once.
func TestNginxReplay(t *testing.T) {
	long(t)
	for _, way := range pollers() {
		t.Run(way, func(t *testing.T) {
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for range 3 {
					fmt.Fprint(w, strings.Repeat("x", 1000))
					w.(http.Flusher).Flush() // so there is no length, and nginx passes chunks on
				}
			}))
			defer upstream.Close()
			n := startNginx(t, upstream.URL)
			want, statuses, total := map[string]int64{}, map[string]int64{}, int64(0)
			var log strings.Builder
			for i := 1; i <= 3000; i++ {
				for _, s := range stories {
					if i%s.every == 0 {
						fmt.Fprintf(&log, "127.0.0.1 - - [17/May/2015:10:05:03 +0000] \"%s %s HTTP/1.0\" 200 1 \"http://from/%d\" \"agent %d\"\n", s.method, s.uri, i, i)
						want[fmt.Sprintf("%s %s HTTP/1.1 %d told", s.method, s.uri, s.status)]++
						statuses[fmt.Sprint(s.status)]++
						total++
					}
				}
			}
			n.write(t, "records.log", log.String())
			o := iago(t, 15*time.Second, fmt.Sprintf("http://127.0.0.1:%d", n.plain), "--records", filepath.Join(n.dir, "records.log"),
				"--loop=false", "-n", "1000000", "-r", "1500", "-H", "X-Story: told", "-H", "Accept-Encoding: gzip", "--poller", way)
			n.stop(t)
			o.kept(t)
			if o.Requests.Sent != total || o.Run.End != "source" {
				t.Errorf("%d sent of %d, end %q", o.Requests.Sent, total, o.Run.End)
			}
			// keepalive_requests makes nginx close a connection after each 100 answers. A connection it closes is not used again.
			if float64(o.Requests.Failed) > 0.001*float64(total) {
				t.Errorf("%d of %d failed: %v", o.Requests.Failed, total, o.Errors)
			}
			logged := n.logged(t)
			missing := int64(0)
			for line, k := range want {
				missing += max(k-logged[line], 0)
			}
			for line, k := range logged {
				if k > want[line] {
					t.Errorf("nginx has %q %d times; expected %d", line, k, want[line])
				}
			}
			if missing > o.Requests.Failed {
				t.Errorf("%d requests are missing in nginx's log; %d failed", missing, o.Requests.Failed)
			}
			for status, k := range statuses {
				if got := o.Status[status]; got > k || got < k-o.Requests.Failed {
					t.Errorf("%d answers with status %s; expected %d", got, status, k)
				}
			}
			if o.ServerErrors != o.Status["503"] {
				t.Errorf("%d server errors, statuses %v", o.ServerErrors, o.Status)
			}
			if o.Concurrency.Connections > 1000 {
				t.Errorf("%d connections for %v in flight on average: they are not used again", o.Concurrency.Connections, o.Concurrency.Mean)
			}
		})
	}
}

// A body passes through nginx whole.
func TestNginxBody(t *testing.T) {
	long(t)
	t.Parallel()
	body := strings.Repeat("all the world's a stage\n", 10_000) // 240 kB: more than a socket takes at once
	sum := sha256.Sum256([]byte(body))
	want := hex.EncodeToString(sum[:])
	bodies := make(chan string, 10_000)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		_, _ = io.Copy(h, r.Body)
		bodies <- r.Method + " " + r.URL.Path + " " + hex.EncodeToString(h.Sum(nil))
		_, _ = io.WriteString(w, "ok")
	}))
	defer upstream.Close()
	n := startNginx(t, upstream.URL)
	n.write(t, "body", body)
	n.write(t, "expect.yaml", "target: http://127.0.0.1:1\nhttp1: {expect_continue: true}\n")
	n.write(t, "uri", "/upstream/take\n")
	total := int64(0)
	for _, args := range [][]string{nil, {"--poller=portable"}, {filepath.Join(n.dir, "expect.yaml")}} {
		url := fmt.Sprintf("http://127.0.0.1:%d", n.plain)
		if len(args) > 0 && strings.HasSuffix(args[0], ".yaml") {
			args = append(args, "--target")
		}
		o := iago(t, 10*time.Second, append(args, url, "--records", filepath.Join(n.dir, "uri"), "-X", "PUT", "--body-file", filepath.Join(n.dir, "body"), "-n", "60", "-r", "60")...)
		o.kept(t)
		if o.Requests.Completed != 60 || o.Status["200"] != 60 || o.Bytes.Sent < 60*int64(len(body)) {
			t.Errorf("%v: requests %+v, statuses %v, errors %v, %d bytes sent", args, o.Requests, o.Status, o.Errors, o.Bytes.Sent)
		}
		total += o.Requests.Completed
	}
	n.stop(t)
	close(bodies)
	for got := range bodies {
		if got != "PUT /upstream/take "+want {
			t.Fatalf("the upstream got %s; expected the body with hash %s", got, want)
		}
		total--
	}
	if total != 0 {
		t.Errorf("%d bodies did not arrive", total)
	}
}

// nginx closes idle connections after 100 ms; the next request comes later, and must not be given to one of them.
func TestNginxClosesIdleConnections(t *testing.T) {
	long(t)
	t.Parallel()
	n := startNginx(t, "http://127.0.0.1:1")
	n.write(t, "uri", "/a.html\n")
	for _, way := range pollers() {
		o := iago(t, 10*time.Second, fmt.Sprintf("http://127.0.0.1:%d", n.brief), "--records", filepath.Join(n.dir, "uri"), "-r", "3", "-n", "9", "--arrival", "uniform", "--poller", way)
		o.kept(t)
		if o.Status["200"] != 9 || o.Requests.Failed > 0 || o.Concurrency.Connections > 2 {
			t.Errorf("%s: requests %+v, errors %v, %d connections", way, o.Requests, o.Errors, o.Concurrency.Connections)
		}
	}
}
