package test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// knotStats makes knotd count what it is asked.
const knotStats = `
mod-stats:
  - id: all
    request-protocol: on
    response-code: on
    query-type: on
template:
  - id: default
    global-module: mod-stats/all
`

// startKnot starts knotd by examples/protocols/knot.conf, but for its port and folders, and returns it with its configuration.
func startKnot(t *testing.T) (s *server, control string) {
	t.Helper()
	dir := t.TempDir()
	s = startServer(t, func(port int) *exec.Cmd {
		conf := edited(t, "knot.conf",
			"storage: /tmp", "storage: "+dir, "rundir: /tmp", "rundir: "+dir, "@5300", fmt.Sprintf("@%d", port),
			"storage: examples/protocols", "storage: "+absolute(t, protocolsDir), "\nzone:", knotStats+"\nzone:")
		return exec.Command(program(t, "knotd"), "-c", conf)
	}, answersDNS)
	control = filepath.Join(dir, "knot.sock")
	if !eventually(10*time.Second, func() bool { _, err := os.Stat(control); return err == nil }) { // it answers before it takes orders
		t.Fatal("knotd does not make its control socket")
	}
	return s, control
}

// answersDNS says that a name server answers over TCP, which it does only once it has its zones.
func answersDNS(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer c.Close()
	// RFC 1035: length, header with id 1 and one question, shop.example A IN.
	if _, err := c.Write([]byte("\x00\x1e\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x07example\x00\x00\x01\x00\x01")); err != nil {
		return false
	}
	head := make([]byte, 6)
	_, err = io.ReadFull(c, head)
	return err == nil && head[5]&0xf == 0
}

// DNS over UDP and TCP: what iago counts by rcode and type is what knotd counts.
func TestProtocolDNS(t *testing.T) {
	long(t)
	t.Parallel()
	for _, c := range []struct{ spec, scheme, counter string }{
		{"dns.yaml", "dns://", "udp4"},
		{"dns-tcp.yaml", "dns+tcp://", "tcp4"},
	} {
		t.Run(c.counter, func(t *testing.T) {
			eachPoller(t, func(t *testing.T, poller string) {
				s, control := startKnot(t)
				before := knotCounts(t, control)
				o := protocolRun(t, c.spec, "--target", c.scheme+s.address, poller)
				o.wantStatuses(t, map[string]int64{"NOERROR": 144, "nodata": 48, "NXDOMAIN": 48})
				after := knotCounts(t, control)
				for name, want := range map[string]int64{
					"request-protocol[" + c.counter + "]": 240, "response-code[NXDOMAIN]": 48, "response-code[NOERROR]": 192,
					"query-type[A]": 96, "query-type[AAAA]": 48, "query-type[MX]": 48, "query-type[TXT]": 48,
				} {
					if n := after[name] - before[name]; n != want {
						t.Errorf("knotd counts %d of %s; expected %d", n, name, want)
					}
				}
				for name, want := range map[string]int64{"A": 96, "AAAA": 48, "MX": 48, "TXT": 48} {
					if n := o.labeled()[name]; n != want {
						t.Errorf("label %s: %d; expected %d", name, n, want)
					}
				}
			})
		})
	}
}

// knotCounts are knotd's counters, by their names without the module's.
func knotCounts(t *testing.T, control string) map[string]int64 {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t, "knotc"), "-s", control, "stats", "mod-stats").CombinedOutput()
	if err != nil {
		t.Fatalf("knotc: %v: %s", err, out)
	}
	counts := map[string]int64{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		var n int64
		if _, err := fmt.Sscan(value, &n); err == nil {
			counts[strings.TrimPrefix(name, "mod-stats.")] = n
		}
	}
	return counts
}
