// Command extend is iago with a law, a source, a processor and a transport of one's own: each registers itself in its file.
package main

import (
	"os"

	"github.com/iagoloadgen/iago/cli"
	_ "github.com/iagoloadgen/iago/standard"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
