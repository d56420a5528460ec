package redis

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// answers says what becomes of an answer, with answer_limit 1000.
var answers = []struct {
	name    string
	in      string
	status  string
	content string
	rest    int   // surplus bytes that are left
	err     error // nil: a whole answer
}{
	{"simple", "+OK\r\n", "ok", "OK", 0, nil},
	{"simple empty", "+\r\n", "ok", "", 0, nil},
	{"integer", ":-42\r\n", "ok", "-42", 0, nil},
	{"integer with plus", ":+42\r\n", "ok", "+42", 0, nil},
	{"least integer", ":-9223372036854775808\r\n", "ok", "-9223372036854775808", 0, nil},
	{"bulk", "$5\r\nhe\r\nl\r\n", "ok", "he\r\nl", 0, nil},
	{"bulk empty", "$0\r\n\r\n", "ok", "", 0, nil},
	{"bulk nil", "$-1\r\n", "nil", "", 0, nil},
	{"array nil", "*-1\r\n", "nil", "", 0, nil},
	{"null", "_\r\n", "nil", "", 0, nil},
	{"array empty", "*0\r\n", "ok", "[]", 0, nil},
	{"array", "*4\r\n+OK\r\n:7\r\n$2\r\n\"\n\r\n$-1\r\n", "ok", `["OK",7,"\"\n",null]`, 0, nil},
	{"array in array", "*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n*-1\r\n", "ok", `[[1,[]],[null]]`, 0, nil},
	{"surplus", ":1\r\n:2\r\n", "ok", "1", 4, nil},

	{"error", "-WRONGTYPE Operation against a key\r\n", "WRONGTYPE", "WRONGTYPE Operation against a key", 0, nil},
	{"error of one word", "-NOAUTH\r\n", "NOAUTH", "NOAUTH", 0, nil},
	{"error without kind", "-my own Error\r\n", "ERR", "my own Error", 0, nil},
	{"error with odd kind", "-USER:17 is gone\r\n", "ERR", "USER:17 is gone", 0, nil},
	{"error with long kind", "-" + strings.Repeat("A", 33) + " x\r\n", "ERR", strings.Repeat("A", 33) + " x", 0, nil},
	{"error empty", "-\r\n", "ERR", "", 0, nil},
	{"bulk error", "!21\r\nSYNTAX invalid syntax\r\n", "SYNTAX", "SYNTAX invalid syntax", 0, nil},
	{"error within", "*3\r\n+OK\r\n-WRONGTYPE x\r\n-ERR \"y\"\r\n", "WRONGTYPE", `["OK",{"error":"WRONGTYPE x"},{"error":"ERR \"y\""}]`, 0, nil},
	{"bulk error within", "*1\r\n!5\r\nBAD x\r\n", "BAD", `[{"error":"BAD x"}]`, 0, nil},

	{"double", ",-3.25e+7\r\n", "ok", "-3.25e+7", 0, nil},
	{"doubles", "*6\r\n,+1.5\r\n,inf\r\n,-inf\r\n,nan\r\n,007\r\n,-00.5\r\n", "ok", `[1.5,"inf","-inf","nan",7,-0.5]`, 0, nil},
	{"big number", "(-3492890328409238509324850943850943825024385\r\n", "ok", "-3492890328409238509324850943850943825024385", 0, nil},
	{"booleans", "*2\r\n#t\r\n#f\r\n", "ok", "[true,false]", 0, nil},
	{"boolean", "#f\r\n", "ok", "false", 0, nil},
	{"verbatim", "=15\r\ntxt:Some string\r\n", "ok", "Some string", 0, nil},
	{"verbatim empty", "*1\r\n=4\r\nmkd:\r\n", "ok", `[""]`, 0, nil},
	{"set", "~2\r\n$1\r\na\r\n_\r\n", "ok", `["a",null]`, 0, nil},
	{"map", "%2\r\n+a\r\n:1\r\n:2\r\n%1\r\n,1.5\r\n*0\r\n", "ok", `{"a":1,"2":{"1.5":[]}}`, 0, nil},
	{"map with odd keys", "%5\r\n*1\r\n-E\r\n:1\r\n%0\r\n:2\r\n_\r\n:3\r\n#t\r\n:4\r\n-BAD x\r\n:5\r\n", "BAD", `{"…":1,"…":2,"null":3,"true":4,"BAD x":5}`, 0, nil},
	{"attribute", "|1\r\n+ttl\r\n:3600\r\n$1\r\nx\r\n", "ok", "x", 0, nil},
	{"attribute within", "*2\r\n|1\r\n+k\r\n*1\r\n-E x\r\n:1\r\n|0\r\n:2\r\n", "ok", "[1,2]", 0, nil},
	{"attribute of an attribute", "|1\r\n|1\r\n+a\r\n+b\r\n+c\r\n+d\r\n_\r\n", "nil", "", 0, nil},
	{"push first", ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n:5\r\n", "ok", "5", 0, nil},
	{"pushes first", ">1\r\n-ERR x\r\n>1\r\n_\r\n>0\r\n+a\r\n", "ok", "a", 0, nil},
	{"streamed string", "$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;0\r\n", "ok", "Hello wor", 0, nil},
	{"streamed string within", "*2\r\n$?\r\n;1\r\n\xc3\r\n;1\r\n\xa9\r\n;0\r\n$?\r\n;0\r\n", "ok", `["é",""]`, 0, nil},
	{"streamed array", "*?\r\n:1\r\n*?\r\n.\r\n.\r\n", "ok", "[1,[]]", 0, nil},
	{"streamed set and map", "~?\r\n%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n.\r\n", "ok", `[{"a":1,"b":2}]`, 0, nil},
	{"no UTF-8", "*3\r\n$2\r\n\xc3(\r\n$3\r\n\xe2\x82\xc3\r\n$3\r\n\x01\x7f\x80\r\n", "ok", "[\"\uFFFD(\",\"\uFFFD\uFFFD\uFFFD\",\"\\u0001\x7f\uFFFD\"]", 0, nil},
	{"UTF-8", "*1\r\n+é€😀\r\n", "ok", `["é€😀"]`, 0, nil},
	{"no UTF-8 by itself", "$2\r\n\xc3(\r\n", "ok", "\xc3(", 0, nil},
	{"deep", strings.Repeat("*1\r\n", 128) + ":1\r\n", "ok", strings.Repeat("[", 128) + "1" + strings.Repeat("]", 128), 0, nil},
	{"at limit", "$992\r\n" + strings.Repeat("x", 992) + "\r\n", "ok", strings.Repeat("x", 992), 0, nil},
	{"pushes beyond the limit", strings.Repeat(">1\r\n$90\r\n"+strings.Repeat("x", 90)+"\r\n", 20) + ":1\r\n", "ok", "1", 0, nil},

	{"nothing", "", "", "", 0, transport.ErrEarlyClose},
	{"cut in a line", ":1\r", "", "", 0, transport.ErrEarlyClose},
	{"cut in a string", "$5\r\nhe", "", "", 0, transport.ErrEarlyClose},
	{"cut behind a string", "$2\r\nhe\r", "", "", 0, transport.ErrEarlyClose},
	{"cut in an array", "*2\r\n:1\r\n", "", "", 0, transport.ErrEarlyClose},
	{"cut behind a push", ">1\r\n:1\r\n", "", "", 0, transport.ErrEarlyClose},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\n", "", "", 0, ErrType},
	{"empty line", "\r\n", "", "", 0, ErrType},
	{"lone LF", "+OK\n", "", "", 0, ErrLineEnd},
	{"only LF", "\n", "", "", 0, ErrLineEnd},
	{"lone CR", "+O\rK\r\n", "", "", 0, ErrLineEnd},
	{"integer of 64 bits", ":9223372036854775808\r\n", "", "", 0, ErrNumber},
	{"integer empty", ":\r\n", "", "", 0, ErrNumber},
	{"integer of words", ":one\r\n", "", "", 0, ErrNumber},
	{"double without digits", ",.5\r\n", "", "", 0, ErrNumber},
	{"double without fraction", ",5.\r\n", "", "", 0, ErrNumber},
	{"double without power", ",5e\r\n", "", "", 0, ErrNumber},
	{"double in hexadecimal", ",0x1p3\r\n", "", "", 0, ErrNumber},
	{"big number with fraction", "(1.5\r\n", "", "", 0, ErrNumber},
	{"boolean in words", "#true\r\n", "", "", 0, ErrBoolean},
	{"null with value", "_0\r\n", "", "", 0, ErrNull},
	{"length negative", "$-2\r\n", "", "", 0, ErrLength},
	{"length empty", "*\r\n", "", "", 0, ErrLength},
	{"length with plus", "*+1\r\n", "", "", 0, ErrLength},
	{"length of 63 bits", "*9223372036854775807\r\n", "", "", 0, ErrLength},
	{"length of a nil set", "~-1\r\n", "", "", 0, ErrLength},
	{"length of a streamed push", ">?\r\n", "", "", 0, ErrLength},
	{"length of a streamed verbatim string", "=?\r\n", "", "", 0, ErrLength},
	{"string too long", "$1\r\nabc", "", "", 0, ErrBulkEnd},
	{"string with lone CR", "$1\r\na\rb", "", "", 0, ErrBulkEnd},
	{"verbatim too short", "=3\r\ntxt\r\n", "", "", 0, ErrVerbatim},
	{"piece without a string", ";1\r\n", "", "", 0, ErrStream},
	{"string within a streamed one", "$?\r\n$1\r\n", "", "", 0, ErrStream},
	{"end of nothing", ".\r\n", "", "", 0, ErrStream},
	{"end of a counted array", "*1\r\n.\r\n", "", "", 0, ErrStream},
	{"end within a pair", "%?\r\n+a\r\n.\r\n", "", "", 0, ErrStream},
	{"end with a word", "*?\r\n.x\r\n", "", "", 0, ErrStream},
	{"too deep", strings.Repeat("*1\r\n", 129), "", "", 0, ErrDepth},
	{"push within", "*1\r\n>1\r\n:1\r\n", "", "", 0, ErrPush},
	{"string over limit", "$993\r\n", "", "", 0, ErrLimit},
	{"lines over limit", "*200\r\n" + strings.Repeat(":123\r\n", 200), "", "", 0, ErrLimit},
}

func TestAnswers(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.AnswerLimit = 1000 })
	conn := codec.NewConn() // used again and again, as after any answer
	req := request("GET k")
	for _, a := range answers {
		whole := feed(t, 1<<20, conn, req, []byte(a.in), false)
		if a.err != nil {
			if !errors.Is(whole.err, a.err) || !whole.resp.Close {
				t.Errorf("%s: %v, want %v", a.name, whole, a.err)
			}
		} else if codec.StatusName(whole.resp.Status) != a.status || string(whole.resp.Content) != a.content || whole.n != len(a.in)-a.rest ||
			whole.resp.Close || int(whole.resp.Body+whole.resp.HeaderLen) > whole.n {
			t.Errorf("%s: %s %v\nwant %s %q", a.name, codec.StatusName(whole.resp.Status), whole, a.status, a.content)
		}
		for cut := range len(a.in) + 1 {
			if got := feed(t, 1<<20, conn, req, []byte(a.in), cut%2 == 0, cut); !got.is(whole) {
				t.Errorf("%s, cut at %d: got  %v\nwant %v", a.name, cut, got, whole)
			}
		}
		if got := feed(t, 1<<20, conn, req, []byte(a.in), true, everyByte(len(a.in))...); !got.is(whole) {
			t.Errorf("%s, bytewise: got  %v\nwant %v", a.name, got, whole)
		}
		whole.resp.Content = nil
		if got := feed(t, 0, conn, req, []byte(a.in), false); !got.is(whole) {
			t.Errorf("%s, not kept: got  %v\nwant %v", a.name, got, whole)
		}
		if content := []byte(a.content); a.err == nil && len(content) > 0 && strings.ContainsRune("[{", rune(content[0])) && !json.Valid(content) {
			t.Errorf("%s: not JSON: %s", a.name, content)
		}
	}
}

