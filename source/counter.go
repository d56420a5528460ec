package source

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

const (
	badShown    = 3   // bad lines that are shown
	excerptSize = 120 // bytes of a line that are shown
)

// counter is Stats that one goroutine writes while others read.
type counter struct {
	read, bad, filtered, loops atomic.Int64

	mu    sync.Mutex
	first []string
}

func (c *counter) stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Read: c.read.Load(), Bad: c.bad.Load(), Filtered: c.filtered.Load(), Loops: c.loops.Load(),
		FirstBad: slices.Clone(c.first),
	}
}

func (c *counter) show(message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = append(c.first, message)
}

// badLine is how a bad line is shown.
func badLine(file string, num int64, format string, line []byte, fault error) string {
	return fmt.Sprintf("%s:%d: %s: %v: %s", file, num, format, fault, excerpt(line))
}

// excerpt shows the beginning of a line, in one line whatever is in it.
func excerpt(line []byte) string {
	more := ""
	if len(line) > excerptSize {
		line, more = line[:excerptSize], "…"
	}
	if s := string(line); strconv.CanBackquote(s) {
		return "`" + s + "`" + more
	}
	return strconv.Quote(string(line)) + more
}
