package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// verdict is what net/http makes of an answer.
type verdict struct {
	status int
	body   int64
	close  bool
	n      int
	err    error
}

// oracle reads an answer with net/http; interim answers are skipped as its Transport does.
func oracle(method string, answer []byte) (v verdict) {
	from := bytes.NewReader(answer)
	r := bufio.NewReader(from)
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			v.err = err
			return v
		}
		if resp.StatusCode >= 100 && resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		v.status, v.close = resp.StatusCode, resp.Close
		v.body, v.err = io.Copy(io.Discard, resp.Body)
		v.n = len(answer) - from.Len() - r.Buffered()
		return v
	}
}

// dispute is an answer that this package and net/http disagree about.
type dispute struct {
	method string
	answer []byte
	ours   outcome
	theirs verdict
}

// theySay tells whether they refuse the answer with one of these words, while we accept it or find another fault.
func (d *dispute) theySay(words ...string) bool {
	for _, w := range words {
		if d.theirs.err != nil && strings.Contains(d.theirs.err.Error(), w) {
			return true
		}
	}
	return false
}

// onlyWeSay tells whether we refuse what they accept, with cause.
func (d *dispute) onlyWeSay(cause error) bool {
	return d.theirs.err == nil && errors.Is(d.ours.err, cause)
}

// has tells whether the answer matches.
func (d *dispute) has(re *regexp.Regexp) bool { return re.Match(d.answer) }

var (
	encodedRE    = regexp.MustCompile(`(?i)\ntransfer-encoding:`)
	oldEncodedRE = regexp.MustCompile(`(?is)HTTP/1\.0 .*\ntransfer-encoding:`)
	lengthRE     = regexp.MustCompile(`(?i)\ncontent-length:`)
	spacedNameRE = regexp.MustCompile(`(?m)^[!-9;-~]*( +[!-9;-~]*)+:`)
	blankExtRE   = regexp.MustCompile(`(?m)^[0-9A-Fa-f]+[ \t]+;`)
	loneEndRE    = regexp.MustCompile(`(?s)\n0+[^\n]*\r\n(|.*[^\r])\n`)
)

// differences are all the cases in which we mean to judge otherwise than net/http, with the reason.
var differences = []struct {
	name, reason string
	holds        func(d *dispute) bool
}{
	{
		"other major version", "net/http reads HTTP/2.0 or 0.9 in HTTP/1 syntax; RFC 9112, section 2.3 knows no such thing",
		func(d *dispute) bool { return d.onlyWeSay(ErrVersion) },
	},
	{
		"status out of range", "net/http takes +20 and 099 for numbers; RFC 9112, section 4 wants three digits, RFC 9110, section 15 at least 100",
		func(d *dispute) bool { return d.onlyWeSay(ErrStatus) && d.theirs.status < 100 },
	},
	{
		"upgrade", "net/http hands a 101 to the caller; we never ask for one",
		func(d *dispute) bool { return d.onlyWeSay(ErrUpgrade) && d.theirs.status == 101 },
	},
	{
		"control byte in status line", "net/http takes any byte in the reason; RFC 9112, section 4 does not",
		func(d *dispute) bool {
			return d.onlyWeSay(ErrControl) && bytes.HasPrefix(d.answer[d.ours.n:], []byte("HTTP/1."))
		},
	},
	{
		"control byte in chunk extension", "net/http skips extensions unread; RFC 9112, section 7.1.1 allows tokens and quoted strings",
		func(d *dispute) bool { return d.onlyWeSay(ErrControl) && hexValue(d.answer[d.ours.n]) >= 0 },
	},
	{
		"space in name", "net/http takes it for an unknown header, Content-Length among them; RFC 9112, section 5.1 forbids it",
		func(d *dispute) bool { return d.onlyWeSay(ErrHeaderName) && d.has(spacedNameRE) },
	},
	{
		"transfer codings", "net/http knows a single line with chunked only; RFC 9112, section 6.3 tells what to do with others",
		func(d *dispute) bool {
			return d.theySay("unsupported transfer encoding", "too many transfer encodings") && d.has(encodedRE)
		},
	},
	{
		"transfer coding and length", "net/http keeps the connection; RFC 9112, section 6.1 distrusts it",
		func(d *dispute) bool {
			v := d.theirs
			v.close = true
			return d.has(encodedRE) && d.has(lengthRE) && agree(d.ours, v)
		},
	},
	{
		"lengths equal in value", "net/http compares text and knows no lists; RFC 9112, section 6.3 allows a list of equal values",
		func(d *dispute) bool { return d.ours.err == nil && d.theySay("Content-Length") && d.has(lengthRE) },
	},
	{
		"trailer header", "net/http refuses a Trailer header that names a framing header; we have no use for it",
		func(d *dispute) bool { return d.theySay("bad trailer key") },
	},
	{
		"end of trailers", "net/http looks for CRLF CRLF within its buffer; RFC 9112, section 2.2 allows a lone LF here as in heads",
		func(d *dispute) bool { return d.theySay("trailer") && d.has(loneEndRE) },
	},
	{
		"blank before chunk extension", "net/http refuses it; RFC 9112, section 7.1.1 wants it skipped",
		func(d *dispute) bool { return d.theySay("in chunk length") && d.has(blankExtRE) },
	},
	{
		"much overhead in chunks", "net/http guards its servers against long extensions of short chunks; we count bytes that come and time out",
		func(d *dispute) bool { return d.theySay("too much non-data") },
	},
	{
		"tunnel", "net/http leaves a successful CONNECT to its Transport; after the head there is no more HTTP",
		func(d *dispute) bool {
			return d.method == "CONNECT" && d.ours.done && d.ours.resp.Status/100 == 2 && d.ours.resp.Body == 0 && d.ours.resp.Close
		},
	},
}

