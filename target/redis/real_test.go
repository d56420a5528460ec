package redis

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

// same are commands that must be answered by us byte for byte as by Redis. A line is an inline command, so that their parsing is
// compared too; every line is then sent as an array as well.
const same = `
PING
ping hello
PING a b
ECHO
ECHO "a b\x41\r\n\t\"q\\"
ECHO 'it\'s \n'
ECHO ""
nonsense
nonsense a b c
"non sense\n" 'a\'b'
GET
GET k
SET k
SET k v
GET k
set k v2 NX
SET k2 v2 NX
SET k3 v3 XX
SET k v4 XX
GET k
SET k v5 XX NX
SET k v5 NX XX
SET k v5 EX
SET k v5 EX 0
SET k v5 EX -1
SET k v5 EX abc
SET k v5 PX 100000 EX 5
SET k v5 EX 100
TTL k
SET k v6 KEEPTTL
TTL k
SET k v6 KEEPTTL EX 5
SET k v7 GET
TTL k
SET fresh v GET
SET k v8 NX GET
SET k v PX 9223372036854775807
SET k v EX 9223372036854775807
SET k v EX 100000000000000000000
SET k v BOGUS
SETNX k a
SETNX nx a
SETEX ex 100 v
SETEX ex 0 v
TTL ex
PERSIST ex
PERSIST ex
TTL ex
TTL none
PTTL none
PERSIST none
EXPIRE k 100
TTL k
EXPIRE k abc
EXPIRE none 10
EXPIRE k 9223372036854775807
PEXPIRE k 9223372036854775807
PEXPIRE k 99900
TTL k
EXPIRE k -1
GET k
MSET a 1 b 2 c
MSET a 1 b 2
MGET a b none
MGET
DEL a b a none
DEL
EXISTS nx nx none
UNLINK nx
INCR n
INCRBY n 41
DECR n
DECRBY n 100
INCRBY n abc
INCRBY n 1.5
INCRBY n +5
INCRBY n 05
INCRBY n -0
DECRBY n -9223372036854775808
SET n 9223372036854775807
INCR n
SET n " 1"
INCR n
SET n -9223372036854775808
DECR n
APPEND n xyz
APPEND new abc
STRLEN new
STRLEN none
GET new
GETSET new newer
GETDEL new
GETDEL new
HSET h
HSET h f
HSET h f 1 g 2
HSET h f 3 g
HSET h f 3 x 4
HGET h f
HGET h none
HGET none f
HLEN h
HGETALL h
HGETALL none
HDEL h f none
HDEL none f
HLEN h
TYPE h
GET h
INCR h
APPEND h x
LPUSH h x
SADD h x
STRLEN h
SET h v NX
MGET h
GETSET h x
GETDEL h
HDEL h x g
EXISTS h
LPUSH l 1 2 3
RPUSH l 4
LRANGE l 0 -1
LRANGE l 1 2
LRANGE l -2 -1
LRANGE l -100 100
LRANGE l 3 1
LRANGE l 5 9
LRANGE l a 1
LRANGE none 0 -1
LLEN l
LPOP l
RPOP l
LPOP l 0
LPOP l 5
LPOP l
LPOP l 2
LPOP l -1
LPOP l x
LPOP l 1 2
LLEN none
TYPE l
RPUSH l a
TYPE l
HGET l a
HSET l a b
LRANGE h 0 1
SADD s a
SADD s b a c
SCARD s
SISMEMBER s a
SISMEMBER s z
SREM s a z
SMEMBERS none
SREM s b
SMEMBERS s
TYPE s
LPUSH s x
SCARD l
SPOP s
SPOP s
SREM none x
SELECT 1
DBSIZE
SET other 1
DBSIZE
SELECT 99
SELECT abc
SELECT -1
SELECT 0
GET other
AUTH x
AUTH default x
AUTH nobody x
AUTH a b c
CLIENT SETNAME me
CLIENT GETNAME
CLIENT BOGUS
HELLO 4
HELLO x
HELLO 3 BOGUS
HELLO 3 AUTH nobody x
FLUSHALL BOGUS
FLUSHDB ASYNC
DBSIZE
FLUSHALL
`

