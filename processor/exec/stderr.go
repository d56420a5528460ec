package exec

import (
	"bufio"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	logPerSecond = 50   // lines of a program's standard error that are logged
	logLine      = 1024 // bytes of a line that are
	lastWords    = 5    // lines that an error about the program shows
)

// stderrLog logs a program's standard error, so much in a second, and remembers its end.
type stderrLog struct {
	logf  func(format string, args ...any)
	name  string
	now   func() time.Time
	since time.Time
	count int

	mu   sync.Mutex
	last []string
}

// run reads until the end.
func (l *stderrLog) run(from io.Reader) {
	r := bufio.NewReaderSize(from, logLine)
	for {
		line, err := r.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			l.take(text)
		}
		for err == bufio.ErrBufferFull { //nolint:errorlint // ReadSlice returns it bare; the rest of a long line is left out
			_, err = r.ReadSlice('\n')
		}
		if err != nil {
			l.told()
			return
		}
	}
}

func (l *stderrLog) take(line string) {
	l.mu.Lock()
	if len(l.last) == lastWords {
		l.last = append(l.last[:0], l.last[1:]...)
	}
	l.last = append(l.last, line)
	l.mu.Unlock()
	if now := l.now(); now.Sub(l.since) >= time.Second {
		l.told()
		l.since = now
	}
	if l.count++; l.count <= logPerSecond {
		l.logf("%s: %s", l.name, line)
	}
}

// told ends a second: it says how many lines were left out.
func (l *stderrLog) told() {
	if l.count > logPerSecond {
		l.logf("%s: (%d more lines of its standard error)", l.name, l.count-logPerSecond)
	}
	l.count = 0
}

// words are the last lines, for an error.
func (l *stderrLog) words() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == 0 {
		return ""
	}
	return "; its standard error ends: " + strings.Join(l.last, " | ")
}
