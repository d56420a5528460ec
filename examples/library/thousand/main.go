// Command thousand is the original Iago's library example: a thousand requests at ten a second.
//
//	thousand http://127.0.0.1:8080
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/iagoloadgen/iago"
	"github.com/iagoloadgen/iago/report"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: thousand URL")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out, err := iago.Run(ctx, "target: "+os.Args[1]+"\nrate: 10/s\nrequests: 1000\n")
	if err != nil {
		fmt.Fprintln(os.Stderr, "thousand:", err)
		os.Exit(1)
	}
	_ = report.Terminal(os.Stdout, out.Summary, report.TerminalOptions{})
}
