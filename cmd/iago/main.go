// Command iago is an open-loop load generator and traffic replayer.
package main

import (
	"os"

	"github.com/iagoloadgen/iago/cli"
	_ "github.com/iagoloadgen/iago/standard"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
