package kestrel

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// model is a Kestrel for one connection, written from the guide: it reads commands off the wire and says what the outcome must be.
type model struct {
	queues map[string][]string
	open   map[string]string // items that are set aside, by queue
}

// serve reads one command and returns its answer, the outcome and the content.
func (m *model) serve(t *testing.T, in *bufio.Reader) (said, status, content string) {
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasSuffix(line, "\r\n") {
		t.Fatalf("line %q, %v", line, err)
	}
	words := strings.Split(strings.TrimSuffix(line, "\r\n"), " ")
	switch words[0] {
	case "set":
		n, _ := strconv.Atoi(words[4])
		data := make([]byte, n+2)
		if _, err := io.ReadFull(in, data); err != nil || string(data[n:]) != "\r\n" {
			t.Fatalf("%q: data %q, %v", line, data, err)
		}
		q := words[1]
		if len(m.queues[q]) == 5 {
			return "NOT_STORED\r\n", "not stored", ""
		}
		m.queues[q] = append(m.queues[q], string(data[:n]))
		return "STORED\r\n", "stored", ""
	case "get":
		return m.get(words[1])
	case "flush", "delete":
		delete(m.queues, words[1])
		return "END\r\n", "ok", ""
	case "flush_all":
		clear(m.queues)
		return "Flushed all queues.\r\n", "ok", "Flushed all queues."
	case "version":
		return "VERSION 2.4.1\r\n\r\n", "ok", "2.4.1"
	case "stats":
		content = "STAT uptime 1"
		for _, q := range []string{"a", "b"} {
			content += fmt.Sprintf("\nSTAT queue_%s_items %d", q, len(m.queues[q]))
		}
		return strings.ReplaceAll(content, "\n", "\r\n") + "\r\nEND\r\n", "ok", content
	}
	t.Fatalf("unknown command %q", line)
	return "", "", ""
}

func (m *model) get(what string) (said, status, content string) {
	options := strings.Split(what, "/")
	q, options := options[0], options[1:]
	if slices.Contains(options, "abort") {
		if x, ok := m.open[q]; ok {
			m.queues[q] = append([]string{x}, m.queues[q]...)
			delete(m.open, q)
		}
		return "END\r\n", "ok", ""
	}
	opens := slices.Contains(options, "open")
	if slices.Contains(options, "close") {
		delete(m.open, q)
		if !opens {
			return "END\r\n", "ok", ""
		}
	}
	peeks := slices.Contains(options, "peek")
	if _, isOpen := m.open[q]; isOpen && !peeks {
		return "ERROR\r\n", "ERROR", ""
	}
	if len(m.queues[q]) == 0 {
		return "END\r\n", "empty", ""
	}
	x := m.queues[q][0]
	if !peeks {
		m.queues[q] = m.queues[q][1:]
	}
	if opens {
		m.open[q] = x
	}
	return fmt.Sprintf("VALUE %s 0 %d\r\n%s\r\nEND\r\n", q, len(x), x), "item", x
}

// TestModel: random commands, pipelined; what the model says to them comes cut anywhere and is read as it was meant.
func TestModel(t *testing.T) {
	codec := newCodec(t, nil)
	random := rand.New(rand.NewPCG(22, 133))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	seen := map[string]int{}
	for range 200 {
		m := &model{map[string][]string{}, map[string]string{}}
		conn, resp := codec.NewConn(), &load.Response{Keep: 1 << 20}
		requests := make([]*load.Request, 1+random.IntN(40))
		var wire []byte
		for i := range requests {
			line := "get " + pick("a", "b") + pick("", "", "", "/open", "/close", "/close/open", "/t=5/close/open", "/abort", "/peek", "/t=100")
			switch n := random.IntN(20); {
			case n < 10:
				line = "set " + pick("a", "b") + " 0 0 " + pick("", "END", "VALUE a 0 5", "item\r", strings.Repeat("x", random.IntN(200)))
			case n == 10:
				line = pick("flush a", "delete b", "flush_all", "version", "stats")
			}
			requests[i] = body(line)
			var err error
			if wire, err = codec.AppendRequest(wire, requests[i], nil); err != nil {
				t.Fatal(err)
			}
		}
		in := bufio.NewReader(strings.NewReader(string(wire)))
		var stream, statuses, contents []string
		for range requests {
			said, status, content := m.serve(t, in)
			stream, statuses, contents = append(stream, said), append(statuses, status), append(contents, content)
			seen[status]++
		}
		all, at, to := []byte(strings.Join(stream, "")), 0, 0
		for i, req := range requests {
			resp.Reset()
			conn.Start(req)
			for done := false; !done; {
				n, d, err := conn.Parse(all[at:to], false, resp)
				if err != nil || !d && to == len(all) {
					t.Fatalf("%q, said %q: %v, %v", req.Body, stream[i], d, err)
				}
				if at, done = at+n, d; !done {
					to = min(to+1+random.IntN(50), len(all))
				}
			}
			if got := codec.StatusName(resp.Status); got != statuses[i] || string(resp.Content) != contents[i] || resp.Close != (got == "ERROR") {
				t.Fatalf("%q, said %q: %s %q close %v; want %s %q", req.Body, stream[i], got, resp.Content, resp.Close, statuses[i], contents[i])
			}
		}
		if rest := strings.Trim(string(all[at:]), "\r\n"); rest != "" {
			t.Fatalf("%q is left", rest)
		}
	}
	for _, name := range []string{"item", "empty", "stored", "not stored", "ok", "ERROR"} {
		if seen[name] < 20 {
			t.Errorf("only %d answers were %s: the generator is off balance", seen[name], name)
		}
	}
}