func TestLineLimit(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	for _, c := range []struct {
		size int
		want error
	}{{maxLine, nil}, {maxLine + 1, ErrLine}} {
		answer := []byte("+" + strings.Repeat("x", c.size-3) + "\r\n")
		for _, cuts := range [][]int{nil, {1}, {c.size - 1}, {10, 1000, c.size - 2}} {
			if got := feed(t, 0, conn, request("GET k"), answer, false, cuts...); !errors.Is(got.err, c.want) {
				t.Errorf("line of %d, cuts %v: %v, want %v", c.size, cuts, got, c.want)
			}
		}
	}
	endless := []byte("+" + strings.Repeat("x", maxLine))
	if got := feed(t, 0, conn, request("GET k"), endless, false); !errors.Is(got.err, ErrLine) {
		t.Errorf("a line without an end: %v", got)
	}
}

func TestKeepIsALimit(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	answer := []byte("%2\r\n+a\r\n*2\r\n:10\r\n-ERR é\r\n$1\r\n\x01\r\n,inf\r\n")
	whole := feed(t, 1000, conn, request("X"), answer, false)
	want := `{"a":[10,{"error":"ERR é"}],"\u0001":"inf"}`
	if string(whole.resp.Content) != want {
		t.Fatalf("got %s, want %s", whole.resp.Content, want)
	}
	for keep := range len(want) {
		got := string(feed(t, int64(keep), conn, request("X"), answer, false).resp.Content)
		if len(got) > keep || keep > 0 && !strings.HasPrefix(want, strings.ToValidUTF8(got[:min(len(got), 10)], "")) {
			t.Errorf("keep %d: %q", keep, got)
		}
	}
}

