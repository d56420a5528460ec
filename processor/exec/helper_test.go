package exec

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// helperEnv makes the test binary one of the programs below.
const helperEnv = "IAGO_TEST_EXEC_HELPER"

func TestMain(m *testing.M) {
	if mode, ok := os.LookupEnv(helperEnv); ok {
		os.Exit(helper(mode))
	}
	goleak.VerifyTestMain(m)
}

// told is what a program is given, as a usual JSON library reads it.
type told struct {
	Iago      int
	Record    int64
	Response  int64
	File      string
	Line      int64
	Raw       string
	RawBase64 []byte `json:"raw_base64"`
	Method    string
	URI       string
	Headers   [][]any
	Body      string
	Time      time.Time
	Fields    map[string]any
	Object    json.RawMessage
	Tag       json.RawMessage
	Request   *told
	Status    string
	Code      int
	Cause     string
	Depth     int
	Seed      uint64
	Responses bool
}

// program is the helper's side of the protocol.
type program struct {
	in  *bufio.Reader
	out *bufio.Writer
}

func (p *program) read() (told, bool) {
	var t told
	line, err := p.in.ReadBytes('\n')
	if err != nil {
		return t, false
	}
	if err := json.Unmarshal(line, &t); err != nil {
		panic(fmt.Sprintf("%v: %s", err, line))
	}
	return t, true
}

func (p *program) say(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
	if p.in.Buffered() == 0 {
		p.out.Flush()
	}
}

// helper is the program of that name; the name may have an argument behind a colon.
func helper(mode string) int {
	mode, arg, _ := strings.Cut(mode, ":")
	p := &program{bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)}
	switch mode {
	case "exit":
		fmt.Fprintln(os.Stderr, "no module named echo")
		return 3
	case "silent":
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	case "banner":
		p.say("Welcome to my program!")
	case "future":
		p.say(`{"iago":2}`)
	case "wants", "responses":
		p.say(`{"iago":1,"name":"wants","responses":true}`)
	default:
		p.say(`{"iago":1,"name":"helper"}`)
	}
	p.out.Flush()
	if hello, _ := p.read(); hello.Iago != 1 {
		return 9
	}
	return p.serve(mode, arg)
}

func (p *program) serve(mode, arg string) int {
	switch mode {
	case "deaf":
		time.Sleep(time.Hour)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		child := osexec.Command("sleep", "60")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return 9
		}
		fmt.Fprintf(os.Stderr, "child %d\n", child.Process.Pid)
		time.Sleep(time.Hour)
	}
	var random *rand.Rand
	for n := 1; ; n++ {
		t, ok := p.read()
		if !ok {
			p.out.Flush()
			return 0
		}
		if random == nil {
			random = rand.New(rand.NewPCG(uint64(len(arg)), uint64(t.Record)))
		}
		if status, over := p.answer(mode, arg, n, &t, random); over {
			return status
		}
	}
}

// usual is the answer to a record where nothing is the matter.
func (t *told) usual() string {
	switch {
	case strings.Contains(t.URI, "filtered"):
		return fmt.Sprintf(`{"record":%d,"requests":[]}`, t.Record)
	case strings.Contains(t.URI, "bad"):
		return fmt.Sprintf(`{"requests":[{"uri":"/never"}],"bad":"no such shop","record":%d}`, t.Record)
	}
	return fmt.Sprintf(`{"record":%d,"requests":[{"uri":%q},{"uri":%q,"tag":{"n":%d}}]}`, t.Record, t.URI, t.URI+"/2", t.Record)
}

// answer answers one line as the mode has it; over: the program ends.
func (p *program) answer(mode, arg string, n int, t *told, random *rand.Rand) (status int, over bool) {
	request := t.usual()
	dies := func() (int, bool) {
		fmt.Fprint(p.out, request) // all but the end mark, the line's
		p.out.Flush()
		fmt.Fprintln(os.Stderr, "dying of", t.URI)
		return 7, true
	}
	switch {
	case t.Response > 0:
		return p.respond(arg, n, t)
	}
	switch mode {
	case "poison":
		if strings.Contains(t.URI, "poison") {
			return dies()
		}
	case "random":
		if random.IntN(40) == 0 {
			return dies()
		}
	case "garbage":
		if strings.Contains(t.URI, "poison") {
			p.say("Hello, %s!", strings.Repeat("world ", 30))
		}
	case "twice":
		p.say(`{"record":%d,"requests":[]}`, t.Record)
	case "mute":
		if strings.Contains(t.URI, "poison") {
			return 0, false
		}
	case "endless":
		_, _ = p.out.WriteString(strings.Repeat("x", 1<<20))
	case "noisy":
		for i := range 1000 {
			fmt.Fprintln(os.Stderr, "noise", i)
		}
	case "reverse":
		var later []string
		for p.in.Buffered() > 0 {
			next, _ := p.read()
			later = append(later, next.usual())
		}
		for i := range later {
			p.say("%s", later[len(later)-1-i])
		}
	case "slow":
		if t.Record%7 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	p.say("%s", request)
	return 0, false
}

func (p *program) respond(arg string, n int, t *told) (status int, over bool) {
	switch {
	case arg == "dies" && t.Code == 500:
		return 7, true
	case arg == "refuses":
		p.say(`{"response":%d,"bad":"no idea"}`, t.Response)
	case t.Code == 302:
		p.say(`{"response":%d,"followups":[{"uri":"/followed","think_ms":2.5,"tag":[%d]},{"uri":%q}],"checks":{"redirected":true,"quick":false}}`,
			t.Response, n, t.Request.URI+string(t.Tag))
	default:
		p.say(`{"response":%d,"checks":{%q:%t}}`, t.Response, "status "+t.Status+t.Cause, t.Code == 200)
	}
	return 0, false
}