// ask sends a request and returns its answer.
func ask(t *testing.T, c io.Writer, r *bufio.Reader, request string) string {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got, err := readReply(r)
	if err != nil {
		t.Fatalf("%q: %q: %v", request, got, err)
	}
	return got
}

func TestAnswersAreRedis(t *testing.T) {
	real := dial(t, "unix", startReal(t))
	ours := dial(t, "tcp", start(t, Options{}).Addr().String())
	rr, ro := bufio.NewReader(real), bufio.NewReader(ours)
	compare := func(request string) {
		t.Helper()
		want, got := ask(t, real, rr, request), ask(t, ours, ro, request)
		if got != want {
			t.Errorf("%q\n  got  %q\n  want %q", request, got, want)
		}
	}
	for _, resp := range []string{"2", "3"} {
		for _, encoded := range []bool{false, true} {
			ask(t, real, rr, "HELLO "+resp+"\r\n")
			ask(t, ours, ro, "HELLO "+resp+"\r\n")
			compare("FLUSHALL\r\n")
			compare("CLIENT SETNAME \"\"\r\n")
			for line := range strings.Lines(strings.TrimSpace(same)) {
				line = strings.TrimRight(line, "\n")
				if words, ok := split([]byte(line), nil); encoded && ok {
					var args []string
					for _, w := range words {
						args = append(args, string(w))
					}
					compare(encode(args...))
					continue
				}
				compare(line + "\r\n")
			}
		}
	}
}

func TestMalformedIsRedis(t *testing.T) {
	socket, address := startReal(t), start(t, Options{}).Addr().String()
	for _, request := range []string{
		"*1\r\n:1\r\n", "*x\r\n", "*99999999999\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*1\r\n$99999999999\r\n", "*2\r\n$4\r\nECHO\r\nhello\r\n",
		"ECHO \"open\r\n", "ECHO 'a'b\r\n", "*1\r\n$" + strings.Repeat("1", 70000), "*" + strings.Repeat("1", 70000), strings.Repeat("x", 70000),
		"PING\r\n\r\n*0\r\n*-1\r\nPING\nQUIT\r\nPING\r\n", "*+1\r\n$4\r\nPING\r\nQUIT\r\n", "*1\r\n$+4\r\nPING\r\nQUIT\r\n", "*01\r\n", "*\r\n$", "*1\r\n$4\r\nPINGxxQUIT\r\n",
	} {
		var answers [2]string
		for i, c := range []io.ReadWriter{dial(t, "unix", socket), dial(t, "tcp", address)} {
			go func() {
				io.WriteString(c, request)
				c.(interface{ CloseWrite() error }).CloseWrite()
			}()
			b, _ := io.ReadAll(c)
			answers[i] = string(b)
		}
		if answers[0] != answers[1] {
			t.Errorf("%.60q\n  got  %q\n  want %q", request, answers[1], answers[0])
		}
	}
}

func TestPasswordIsRedis(t *testing.T) {
	real := dial(t, "unix", startReal(t, "--requirepass", "secret"))
	ours := dial(t, "tcp", start(t, Options{Password: "secret"}).Addr().String())
	rr, ro := bufio.NewReader(real), bufio.NewReader(ours)
	for _, line := range []string{
		"PING", "GET k", "GET", "bogus", "HELLO 3", "HELLO 3 AUTH default wrong", "AUTH wrong", "AUTH nobody secret", "AUTH secret", "PING",
		"RESET", "PING", "AUTH default secret", "PING",
	} {
		want, got := ask(t, real, rr, line+"\r\n"), ask(t, ours, ro, line+"\r\n")
		if got != want {
			t.Errorf("%s\n  got  %q\n  want %q", line, got, want)
		}
	}
}
