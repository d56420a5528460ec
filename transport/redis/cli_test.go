package redis

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// listener records the commands that it is sent, and refuses them.
type listener struct {
	mu       sync.Mutex
	commands [][]string
}

func (l *listener) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		words, err := readWire(r)
		if err != nil {
			return
		}
		l.mu.Lock()
		l.commands = append(l.commands, words)
		l.mu.Unlock()
		if _, err := io.WriteString(c, "-ERR no\r\n"); err != nil {
			return
		}
	}
}

// readWire reads a command, by fmt and so in another way than the codec.
func readWire(r *bufio.Reader) (words []string, err error) {
	var n, size int
	if _, err := fmt.Fscanf(r, "*%d\r\n", &n); err != nil {
		return nil, err
	}
	for range n {
		if _, err := fmt.Fscanf(r, "$%d\r\n", &size); err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		words = append(words, string(b[:size]))
	}
	return words, nil
}

// TestQuotesAsRedisCLI: lines are taken apart as redis-cli takes them apart, those that it refuses are refused.
func TestQuotesAsRedisCLI(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	var heard listener
	go func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			go heard.serve(c)
		}
	}()
	r := rand.New(rand.NewPCG(1, 2))
	const marks = "ab  \"\"\"''\\\\\\xnrt4F\t\v\xc3"
	var want []string // what is heard for each line: its words, or nothing where it is refused
	var script strings.Builder
	add := func(line string) {
		fmt.Fprintf(&script, "MARK %d\n%s\n", len(want), line)
		words := ""
		if got, err := newCodec(t, nil).AppendRequest(nil, request(line), plainTarget); err == nil {
			list, err := readWire(bufio.NewReader(strings.NewReader(string(got))))
			if err != nil {
				t.Fatalf("%q: %q: %v", line, got, err)
			}
			words = fmt.Sprintf("%q", list)
		}
		want = append(want, words)
	}
	for _, l := range lines {
		if !strings.ContainsAny(l.in, "\n\x00*") && (l.err == "" || l.err == errQuote.Error() || l.err == errAfter.Error()) {
			add(l.in)
		}
	}
	for range 2000 {
		line := []byte("X ")
		for range r.IntN(14) {
			line = append(line, marks[r.IntN(len(marks))])
		}
		add(string(line))
	}
	c := exec.CommandContext(t.Context(), program(t, "redis-cli"), "-p", strconv.Itoa(socket.Addr().(*net.TCPAddr).Port))
	c.Env = append(c.Environ(), "HOME="+t.TempDir())
	c.Stdin = strings.NewReader(script.String())
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("redis-cli: %v: %s", err, out)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	got, at, refused := make([]string, len(want)), -1, 0
	for _, words := range heard.commands {
		switch {
		case words[0] == "MARK":
			at, _ = strconv.Atoi(words[1])
		case at >= 0:
			got[at] = fmt.Sprintf("%q", words)
		}
	}
	if at != len(want)-1 {
		t.Fatalf("redis-cli came to line %d of %d", at, len(want))
	}
	all := strings.Split(script.String(), "\n")
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q: we have %s, redis-cli %s", all[2*i+1], want[i], got[i])
		}
		if want[i] == "" {
			refused++
		}
	}
	if refused < 100 || refused > len(want)-100 || !slices.Contains(got, `["X" "a"]`) {
		t.Errorf("%d of %d refused", refused, len(want))
	}
}
