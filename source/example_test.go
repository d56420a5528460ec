package source_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

func ExampleOpen() {
	log := `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "Agent/1"
192.0.2.1 - - [17/May/2015:10:05:04 +0000] "-" 408 0 "-" "-"
`
	src, err := source.Open(source.Options{Path: "-", Stdin: strings.NewReader(log)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	var r load.Record
	for {
		if err := src.Read(&r); err != nil {
			fmt.Println(errors.Is(err, io.EOF))
			break
		}
		fmt.Printf("%s %s at %s\n", r.Method, r.URI, r.Time)
	}
	fmt.Println(src.Stats().FirstBad[0])
	// Output:
	// GET /a?b=c at 2015-05-17 10:05:03 +0000 UTC
	// true
	// stdin:2: combined: no request was recorded: `192.0.2.1 - - [17/May/2015:10:05:04 +0000] "-" 408 0 "-" "-"`
}
