package redis_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/redis"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

// number reads a line such as *3 or $11, and returns what is behind it; below 0: it is not all there.
func number(b []byte, sign byte) (n int, rest []byte, err error) {
	line, rest, whole := bytes.Cut(b, []byte("\r\n"))
	if !whole {
		return -1, nil, nil
	}
	if line[0] != sign {
		return 0, nil, fmt.Errorf("%q does not begin with %c", line, sign)
	}
	n, err = strconv.Atoi(string(line[1:]))
	return n, rest, err
}

// cutCommand finds the first command in b and its words; there are none if it is not all there.
func cutCommand(b []byte) (words [][]byte, length int, err error) {
	n, rest, err := number(b, '*')
	if n < 0 || err != nil {
		return nil, 0, err
	}
	for range n {
		var size int
		if size, rest, err = number(rest, '$'); size < 0 || err != nil || len(rest) < size+2 {
			return nil, 0, err
		}
		words, rest = append(words, rest[:size]), rest[size+2:]
	}
	return words, len(b) - len(rest), nil
}

// reply answers GET, SET and ECHO with a bulk string: their second word.
func reply(dst, request []byte, size int) []byte {
	words, _, err := cutCommand(request)
	if err != nil || len(words) < 2 {
		return append(dst, "-ERR what\r\n"...)
	}
	text := append(bytes.Clone(words[1]), bytes.Repeat([]byte("x"), size)...)
	return fmt.Appendf(dst, "$%d\r\n%s\r\n", len(text), text)
}

// keyOf is the second word of a record's line.
func keyOf(line []byte) []byte { return bytes.Fields(line[:min(len(line), 100)])[1] }

func subject() transporttest.Subject {
	return transporttest.Subject{
		Config:  func() transport.Config { return redis.NewConfig() },
		Scheme:  "redis",
		Request: func(req *load.Request, i int) { req.Body = fmt.Appendf(nil, "GET key:%06d", i) },
		Cut: func(b []byte) (int, error) {
			_, n, err := cutCommand(b)
			return n, err
		},
		Answer: func(dst, request []byte) []byte { return reply(dst, request, 0) },
		Match: func(req *load.Request, resp *load.Response) bool {
			return bytes.Contains(resp.Content, keyOf(req.Body))
		},
		Garbage: [][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), []byte("$many\r\n"), []byte("$-7\r\n"), append(make([]byte, 100), "\r\n"...)},
		Refused: []*load.Request{{}, {Body: []byte(`SET a "b`)}, {Body: []byte("SUBSCRIBE a")}},
		Large: func(req *load.Request, i, size int) {
			req.Body = fmt.Appendf(nil, "SET key:%06d %s", i, bytes.Repeat([]byte("x"), size))
		},
		LargeAnswer: reply,
		Limit:       func(c transport.Config, size int64) { c.(*redis.Config).AnswerLimit = size },
	}
}

func TestContract(t *testing.T) { transporttest.Run(t, subject()) }

// Three things are said before the first command, and each is answered.
func TestContractWithGreeting(t *testing.T) {
	s := subject()
	s.Config = func() transport.Config {
		c := redis.NewConfig()
		c.Protocol, c.Password, c.ClientName, c.Database = 3, "secret", "iago", 5
		return c
	}
	s.Greet = func(said []byte) (int, []byte, bool) {
		words, n, _ := cutCommand(said)
		switch {
		case n == 0:
			return 0, nil, false
		case string(words[0]) == "HELLO":
			return n, []byte("%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"), false
		}
		return n, []byte("+OK\r\n"), string(words[0]) == "SELECT"
	}
	transporttest.Run(t, s)
}
