// Command tick is what tests run in pods: it writes a line every 200 ms, to its standard output and to an address if it is given one. With a
// number of lines it ends after so many.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	lines := flag.Int("lines", 0, "end after so many; 0: never")
	to := flag.String("to", "", "TCP address to write to as well")
	flag.Parse()
	for n := 1; *lines == 0 || n <= *lines; n++ {
		line := fmt.Sprintf("tick %d of index %s in %s\n", n, os.Getenv("JOB_COMPLETION_INDEX"), os.Getenv("POD"))
		fmt.Print(line)
		if *to != "" {
			if err := send(*to, line); err != nil {
				fmt.Println(err)
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	fmt.Println("done")
}

// send makes a connection for one line.
func send(to, line string) error {
	c, err := net.DialTimeout("tcp", to, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = fmt.Fprint(c, line)
	return err
}