func TestSizes(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	for answer, body := range map[string]int64{"+OK\r\n": 2, "$5\r\nhello\r\n": 5, "*2\r\n:12\r\n$-1\r\n": 2, ">1\r\n+abc\r\n:1\r\n": 1} {
		size := int64(len(answer[strings.LastIndex(answer, ">")+1:]))
		if answer[0] == '>' {
			size = 4 // the push does not count
		}
		got := feed(t, 0, conn, request("X"), []byte(answer), false).resp
		if got.Body != body || got.Body+got.HeaderLen != size {
			t.Errorf("%q: %d and %d, want %d of %d", answer, got.Body, got.HeaderLen, body, size)
		}
	}
}

func TestUnasked(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	resp := &load.Response{}
	if n, done, err := conn.Parse([]byte("+OK\r\n"), false, resp); n != 0 || done || !errors.Is(err, ErrUnasked) {
		t.Errorf("before a request: %d, %v, %v", n, done, err)
	}
	feed(t, 0, conn, request("GET k"), []byte("+OK\r\n"), false)
	if n, done, err := conn.Parse([]byte("+OK\r\n"), false, resp); n != 0 || done || !errors.Is(err, ErrUnasked) {
		t.Errorf("after an answer: %d, %v, %v", n, done, err)
	}
}

