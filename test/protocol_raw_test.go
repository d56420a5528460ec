package test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Raw TCP: socat sends back what it gets, over TCP, TLS and a Unix socket.
func TestProtocolTCP(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	newPKI(t, dir)
	socket := filepath.Join(dir, "echo.sock")
	plain := startSocat(t, func(port int) string { return fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,fork,reuseaddr", port) }, nil)
	tls := startSocat(t, func(port int) string {
		return fmt.Sprintf("OPENSSL-LISTEN:%d,bind=127.0.0.1,fork,reuseaddr,cert=%[2]s/server.pem,key=%[2]s/server.key,verify=0", port, dir)
	}, nil)
	startSocat(t, func(int) string { return "UNIX-LISTEN:" + socket + ",fork,backlog=128" }, func(string) bool { return exists(socket) })
	const shown = "rate: 500/s"
	spec := edited(t, "tcp.yaml", shown, shown+"\ntls: {ca: "+filepath.Join(dir, "ca.pem")+"}")
	for _, c := range []struct{ name, spec, target string }{
		{"plain", filepath.Join(protocolsDir, "tcp.yaml"), "tcp://" + plain.address},
		{"TLS", spec, "tcps://" + tls.address},
		{"Unix socket", filepath.Join(protocolsDir, "tcp.yaml"), "unix:" + socket},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachPoller(t, func(t *testing.T, poller string) {
				o := protocolRunOf(t, c.spec, "--target", c.target, poller)
				o.kept(t)
				o.wantStatuses(t, map[string]int64{"answered": 240})
				if o.Checks["echoed"].Passed != 240 {
					t.Errorf("checks %v, errors %v", o.Checks, o.Errors)
				}
				if o.Bytes.Sent != o.Bytes.Received || o.Bytes.Sent != 80*(6+48+7) {
					t.Errorf("bytes %+v", o.Bytes)
				}
			})
		})
	}
}

// An answer may also end by a length before it, by its size, by silence, or with the connection.
func TestProtocolTCPFramings(t *testing.T) {
	long(t)
	t.Parallel()
	echo := startSocat(t, func(port int) string { return fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,fork,reuseaddr", port) }, nil)
	once := startServer(t, func(port int) *exec.Cmd {
		return exec.Command(program(t, "socat"), fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,fork,reuseaddr", port), "SYSTEM:read line; echo got; echo $line")
	}, nil)
	const shown = `answer: {framing: delimiter, delimiter: '\n'}`
	const check = "'body == request.body'"
	for _, c := range []struct {
		name, target string
		edits        []string
	}{
		{"length", echo.address, []string{shown, `answer: {framing: length, length: {offset: 0, size: 2}}`, check, "'size == 5'", "{file: tcp.txt, format: lines}", "hex.txt", "\ntcp:", "\ntcp:\n  encoding: hex"}},
		{"fixed", echo.address, []string{shown, `answer: {framing: fixed, size: 5}`, check, "'size == 5'", "{file: tcp.txt, format: lines}", "hex.txt", "\ntcp:", "\ntcp:\n  encoding: hex"}},
		{"silence", echo.address, []string{shown, `answer: {framing: silence, silence: 30ms}`, check, `'body == request.body + "\n"'`}},
		{"close", once.address, []string{shown, `answer: {framing: close}`, check, `'body startsWith "got\n"'`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			spec := edited(t, "tcp.yaml", c.edits...)
			write(t, filepath.Join(filepath.Dir(spec), "hex.txt"), "0003616263\n0003 78 79 7a\n")
			o := protocolRunOf(t, spec, "--target", "tcp://"+c.target, "-n", "60")
			o.kept(t)
			o.wantStatuses(t, map[string]int64{"answered": 60})
			if o.Checks["echoed"].Passed != 60 {
				t.Errorf("checks %v, errors %v", o.Checks, o.Errors)
			}
		})
	}
}

// Raw UDP: socat sends each datagram back, and each finds its request by its id.
func TestProtocolUDP(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		s := startSocat(t, func(port int) string { return fmt.Sprintf("UDP4-RECVFROM:%d,bind=127.0.0.1,fork,reuseaddr", port) }, echoesDatagrams)
		o := protocolRun(t, "udp.yaml", "--target", "udp://"+s.address, "-r", "200", poller)
		o.wantStatuses(t, map[string]int64{"answered": 240})
		if o.Bytes.Sent != 80*(4+5+4+18+4+4) || o.Bytes.Received != o.Bytes.Sent {
			t.Errorf("bytes %+v", o.Bytes)
		}
	})
}

// Datagrams that are lost time out, and those that come twice are counted apart: as many as the target says.
func TestProtocolUDPLoss(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		g := startTargetKind(t, "udp", "--loss", "10%", "--duplicate", "10%", "--reorder", "10%")
		o := protocolRunOf(t, filepath.Join(protocolsDir, "udp.yaml"), "--target", g.url, "--timeout", "2s", poller)
		text, err := g.end()
		var saw struct {
			Requests int64            `json:"requests"`
			Protocol map[string]int64 `json:"protocol"`
		}
		if err == nil {
			err = json.Unmarshal([]byte(text), &saw)
		}
		if err != nil {
			t.Fatal(err)
		}
		lost, twice := saw.Protocol["lost"], saw.Protocol["duplicated"]
		if saw.Requests != 240 || lost == 0 || twice == 0 || saw.Protocol["reordered"] == 0 {
			t.Fatalf("the target saw %d datagrams: %v", saw.Requests, saw.Protocol)
		}
		if o.Requests.TimedOut != lost || o.Requests.Completed != 240-lost || o.Checks["echoed"].Failed != 0 {
			t.Errorf("%d lost; requests %+v, checks %v", lost, o.Requests, o.Checks)
		}
		if n := o.Datagrams.Duplicate; n != twice {
			t.Errorf("%d came twice, iago counts %+v", twice, o.Datagrams)
		}
	})
}

// echoesDatagrams says that a datagram comes back.
func echoesDatagrams(address string) bool {
	c, err := net.Dial("udp", address)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err = c.Write([]byte("up?")); err == nil {
		_, err = c.Read(make([]byte, 8))
	}
	return err == nil
}

// write writes a file.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
