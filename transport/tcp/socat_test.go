package tcp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// socat runs a program for each connection to an address of socat's own form and returns once it listens.
func socat(t *testing.T, network, address, listen, program string) {
	t.Helper()
	path, err := exec.LookPath("socat")
	if err != nil {
		t.Fatal("socat is not installed; `make deps` installs it (Debian's package socat)")
	}
	cmd := exec.Command(path, listen+",fork", "SYSTEM:"+program)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	for range 500 {
		if c, err := net.Dial(network, address); err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("socat does not listen")
}

// freePort returns a port of 127.0.0.1 that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// ask sends a request over c and reads its answer, waiting for silence where the codec does.
func ask(t *testing.T, c net.Conn, config func(*Config), body string) *load.Response {
	t.Helper()
	codec := newCodec(t, config)
	req, resp := &load.Request{Body: []byte(body)}, &load.Response{Keep: 1000}
	wire, err := codec.AppendRequest(nil, req, &load.Target{})
	if err != nil {
		t.Fatal(err)
	}
	conn := codec.NewConn()
	conn.Start(req)
	if _, err := c.Write(wire); err != nil {
		t.Fatal(err)
	}
	patient, _ := conn.(transport.Patient)
	var left []byte
	for buf := make([]byte, 1000); ; {
		deadline := time.Now().Add(10 * time.Second)
		if patient != nil && resp.Body > 0 {
			deadline = time.Now().Add(patient.Silence())
		}
		_ = c.SetReadDeadline(deadline)
		n, err := c.Read(buf)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() && patient != nil && patient.Silent(resp) {
			return resp
		}
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		left = append(left, buf[:n]...)
		k, done, err := conn.Parse(left, errors.Is(err, io.EOF), resp)
		if left = left[k:]; err != nil {
			t.Fatal(err)
		} else if done {
			return resp
		}
	}
}

// Every framing against programs that we did not write.
func TestSocat(t *testing.T) {
	const once = "head -n 1"
	for i, c := range []struct {
		program, body, want string
		status              int
		config              func(*Config)
	}{
		{"cat", "hello", "hello", statusAnswered, func(*Config) {}},
		{"cat", "00 00 00 02 68 69", "\x00\x00\x00\x02hi", statusAnswered, func(c *Config) { c.Encoding, c.Answer.Framing = "hex", "length" }},
		{"cat", `\x00hi\xff`, "\x00hi\xff", statusOther, func(c *Config) { c.Encoding, c.Answer.Framing, c.Answer.Size, c.OK = "escaped", "fixed", 4, "+" }},
		{"cat", "K29r", "+ok", statusOK, func(c *Config) {
			c.Encoding, c.Answer.Framing, c.Answer.Silence, c.OK = "base64", "silence", time.Second/5, "+ok"
		}},
		{once, "hello", "hello\n", statusAnswered, func(c *Config) { c.Answer.Framing = "close" }},
	} {
		address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
		network, listen := "tcp", "TCP-LISTEN:"+address[len("127.0.0.1:"):]+",bind=127.0.0.1"
		if i%2 == 1 {
			network, address = "unix", filepath.Join(t.TempDir(), "s")
			listen = "UNIX-LISTEN:" + address
		}
		t.Run(fmt.Sprint(network, i), func(t *testing.T) {
			socat(t, network, address, listen, c.program)
			conn, err := net.Dial(network, address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			rounds := 2
			if c.program == once {
				rounds = 1
			}
			for range rounds {
				if resp := ask(t, conn, c.config, c.body); string(resp.Content) != c.want || resp.Status != c.status {
					t.Errorf("%q, status %d; want %q, %d", resp.Content, resp.Status, c.want, c.status)
				}
			}
		})
	}
}
