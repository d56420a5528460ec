package launchtest

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// hello is what a stub says at first: what it is and that it got its secrets, without saying them.
func hello(r launch.Role, token []byte, env string) string {
	return fmt.Sprintf("hello from a %s, %x", r, sha256.Sum256(append(token, env...)))
}

// Stub is what is started in the place of iago: it says hello, tells its arguments, and waits for a signal, or exits with the status of --exit=N. A TestMain calls it
// when the test's own program is started with the arguments of a feeder or worker:
//
//	if launchtest.IsStub(os.Args) {
//		os.Exit(launchtest.Stub(os.Args, os.Stdout))
//	}
func Stub(args []string, stdout io.Writer) int {
	role := launch.Worker
	if args[1] == "feed" {
		role = launch.Feeder
		if err := readSpec(args[2]); err != nil {
			fmt.Fprintln(stdout, err)
			return 2
		}
	}
	exit, token := -1, []byte(nil)
	for i, a := range args {
		var err error
		if a == "--bus-token-file" {
			token, err = os.ReadFile(args[i+1])
		}
		if status, ok := strings.CutPrefix(a, "--exit="); ok {
			exit, err = strconv.Atoi(status)
		}
		if err != nil {
			fmt.Fprintln(stdout, err)
			return 2
		}
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	fmt.Fprintln(stdout, hello(role, token, os.Getenv("STUB_ENV")))
	fmt.Fprintln(stdout, "arguments:", launch.Join(args[1:]))
	if exit >= 0 {
		return exit
	}
	<-ended
	fmt.Fprintln(stdout, "asked to end")
	return 0
}

// readSpec makes sure that what the spec refers to is beside it.
func readSpec(path string) error {
	if _, err := os.ReadFile(path); err != nil {
		return err
	}
	_, err := os.ReadFile(filepath.Join(filepath.Dir(path), "sub", "paths.txt"))
	return err
}

// IsStub tells whether a program was started with the arguments of a feeder or worker.
func IsStub(args []string) bool {
	return len(args) > 2 && (args[1] == "feed" || args[1] == "worker")
}
