// Command thrift-echo is the echo example of the original Iago: a Thrift service, and a load test that calls it by the client
// that the Thrift compiler generated.
//
//	thrift-echo serve ADDRESS
//	thrift-echo SPEC.yaml
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/iagoloadgen/iago/report"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "thrift-echo:", err)
		os.Exit(1)
	}
}

func command(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "serve":
		server, listener, err := serve(args[1])
		if err != nil {
			return err
		}
		fmt.Println("listening on", listener.Addr())
		return server.AcceptLoop()
	case len(args) == 1:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		out, err := run(ctx, args[0])
		if err != nil {
			return err
		}
		return report.Terminal(os.Stdout, out.Summary, report.TerminalOptions{})
	}
	return fmt.Errorf("usage: thrift-echo serve ADDRESS | thrift-echo SPEC.yaml")
}
