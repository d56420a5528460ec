package exec

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// maxNames bounds the labels and check names that are kept to be used again.
const maxNames = 4096

// answer is one line of a program's: what becomes of a record, or of a response. Its memory is used again.
type answer struct {
	id       uint64
	response bool
	bad      string // why no requests come of it
	made     []made // a record's requests or a response's follow-ups
	checks   []check
}

type made struct {
	req   load.Request
	think time.Duration
	tag   []byte
}

type check struct {
	name   string
	passed bool
}

func (a *answer) reset() {
	a.id, a.response, a.bad = 0, false, ""
	a.made, a.checks = a.made[:0], a.checks[:0]
}

// add returns an empty request.
func (a *answer) add() *made {
	if len(a.made) < cap(a.made) {
		a.made = a.made[:len(a.made)+1]
	} else {
		a.made = append(a.made, made{})
	}
	m := &a.made[len(a.made)-1]
	m.req.Reset()
	m.think, m.tag = 0, m.tag[:0]
	return m
}

// decoder reads answers. A line that is no answer is an error; an answer with something wrong in it is a bad record.
type decoder struct {
	scanner
	answer answer
	names  map[string]string
	plain  []byte // decoded base64
	part   string // "requests" or "followups", for messages
}

// decode reads a line, an answer or an array of them, and gives each answer with its size to take, which may swap it for another one.
func (d *decoder) decode(line []byte, take func(a *answer, size int) error) error {
	d.reset(line)
	if d.peek() != '[' {
		if err := d.one(); err != nil {
			return err
		}
		if d.end(); d.err != nil {
			return d.err
		}
		return take(&d.answer, len(line))
	}
	for d.begin('['); d.next(']'); {
		from := d.pos
		if err := d.one(); err != nil {
			return err
		}
		if err := take(&d.answer, d.pos-from); err != nil {
			return err
		}
	}
	d.end()
	return d.err
}

// one reads one answer into d.answer.
func (d *decoder) one() error {
	a := &d.answer
	a.reset()
	kinds, told := 0, false
	for d.begin('{'); d.next('}'); {
		switch key := d.key(); string(key) {
		case "record", "response":
			kinds++
			a.response = len(key) == len("response")
			a.id = d.id()
		case "requests", "followups":
			d.part, told = "requests", true
			if key[0] == 'f' {
				d.part = "followups"
			}
			d.requests()
		case "checks":
			d.checks()
			told = true
		case "bad":
			a.bad = string(d.textOf("bad"))
			if a.bad == "" {
				a.bad = "the program gives no reason"
			}
			told = true
		default:
			d.unknown(key, "", "record, requests, bad; response, followups, checks")
		}
	}
	if d.err != nil {
		return d.err
	}
	if kinds != 1 {
		return fmt.Errorf(`expected one of "record" and "response" with the number of what it answers`)
	}
	d.fits(told)
	if a.bad != "" {
		a.made, a.checks = a.made[:0], a.checks[:0]
	}
	return nil
}

// fits finds members of the other kind of answer. An answer that says nothing is most likely a mistake.
func (d *decoder) fits(told bool) {
	a := &d.answer
	switch {
	case !told && !a.response:
		d.wrong(`expected "requests" (none: "requests":[]) or "bad"`)
	case a.response && len(a.made) > 0 && d.part == "requests":
		d.wrong(`a response is answered with "followups", not with "requests"`)
	case !a.response && len(a.made) > 0 && d.part == "followups":
		d.wrong(`a record is answered with "requests", not with "followups"`)
	case !a.response && len(a.checks) > 0:
		d.wrong(`"checks" are of responses, not of records`)
	}
}

// wrong makes the record a bad one; the first reason counts.
func (d *decoder) wrong(format string, args ...any) {
	if d.answer.bad == "" {
		d.answer.bad = "its answer: " + fmt.Sprintf(format, args...)
	}
}

func (d *decoder) unknown(key []byte, at, known string) {
	if d.err == nil {
		d.wrong("%sunknown member %q; known are %s", at, key, known)
		d.value()
	}
}

// id reads the number of a record or response.
func (d *decoder) id() uint64 {
	d.peek()
	n, err := strconv.ParseUint(string(d.number()), 10, 64)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("expected the number of a record or response as it was given")
	}
	return n
}

// textOf reads a string; something else makes the record bad.
func (d *decoder) textOf(name string) []byte {
	if d.peek() != '"' {
		d.value()
		d.wrong("%s: expected a string", d.where(name))
		return nil
	}
	return d.string()
}

// bytesOf is textOf for base64.
func (d *decoder) bytesOf(name string) []byte {
	var err error
	if d.plain, err = base64.StdEncoding.AppendDecode(d.plain[:0], d.textOf(name)); err != nil {
		d.wrong("%s: expected base64 with its padding (RFC 4648, section 4)", d.where(name))
		return nil
	}
	return d.plain
}

// numberOf reads a number from 0 to most.
func (d *decoder) numberOf(name string, most float64) float64 {
	if c := d.peek(); c != '-' && (c < '0' || c > '9') {
		d.value()
		d.wrong("%s: expected a number", d.where(name))
		return 0
	}
	n, err := strconv.ParseFloat(string(d.number()), 64)
	if d.err == nil && (err != nil || n < 0 || n > most) {
		d.wrong("%s: expected a number from 0 to %.0f", d.where(name), most)
		return 0
	}
	return n
}

// where names a member for messages: "requests[2].weight".
func (d *decoder) where(name string) string {
	if n := len(d.answer.made); n > 0 && name != "bad" && name != "checks" {
		return fmt.Sprintf("%s[%d].%s", d.part, n-1, name)
	}
	return name
}

// checks reads {"name": true, …}.
func (d *decoder) checks() {
	if d.peek() != '{' {
		d.value()
		d.wrong(`checks: expected an object such as {"logged in": true}`)
		return
	}
	for d.begin('{'); d.next('}'); {
		name := d.name(d.key())
		passed := d.peek() == 't'
		if v := d.value(); string(v) != "true" && string(v) != "false" {
			d.wrong("checks: %q: expected true or false", name)
		}
		d.answer.checks = append(d.answer.checks, check{name, passed})
	}
}

// name makes a string of b, the same one each time.
func (d *decoder) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if d.names == nil {
		d.names = map[string]string{}
	}
	if len(d.names) < maxNames {
		d.names[s] = s
	}
	return s
}

// milliseconds turns a number of them into a time.
func milliseconds(n float64) time.Duration {
	return time.Duration(math.Round(n * float64(time.Millisecond)))
}
