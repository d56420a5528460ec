package memcached

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// exchange is a command with what a server may say to it, and what that means.
type exchange struct {
	req     *load.Request
	said    string
	status  string
	content string
}

// talk draws exchanges that keep the protocol's rules.
type talk struct{ *rand.Rand }

func (g talk) key() string { return "k" + strconv.Itoa(g.IntN(1000)) }

// value draws bytes that look like answers now and then.
func (g talk) value() string {
	words := []string{"END\r\n", "VALUE k1 0 3\r\n", "\r\n", "\n", "\x00", "MN\r\n", "ERROR\r\n", strings.Repeat("x", g.IntN(300))}
	var b strings.Builder
	for range g.IntN(4) {
		b.WriteString(words[g.IntN(len(words))])
	}
	return b.String()
}

func (g talk) draw() exchange {
	if g.IntN(12) == 0 {
		text := []string{"ERROR", "SERVER_ERROR out of memory", "CLIENT_ERROR bad command line format"}[g.IntN(3)]
		return exchange{body("get " + g.key()), text + "\r\n", text, ""}
	}
	switch g.IntN(4) {
	case 0:
		return g.get()
	case 1:
		return g.metaGet()
	case 2:
		lines, said, content := "", "", ""
		for i := range g.IntN(5) {
			line := fmt.Sprintf("STAT s%d %d", i, g.IntN(1e9))
			lines, said = lines+"\n"+line, said+line+"\r\n"
			content = lines[1:]
		}
		return exchange{body("stats"), said + "END\r\n", "ok", content}
	}
	number := strconv.FormatUint(g.Uint64(), 10)
	return []exchange{
		{body("set a 0 0 x"), "STORED\r\n", "stored", ""},
		{body("add a 0 0 x"), "NOT_STORED\r\n", "not stored", ""},
		{body("cas a 0 0 5 x"), "EXISTS\r\n", "exists", ""},
		{body("incr a 5"), number + "\r\n", "number", number},
		{body("touch a 5"), "TOUCHED\r\n", "touched", ""},
		{body("delete a"), "DELETED\r\n", "deleted", ""},
		{body("delete a"), "NOT_FOUND\r\n", "not found", ""},
		{body("ms a 3 q"), "MN\r\n", "quiet", ""},
		{body("md a O1 q"), "NF O1\r\nMN\r\n", "not found", ""},
		{body("ma a v"), fmt.Sprintf("VA %d\r\n%s\r\n", len(number), number), "number", number},
		{body("mn"), "MN\r\n", "no-op", ""},
		{body("version"), "VERSION 1." + number + "\r\n", "ok", "1." + number},
	}[g.IntN(12)]
}

func (g talk) get() exchange {
	x := exchange{status: "miss"}
	keys, found, asked := "", 0, 1+g.IntN(5)
	for range asked {
		key := g.key()
		keys += " " + key
		if g.IntN(3) > 0 {
			found++
			value := g.value()
			x.said += fmt.Sprintf("VALUE %s %d %d", key, g.Uint32(), len(value))
			if g.IntN(2) == 0 {
				x.said += fmt.Sprintf(" %d", g.Uint64())
			}
			x.said += "\r\n" + value + "\r\n"
			x.content += value
		}
	}
	if x.said += "END\r\n"; found == asked {
		x.status = "hit"
	} else if found > 0 {
		x.status = "partial"
	}
	x.req = body([]string{"get", "gets", "gat 5", "gats -1"}[g.IntN(4)] + keys)
	return x
}

func (g talk) metaGet() exchange {
	quiet, end := "", ""
	if g.IntN(2) == 0 {
		quiet, end = " q", "MN\r\n"
	}
	switch g.IntN(3) {
	case 0:
		value := g.value()
		return exchange{body("mg a v t" + quiet), fmt.Sprintf("VA %d t-1\r\n%s\r\n", len(value), value) + end, "hit", value}
	case 1:
		return exchange{body("mg a t" + quiet), "HD t5\r\n" + end, "hit", ""}
	}
	if quiet == "" {
		end = "EN\r\n"
	}
	return exchange{body("mg a v" + quiet), end, "miss", ""}
}

// TestConversations: many exchanges on one connection, their answers cut anywhere, several coming together: each is what it was drawn as.
func TestConversations(t *testing.T) {
	codec := newCodec(t, nil)
	g := talk{rand.New(rand.NewPCG(11, 211))}
	seen := map[string]int{}
	for range 300 {
		exchanges := make([]exchange, 1+g.IntN(20))
		var stream []byte
		for i := range exchanges {
			exchanges[i] = g.draw()
			stream = append(stream, exchanges[i].said...)
		}
		cuts := []int{len(stream)}
		for range g.IntN(30) {
			cuts = append(cuts, g.IntN(len(stream)+1))
		}
		slices.Sort(cuts)
		converse(t, codec, exchanges, stream, cuts)
		for _, x := range exchanges {
			seen[x.status]++
		}
	}
	for _, name := range []string{"hit", "miss", "partial", "quiet", "number"} {
		if seen[name] < 20 {
			t.Errorf("only %d answers were %s: the generator is off balance", seen[name], name)
		}
	}
}

func converse(t *testing.T, codec transport.Codec, exchanges []exchange, stream []byte, cuts []int) {
	t.Helper()
	conn, resp, at, to := codec.NewConn(), &load.Response{Keep: 1 << 20}, 0, 0
	for i, x := range exchanges {
		resp.Reset()
		conn.Start(x.req)
		for {
			n, done, err := conn.Parse(stream[at:cuts[to]], false, resp)
			if at += n; err != nil {
				t.Fatalf("exchange %d, %q: %v at %.60q", i, x.req.Body, err, stream[at:])
			}
			if done {
				break
			}
			if to++; to == len(cuts) {
				t.Fatalf("exchange %d, %q: no end of %.200q", i, x.req.Body, x.said)
			}
		}
		if got := codec.StatusName(resp.Status); got != x.status || string(resp.Content) != x.content || resp.Body != int64(len(x.content)) {
			t.Fatalf("exchange %d, %q: %s %q, want %s %q", i, x.req.Body, got, resp.Content, x.status, x.content)
		}
	}
	if at != len(stream) {
		t.Fatalf("%q is left", stream[at:])
	}
}
