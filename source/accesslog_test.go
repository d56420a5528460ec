package source

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

const entryHead = `192.0.2.1 - - [17/May/2015:10:05:03 +0000] `

// parsed is a record in a form that is easy to compare.
func parsed(f Format, line string) string {
	var r load.Record
	if err := f.Parse([]byte(line), &r); err != nil {
		return "bad: " + err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, r.URI)
	for _, h := range r.Header {
		fmt.Fprintf(&b, " %s=%q", h.Name, h.Value)
	}
	return b.String()
}

func TestCombined(t *testing.T) {
	tests := []struct{ name, tail, want string }{
		{"usual", `"GET /a?b=c HTTP/1.1" 200 12 "http://r/" "Agent/1"`, `GET /a?b=c Referer="http://r/" User-Agent="Agent/1"`},
		{"HTTP/1.0", `"HEAD / HTTP/1.0" 200 - "-" "Agent/1"`, `HEAD / User-Agent="Agent/1"`},
		{"HTTP/2.0", `"POST /p HTTP/2.0" 200 1 "-" "-"`, `POST /p`},
		{"HTTP/3", `"GET /p HTTP/3" 200 1 "" ""`, `GET /p`},
		{"agent not closed", `"GET /a HTTP/1.1" 200 12 "-" "Agent (+http://x/y.html`, `GET /a User-Agent="Agent (+http://x/y.html"`},
		{"referer not closed", `"GET /a HTTP/1.1" 200 12 "http://r/`, `GET /a Referer="http://r/"`},
		{"cut before the size", `"GET /a HTTP/1.1" 20`, `GET /a`},
		{"cut after the request", `"GET /a HTTP/1.1"`, `GET /a`},
		{"request not closed", `"GET /a HTTP/1.1`, `bad: no closing quote after the request`},
		{"request closed by an escaped quote only", `"GET /a HTTP/1.1\"`, `bad: no closing quote after the request`},
		{"Apache escapes", `"GET /a HTTP/1.1" 200 1 "http://r/\"q\"\\\t" "\xe4\xE5"`, `GET /a Referer="http://r/\"q\"\\\t" User-Agent="\xe4\xe5"`},
		{"escapes in the path", `"GET /a\"b\\c\x22 HTTP/1.1" 200 1 "-" "-"`, `GET /a"b\c"`},
		{"beyond ASCII in the path", `"GET /\xc3\xa4/ö HTTP/1.1" 200 1 "-" "-"`, `GET /%C3%A4/%C3%B6`},
		{"unknown escape", `"GET /a\qb\x2 HTTP/1.1" 200 1 "-" "x\`, `GET /a\qb\x2 User-Agent="x\\"`},
		{"line feed in a header", `"GET /a HTTP/1.1" 200 1 "x\r\nEvil: 1" "Agent"`, `GET /a User-Agent="Agent"`},
		{"more fields", `"GET /a HTTP/1.1" 200 1 "r" "Agent" "198.51.100.1" 0.001`, `GET /a Referer="r" User-Agent="Agent"`},
		{"other fields", `"GET /a HTTP/1.1" 200 0.01 "r" "Agent"`, `GET /a`},
		{"absolute-form", `"GET http://u@h:80/a?b HTTP/1.1" 200 1 "-" "-"`, `GET /a?b`},
		{"absolute-form without a path", `"GET HTTPS://h?b HTTP/1.1" 200 1 "-" "-"`, `GET /?b`},
		{"absolute-form without a host", `"GET http:///a HTTP/1.1" 200 1 "-" "-"`, `bad: expected a host in the URL`},
		{"another scheme", `"GET ftp://h/a HTTP/1.1" 200 1 "-" "-"`, `bad: expected a path that begins with /, or an http or https URL`},
		{"asterisk-form", `"OPTIONS * HTTP/1.0" 200 1 "-" "Apache (internal dummy connection)"`, `OPTIONS * User-Agent="Apache (internal dummy connection)"`},
		{"asterisk-form without OPTIONS", `"PRI * HTTP/2.0" 400 1 "-" "-"`, `bad: expected the target * with OPTIONS only`},
		{"authority-form", `"CONNECT h:443 HTTP/1.1" 405 1 "-" "-"`, `bad: asks a proxy for a tunnel (CONNECT), which has no path to replay`},
		{"no request", `"-" 408 - "-" "-"`, `bad: no request was recorded`},
		{"empty request", `"" 400 0 "-" "-"`, `bad: no request was recorded`},
		{"TLS", `"\x16\x03\x01\x02" 400 226 "-" "-"`, `bad: expected a request such as GET /path HTTP/1.1`},
		{"TLS with a blank", `"\x16\x03\x01 \x02" 400 226 "-" "-"`, `bad: expected a method such as GET, of letters, digits and hyphens`},
		{"HTTP/0.9", `"GET /" 200 1 "-" "-"`, `bad: expected HTTP/ and a version at the end of the request; without one (HTTP/0.9) it may have been cut off`},
		{"no target", `"GET HTTP/1.1" 400 1 "-" "-"`, `bad: expected a request such as GET /path HTTP/1.1`},
		{"empty target", `"GET  HTTP/1.1" 400 1 "-" "-"`, `bad: expected a path that begins with /, or an http or https URL`},
		{"no slash", `"GET a HTTP/1.1" 400 1 "-" "-"`, `bad: expected a path that begins with /, or an http or https URL`},
		{"blank in the path", `"GET /a b HTTP/1.1" 400 1 "-" "-"`, `bad: expected no blank and no control character in the path`},
		{"control character in the path", `"GET /a\nb HTTP/1.1" 400 1 "-" "-"`, `bad: expected no blank and no control character in the path`},
		{"method of one's own", `"M-SEARCH /a HTTP/1.1" 200 1 "-" "-"`, `M-SEARCH /a`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parsed(combinedFormat, entryHead+tt.tail); got != tt.want {
				t.Errorf("combined:\n got %s\nwant %s", got, tt.want)
			}
			want := tt.want
			if !strings.HasPrefix(want, "bad: ") {
				want = strings.Join(strings.SplitN(want, " ", 3)[:2], " ")
			}
			if got := parsed(commonFormat, entryHead+tt.tail); got != want {
				t.Errorf("common:\n got %s\nwant %s", got, want)
			}
		})
	}
}

// What stands before the request.
func TestEntryHead(t *testing.T) {
	const request = ` "GET /a HTTP/1.1" 200 1`
	tests := []struct{ name, line, want string }{
		{"virtual host", `example.org:80 192.0.2.1 - - [17/May/2015:10:05:03 +0000]` + request, "GET /a"},
		{"brackets", `2001:db8::1 [x] "y [z] - [17/May/2015:10:05:03 +0000]` + request, "GET /a"},
		{"nothing", `[17/May/2015:10:05:03 +0000]` + request, "GET /a"},
		{"no time", `192.0.2.1 - -` + request, "bad: " + errEntry.Error()},
		{"impossible time", `- - - [31/Feb/2015:10:05:03 +0000]` + request, "bad: " + errStamp.Error()},
		{"another form", `- - - [2015-05-17T10:05:03+00:00]` + request, "bad: " + errEntry.Error()},
		{"empty", ``, "bad: " + errEntry.Error()},
	}
	for _, tt := range tests {
		if got := parsed(commonFormat, tt.line); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// checkRecord holds a record to what a transport needs in order not to be led astray.
func checkRecord(t *testing.T, r *load.Record) {
	t.Helper()
	if len(r.Method) > 0 && !isToken(r.Method) {
		t.Errorf("method %q is no token", r.Method)
	}
	if string(r.URI) != "*" && (len(r.URI) == 0 || r.URI[0] != '/') {
		t.Errorf("URI %q does not begin with /", r.URI)
	}
	for _, c := range r.URI {
		if c <= ' ' || c >= 0x7f {
			t.Errorf("URI %q contains %#x", r.URI, c)
		}
	}
	for _, h := range r.Header {
		if bytes.ContainsAny(h.Value, "\r\n\x00") || !isToken(h.Name) {
			t.Errorf("header %q: %q", h.Name, h.Value)
		}
	}
	if len(r.Body) > 0 {
		t.Errorf("body %q", r.Body)
	}
}

// fuzzFormat feeds lines to a format: no panic, no harm to the line, and nothing that breaks a transport.
func fuzzFormat(f *testing.F, format Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		was := bytes.Clone(line)
		var r load.Record
		err := format.Parse(line, &r)
		if !bytes.Equal(line, was) {
			t.Fatalf("the line became %q", line)
		}
		if err == nil {
			checkRecord(t, &r)
		}
		format.ignores(line)
		format.fits(line, &r)
	})
}

var entrySeeds = []string{
	entryHead + `"GET /a?b=c HTTP/1.1" 200 12 "http://r/" "Agent/1"`,
	entryHead + `"GET /a\"b\x c HTTP/1.0" 200 12 "\xe4\x" "Agent \`,
	entryHead + `"OPTIONS * HTTP/1.0" - - "-" "-" "more"`,
	entryHead + `"GET http://h?q HTTP/2.0" 200 0`,
	entryHead + `"\x16\x03\x01" 400 226 "-" "-"`,
	entryHead + `"-" 408 -`,
	`[] [17/May/2015:10:05:03 +0000] "`,
}

func FuzzCombined(f *testing.F) { fuzzFormat(f, combinedFormat, entrySeeds...) }

func FuzzCommon(f *testing.F) { fuzzFormat(f, commonFormat, entrySeeds...) }

func FuzzURI(f *testing.F) {
	fuzzFormat(f, uriFormat, "/a?b=c#d", " \t/a ", "# comment", "https://h:1/a", "http:///", "/ä", "/a b", "*", "")
}

// FuzzCombinedRoundTrip writes entries as Apache does and reads them back.
func FuzzCombinedRoundTrip(f *testing.F) {
	f.Add("GET", "/a?b", "http://r/", `Agent "x" \ `)
	f.Add("M-SEARCH", "/%20", "-", "\xe4\t")
	f.Fuzz(func(t *testing.T, method, uri, referer, agent string) {
		plain := func(s string) bool {
			return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f }) < 0
		}
		if !isToken([]byte(method)) || method == "CONNECT" || !strings.HasPrefix(uri, "/") || !plain(uri) {
			return
		}
		line := entryHead + `"` + logged(method+" "+uri+" HTTP/1.1") + `" 200 5 "` + logged(referer) + `" "` + logged(agent) + `"`
		var r load.Record
		if err := combinedFormat.Parse([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		want := map[string]string{}
		for name, value := range map[string]string{"Referer": referer, "User-Agent": agent} {
			clean := strings.IndexFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) < 0
			if clean && value != "" && value != "-" {
				want[name] = value
			}
		}
		got := map[string]string{}
		for _, h := range r.Header {
			got[string(h.Name)] = string(h.Value)
		}
		if string(r.Method) != method || string(r.URI) != uri || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %s %s %q\nwant %s %s %q", line, r.Method, r.URI, got, method, uri, want)
		}
	})
}

// logged escapes s as Apache's mod_log_config does.
func logged(s string) string {
	named := map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\v': `\v`}
	var b strings.Builder
	for _, c := range []byte(s) {
		switch e, ok := named[c]; {
		case ok:
			b.WriteString(e)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
