// Command sinusoidal is the original Iago's other library example: calls of a Thrift service at a rate that rises and falls, as traffic
// does over a day. It is run from Iago's own folder, since it reads the IDL there.
//
//	sinusoidal thrift://127.0.0.1:9090
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/iagoloadgen/iago"
	"github.com/iagoloadgen/iago/report"
)

const spec = `
thrift: {idl: examples/thrift-echo/echo.thrift}
request: {body: '{"method": "echo", "args": {"message": "hello"}}'}
arrival: {sinusoidal: {min: 5/s, max: 35/s, period: 60s}}
duration: 5m
target: `

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sinusoidal URL")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out, err := iago.Run(ctx, spec+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "sinusoidal:", err)
		os.Exit(1)
	}
	_ = report.Terminal(os.Stdout, out.Summary, report.TerminalOptions{})
}
