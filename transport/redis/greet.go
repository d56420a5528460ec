package redis

import (
	"bytes"
	"strconv"

	"github.com/iagoloadgen/iago/transport"
)

// greeting is what is said on each connection before its first request, and the names of the commands in it.
func greeting(c *Config) (wire []byte, steps []string) {
	say := func(words ...string) {
		wire = appendLength(wire, '*', len(words))
		for _, w := range words {
			wire = append(append(appendLength(wire, '$', len(w)), w...), "\r\n"...)
		}
		steps = append(steps, words[0])
	}
	login := c.Username != "" || c.Password != ""
	switch {
	case c.Protocol == 3 && login:
		user := c.Username
		if user == "" {
			user = "default"
		}
		say("HELLO", "3", "AUTH", user, c.Password)
	case c.Protocol == 3:
		say("HELLO", "3")
	case c.Username != "":
		say("AUTH", c.Username, c.Password)
	case login:
		say("AUTH", c.Password)
	}
	if c.ClientName != "" {
		say("CLIENT", "SETNAME", c.ClientName)
	}
	if c.Database > 0 {
		say("SELECT", strconv.Itoa(c.Database))
	}
	return wire, steps
}

// Greet implements [transport.Greeter].
func (c *conn) Greet(dst []byte) []byte {
	c.reader.reset()
	c.greeted = 0
	return append(dst, c.codec.greeting...)
}

// Welcome implements [transport.Greeter]. The causes of a [transport.Refused] are of the form "redis: AUTH: WRONGPASS": the
// command that was refused, and the kind of error.
func (c *conn) Welcome(src []byte, eof bool, reply []byte) (n int, said []byte, done bool, err error) {
	r := &c.reader
	r.show = nil
	for n < len(src) && c.greeted < len(c.codec.steps) {
		k, whole, err := r.read(src[n:])
		n += k
		switch {
		case err != nil:
			return n, reply, false, err
		case whole && r.failed:
			return n, reply, false, &transport.Refused{Cause: "redis: " + c.codec.steps[c.greeted] + ": " + refusal(r.failure)}
		case whole:
			c.greeted++
			r.reset()
		}
	}
	if c.greeted == len(c.codec.steps) {
		return n, reply, true, nil
	}
	if eof {
		return n, reply, false, transport.ErrEarlyClose
	}
	return n, reply, false, nil
}

// refusal is the kind of an error, but for one that is common where load is made, and of the most general kind.
func refusal(failure []byte) string {
	if bytes.HasPrefix(failure, []byte("ERR max number of clients")) {
		return "max number of clients reached"
	}
	return string(kindOf(failure))
}
