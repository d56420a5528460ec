package main

import (
	"context"
	"os/exec"
	"testing"

	"github.com/iagoloadgen/iago/spec"
)

// What the compiler made is what it makes of the IDL.
func TestGeneratedCode(t *testing.T) {
	dir := t.TempDir()
	for _, c := range [][]string{{"thrift", "--gen", "go:skip_remote", "-out", dir, "echo.thrift"}, {"gofmt", "-w", dir}, {"diff", "-r", dir, "gen-go"}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v (Debian: thrift-compiler)\n%s", c, err, out)
		}
	}
}

// The example as its README has it, but for the port: every line is said, at its time, and comes back.
func TestEcho(t *testing.T) {
	server, listener, err := serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.AcceptLoop() }()
	defer func() {
		_ = server.Stop()
		<-ended
	}()
	out, err := run(context.Background(), "spec.yaml", func(s *spec.Spec) {
		s.Target = "thrift://" + listener.Addr().String()
		s.Requests, s.Rate.PerSecond = 60, 200
	})
	if err != nil {
		t.Fatal(err)
	}
	s := out.Summary
	if s.Requests.Completed != 60 || s.Status["ok"] != 60 {
		t.Errorf("requests %+v, statuses %v, errors %v", s.Requests, s.Status, s.Errors)
	}
	if c := s.Checks["client"]; c.Passed != 60 || c.Failed != 0 {
		t.Errorf("checks %+v", s.Checks)
	}
}
