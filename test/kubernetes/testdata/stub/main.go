// Command stub stands for iago where launching is tested.
package main

import (
	"os"

	"github.com/iagoloadgen/iago/cluster/launch/launchtest"
)

func main() { os.Exit(launchtest.Stub(os.Args, os.Stdout)) }
