package test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TLS for the protocols that have it: memcached by itself, the others behind socat, which takes it off for them. (Redis, raw TCP and HTTP
// have stories of their own.)
func TestProtocolTLS(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	newPKI(t, dir)
	ca := "\ntls: {ca: " + filepath.Join(dir, "ca.pem") + "}\n"
	front := func(t *testing.T, to string) string {
		return startServer(t, func(port int) *exec.Cmd {
			listen := fmt.Sprintf("OPENSSL-LISTEN:%d,bind=127.0.0.1,fork,reuseaddr,cert=%[2]s/server.pem,key=%[2]s/server.key,verify=0", port, dir)
			return exec.Command(program(t, "socat"), listen, "TCP4:"+to)
		}, nil).address
	}
	for spec, start := range map[string]func(t *testing.T) string{
		"memcached.yaml": func(t *testing.T) string {
			return "memcacheds://" + startMemcached(t, "-Z", "-o", fmt.Sprintf("ssl_chain_cert=%[1]s/server.pem,ssl_key=%[1]s/server.key", dir)).address
		},
		"dns-tcp.yaml": func(t *testing.T) string {
			s, _ := startKnot(t)
			return "dns+tls://" + front(t, s.address)
		},
		"thrift.yaml": func(t *testing.T) string {
			s := startThrift(t, filepath.Join(protocolsDir, "shop.thrift"), "shop.Shop", "testdata/thrift/shop.py", "framed", "binary")
			return "thrifts://" + front(t, s.address)
		},
		"kestrel.yaml": func(t *testing.T) string {
			s := startServer(t, func(port int) *exec.Cmd {
				return exec.Command(binary(t), "target", "kestrel", "--listen", "127.0.0.1:"+strconv.Itoa(port), "--duration", "2m")
			}, nil)
			return "kestrels://" + front(t, s.address)
		},
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			target := start(t)
			path := edited(t, spec, "rate: 500/s", "rate: 500/s"+ca)
			eachPoller(t, func(t *testing.T, poller string) {
				o := protocolRunOf(t, path, "--target", target, poller)
				o.kept(t)
				if o.Requests.Completed != 240 || len(o.Errors) > 0 {
					t.Errorf("requests %+v, errors %v", o.Requests, o.Errors)
				}
				for name, c := range o.Checks {
					if c.Failed != 0 || c.Passed == 0 {
						t.Errorf("check %q: %+v", name, c)
					}
				}
			})
			untrusted := edited(t, spec)
			if o := protocolRunOf(t, untrusted, "--target", target, "-n", "20"); o.status != 1 || o.Requests.Completed != 0 || o.Errors["tls: certificate not trusted"] != 20 {
				t.Errorf("a certificate that nobody vouches for: status %d, requests %+v, errors %v", o.status, o.Requests, o.Errors)
			}
		})
	}
}
