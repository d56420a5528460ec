package http

import (
	"bytes"
	nethttp "net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/target/model"
)

// answer is what is written for a request: a head with, where it is small, its body, and else the body apart.
// The bytes are shared by all connections and never changed.
type answer struct{ head, body []byte }

func (a answer) size() int64 { return int64(len(a.head) + len(a.body)) }

// connection says what an answer tells of the connection's future.
type connection int

const (
	kept      connection = iota // HTTP/1.1, by default
	closes                      // Connection: close
	keptAlive                   // HTTP/1.0 with Connection: keep-alive
	connections
)

// answers holds all that can be answered, ready to be written.
type answers struct {
	byStatus map[int]*[2 * connections]answer // index: connection, + connections for the answer to HEAD
	header   string                           // the lines of every answer, each with its line end
}

var (
	goOn    = []byte("HTTP/1.1 100 Continue\r\n\r\n")
	garbage = []byte("\x00\xff\x16\x03 this is no HTTP\r\n\r\n")
)

// joined is the size up to which a body is copied behind its head, so that one plain write does.
const joined = 16 << 10

// newAnswers makes the answers that o can need.
func newAnswers(o *Options) *answers {
	a := &answers{byStatus: map[int]*[2 * connections]answer{}, header: headerLines(o.Header)}
	for _, status := range refused {
		a.add(status, shortBody(status))
	}
	for _, f := range o.Model.Faults {
		if f.Kind == model.Error {
			a.add(f.Status, shortBody(f.Status))
		}
	}
	a.add(o.Status, fill(o.BodySize))
	return a
}

// headerLines returns the headers of all answers: the user's, and those that the user left to the target.
func headerLines(lines []string) string {
	var b strings.Builder
	for _, standard := range []string{"Content-Type: text/plain", "Server: iago-target"} {
		name, _, _ := strings.Cut(standard, ":")
		if !slices.ContainsFunc(lines, func(l string) bool {
			n, _, _ := strings.Cut(l, ":")
			return strings.EqualFold(n, name)
		}) {
			b.WriteString(standard + "\r\n")
		}
	}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		b.WriteString(name + ": " + strings.Trim(value, " \t") + "\r\n")
	}
	return b.String()
}

// fill returns n bytes of text.
func fill(n int) []byte {
	const text = "Iago target. "
	return bytes.Repeat([]byte(text), n/len(text)+1)[:n]
}

func shortBody(status int) []byte {
	return []byte(strconv.Itoa(status) + " " + nethttp.StatusText(status) + "\n")
}

func (a *answers) add(status int, body []byte) {
	var all [2 * connections]answer
	for c := range connections {
		all[c] = a.build(status, a.header, body, c, false)
		all[connections+c] = a.build(status, a.header, body, c, true)
	}
	a.byStatus[status] = &all
}

// build makes one answer. The statuses without content have neither body nor length (RFC 9110, section 6.4.1).
func (a *answers) build(status int, header string, body []byte, c connection, head bool) answer {
	b := make([]byte, 0, 256)
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, nethttp.StatusText(status)...)
	b = append(b, "\r\n"...)
	b = append(b, header...)
	empty := status == 204 || status == 304
	if !empty {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	switch c {
	case closes:
		b = append(b, "Connection: close\r\n"...)
	case keptAlive:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	b = append(b, "\r\n"...)
	switch {
	case empty || head:
		return answer{head: b}
	case len(body) <= joined:
		return answer{head: append(b, body...)}
	}
	return answer{head: b, body: body}
}

// of returns the answer with the given status to r.
func (a *answers) of(status int, r *request) answer {
	i := r.future()
	if string(r.method) == "HEAD" {
		i += connections
	}
	return a.byStatus[status][i]
}

// json returns a 200 with the given content to r.
func (a *answers) json(body []byte, r *request) answer {
	return a.build(200, "Content-Type: application/json\r\nServer: iago-target\r\n", body, r.future(), false)
}

// future says what is to be told of the connection after r.
func (r *request) future() connection {
	switch {
	case !r.persists():
		return closes
	case r.minor == 0:
		return keptAlive
	}
	return kept
}