// agree tells whether both accept the answer and find the same in it, or both refuse it.
func agree(ours outcome, theirs verdict) bool {
	if theirs.err != nil || ours.err != nil {
		return theirs.err != nil && ours.err != nil
	}
	return ours.resp.Status == theirs.status && ours.resp.Body == theirs.body && ours.resp.Close == theirs.close && ours.n == theirs.n
}

// explain returns the name of the difference that explains a dispute; "" for none.
func explain(d *dispute) string {
	for _, known := range differences {
		if known.holds(d) {
			return known.name
		}
	}
	return ""
}

// oldEncoded is the difference that is explained by another answer: net/http ignores a transfer coding in HTTP/1.0, where
// RFC 9112, section 6.1 wants it decoded and the connection closed. So it is judged as HTTP/1.1 that closes.
const oldEncoded = "transfer coding in HTTP/1.0"

// compare judges an answer with both and returns the name of the difference that explains a disagreement; "" for none.
func compare(tb testing.TB, method string, answer []byte, ours outcome) string {
	d := &dispute{method: method, answer: answer, ours: ours, theirs: oracle(method, answer)}
	if agree(d.ours, d.theirs) {
		return ""
	}
	if name := explain(d); name != "" {
		return name
	}
	if d.has(oldEncodedRE) {
		e := &dispute{method: method, answer: bytes.ReplaceAll(answer, []byte("HTTP/1.0 "), []byte("HTTP/1.1 ")), ours: ours}
		e.theirs = oracle(method, e.answer)
		e.theirs.close = true
		if agree(e.ours, e.theirs) || explain(e) != "" {
			return oldEncoded
		}
	}
	tb.Errorf("%s %q:\nours   %v\ntheirs %+v", method, answer, d.ours, d.theirs)
	return "unknown"
}

// TestOracle judges the hand-written answers and random ones with net/http too. Each listed difference must occur,
// lest the list grow beyond the truth. The random ones are cut at random besides.
func TestOracle(t *testing.T) {
	codec := newCodec(t, nil)
	random := rand.New(rand.NewPCG(7, 1))
	seen := map[string]int{}
	accepted, early := 0, 0
	try := func(method string, answer []byte) {
		req := &load.Request{Method: []byte(method)}
		ours := feed(t, codec.NewConn(), req, answer, false)
		if cuts := randomCuts(random, len(answer)); !feed(t, codec.NewConn(), req, answer, true, cuts...).is(ours) {
			t.Errorf("%s %q: cuts %v change %v", method, answer, cuts, ours)
		}
		seen[compare(t, method, answer, ours)]++
		if ours.err == nil {
			accepted++
		} else if errors.Is(ours.err, transport.ErrEarlyClose) {
			early++
		}
	}
	for _, a := range answers {
		for _, method := range []string{"GET", "HEAD", "CONNECT"} {
			try(method, []byte(a.in))
		}
	}
	try("GET", []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat("1;"+strings.Repeat("x", 4000)+"\r\nx\r\n", 6)+"0\r\n\r\n"))
	const cases = 6000
	for range cases {
		method, answer := randomAnswer(random)
		try(method, answer)
		if t.Failed() {
			break
		}
	}
	if seen[oldEncoded] == 0 {
		t.Errorf("no answer shows the difference %q any more", oldEncoded)
	}
	for _, d := range differences {
		if seen[d.name] == 0 {
			t.Errorf("no answer shows the difference %q any more: %s", d.name, d.reason)
		}
	}
	// A generator of nothing but rubbish, or of nothing odd, would prove little.
	if accepted < cases/3 || accepted > cases*9/10 || early < cases/50 {
		t.Errorf("of %d answers %d were accepted and %d closed early: the generator is off balance", cases, accepted, early)
	}
	t.Logf("accepted %d, closed early %d, differences %v", accepted, early, seen)
}