// TestStatuses: kinds of errors are numbered as they come, and are bounded.
func TestStatuses(t *testing.T) {
	codec := newCodec(t, nil)
	conn := codec.NewConn()
	status := func(answer string) int {
		return feed(t, 0, conn, request("X"), []byte(answer), false).resp.Status
	}
	ok, null, wrong := status("+OK\r\n"), status("$-1\r\n"), status("-WRONGTYPE x\r\n")
	if ok == 0 || codec.ServerError(0) || codec.ServerError(ok) || codec.ServerError(null) || !codec.ServerError(wrong) {
		t.Errorf("statuses %d, %d, %d: errors %v, %v, %v", ok, null, wrong, codec.ServerError(ok), codec.ServerError(null), codec.ServerError(wrong))
	}
	if again := status("-WRONGTYPE y\r\n"); again != wrong {
		t.Errorf("the same kind is %d and then %d", wrong, again)
	}
	for i := range 2 * load.MaxStatus {
		if got := status("-KIND" + strconv.Itoa(i) + " x\r\n"); got > load.MaxStatus {
			t.Fatalf("status %d", got)
		}
	}
	if last := status("-NEVERSEEN x\r\n"); !codec.ServerError(last) || codec.StatusName(last) != "other" {
		t.Errorf("beyond the bound: %d, %q", last, codec.StatusName(last))
	}
}
