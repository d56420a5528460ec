package redis

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// exchanges are commands and what Redis says to them, in order; r3 is what it says in RESP3 where that is something else.
var exchanges = []struct{ line, status, want, r3 string }{
	{"ping", "ok", "PONG", ""},
	{`SET k "a b\n\x00é"`, "ok", "OK", ""},
	{"GET k", "ok", "a b\n\x00é", ""},
	{"GET none", "nil", "", ""},
	{"SET k x NX", "nil", "", ""},
	{wire("SET", "raw", "\r\n"), "ok", "OK", ""},
	{"STRLEN raw", "ok", "2", ""},
	{"INCR k", "ERR", "ERR value is not an integer or out of range", ""},
	{"INCR n", "ok", "1", ""},
	{"LPUSH l a 'b c' \"\\\"\"", "ok", "3", ""},
	{"LRANGE l 0 -1", "ok", `["\"","b c","a"]`, ""},
	{"GET l", "WRONGTYPE", "WRONGTYPE Operation against a key holding the wrong kind of value", ""},
	{"HSET h f 1 g 2", "ok", "2", ""},
	{"HGETALL h", "ok", `["f","1","g","2"]`, `{"f":"1","g":"2"}`},
	{"HMGET h f none", "ok", `["1",null]`, ""},
	{"SADD s one", "ok", "1", ""},
	{"SMEMBERS s", "ok", `["one"]`, ""},
	{"ZADD z 1.5 a 2 b", "ok", "2", ""},
	{"ZSCORE z a", "ok", "1.5", ""},
	{"ZRANGE z 0 -1 WITHSCORES", "ok", `["a","1.5","b","2"]`, `[["a",1.5],["b",2]]`},
	{"BLPOP none 0.01", "nil", "", ""},
	{"NOSUCH x", "ERR", "ERR unknown command 'NOSUCH', with args beginning with: 'x' ", ""},
	{"EVAL 'return redis.error_reply(\"MYKIND x\")' 0", "MYKIND", "MYKIND x", ""},
	{"EVAL 'return {1,{redis.error_reply(\"MYKIND x\")}}' 0", "MYKIND", `[1,[{"error":"MYKIND x"}]]`, ""},
	{"MULTI", "ok", "OK", ""},
	{"SET t 1", "ok", "QUEUED", ""},
	{"LPUSH t 1", "ok", "QUEUED", ""},
	{"EXEC", "WRONGTYPE", `["OK",{"error":"WRONGTYPE Operation against a key holding the wrong kind of value"}]`, ""},
	{"EXEC", "ERR", "ERR EXEC without MULTI", ""},
	{"DEBUG PROTOCOL double", "ok", "3.1415926535900001", "3.141"},
	{"DEBUG PROTOCOL bignum", "ok", "1234567999999999999999999999999999999", ""},
	{"DEBUG PROTOCOL null", "nil", "", ""},
	{"DEBUG PROTOCOL array", "ok", "[0,1,2]", ""},
	{"DEBUG PROTOCOL set", "ok", "[0,1,2]", ""},
	{"DEBUG PROTOCOL map", "ok", `[0,0,1,1,2,0]`, `{"0":false,"1":true,"2":false}`},
	{"DEBUG PROTOCOL true", "ok", "1", "true"},
	{"DEBUG PROTOCOL false", "ok", "0", "false"},
	{"DEBUG PROTOCOL verbatim", "ok", "This is a verbatim\nstring", ""},
	{"QUIT", "ok", "OK", ""},
	{"PING again", "ok", "again", ""},
}

// TestRedis: commands of all kinds against a Redis, in both protocols.
func TestRedis(t *testing.T) {
	tcp := serve(t, "--enable-debug-command", "yes")
	for _, protocol := range []int{2, 3} {
		codec := newCodec(t, func(c *Config) { c.Protocol, c.Database, c.ClientName = protocol, 3, "iago-test" })
		c := newClient(codec, tcp)
		defer c.close()
		c.must(t, "ok", "FLUSHDB")
		for _, x := range exchanges {
			want := x.want
			if protocol == 3 && x.r3 != "" {
				want = x.r3
			}
			got := c.must(t, x.status, x.line)
			if strings.HasPrefix(x.line, "DEBUG PROTOCOL double") {
				got, want = got[:4], want[:4] // its last digits are the printer's
			}
			if got != want {
				t.Errorf("RESP%d %s: %q, want %q", protocol, x.line, got, want)
			}
		}
		if got := c.must(t, "ok", "CLIENT INFO"); !strings.Contains(got, "name=iago-test ") || !strings.Contains(got, " db=3 ") || !strings.Contains(got, fmt.Sprintf(" resp=%d", protocol)) {
			t.Errorf("RESP%d: the connection is %s", protocol, got)
		}
	}
	// Attributes and pushes, which only RESP3 has.
	c := newClient(newCodec(t, func(c *Config) { c.Protocol = 3 }), tcp)
	defer c.close()
	if got := c.must(t, "ok", "DEBUG PROTOCOL attrib"); got != "Some real reply following the attribute" {
		t.Errorf("behind an attribute: %q", got)
	}
	c.must(t, "ok", "CLIENT TRACKING ON")
	c.must(t, "nil", "GET tracked")
	other := newClient(newCodec(t, nil), tcp)
	defer other.close()
	other.must(t, "ok", "SET tracked 1") // c is pushed an invalidation ahead of its next answer
	if got := c.must(t, "ok", "GET tracked"); got != "1" {
		t.Errorf("behind a push: %q", got)
	}
}

// TestLogin: passwords, users and their rights, what becomes of wrong ones, and the same over a Unix socket.
func TestLogin(t *testing.T) {
	target := serve(t, "--requirepass", "secret")
	admin := newClient(newCodec(t, func(c *Config) { c.Password = "secret" }), target)
	defer admin.close()
	admin.must(t, "ok", "ACL SETUSER reader on >pw ~r:* +@read +select +client +hello")
	for _, c := range []struct {
		config Config
		err    string // of connecting
		status string // of GET r:1
	}{
		{Config{Password: "secret"}, "", "nil"},
		{Config{Username: "reader", Password: "pw", Database: 1, ClientName: "x"}, "", "nil"},
		{Config{}, "", "NOAUTH"},
		{Config{Password: "wrong"}, "WRONGPASS", ""},
		{Config{Username: "nobody", Password: "pw"}, "WRONGPASS", ""},
		{Config{Username: "reader", Password: "pw", Database: 99}, "SELECT: ERR", ""},
	} {
		for _, protocol := range []int{2, 3} {
			c.config.Protocol = protocol
			codec := newCodec(t, func(to *Config) { *to = c.config })
			cl := newClient(codec, target)
			resp, err := cl.do("GET r:1")
			cl.close()
			step := map[int]string{2: "AUTH: ", 3: "HELLO: "}[protocol]
			var refused *transport.Refused
			want, status := c.err, c.status
			switch {
			case want == "" && status == "NOAUTH" && protocol == 3:
				want = "HELLO: NOAUTH"
			case want == "WRONGPASS":
				want = step + want
			}
			switch {
			case want != "":
				if !errors.As(err, &refused) || refused.Cause != "redis: "+want {
					t.Errorf("%+v: %v, want redis: %s", c.config, err, want)
				}
			case err != nil || codec.StatusName(resp.Status) != status:
				t.Errorf("%+v: %v, %q, want %s", c.config, err, resp.Content, status)
			}
		}
	}
	reader := newClient(newCodec(t, func(c *Config) { c.Username, c.Password = "reader", "pw" }), target)
	defer reader.close()
	reader.must(t, "NOPERM", "SET r:1 x")
	reader.must(t, "NOPERM", "GET other")
	_, path, _ := strings.Cut(admin.must(t, "ok", "CONFIG GET unixsocket"), `","`)
	admin.targets[0] = load.Target{Scheme: "redis+unix", Unix: strings.TrimSuffix(path, `"]`)}
	admin.close()
	admin.must(t, "ok", "PING")
}

func TestMaxClients(t *testing.T) {
	target := serve(t)
	first := newClient(newCodec(t, nil), target)
	defer first.close()
	first.must(t, "ok", "CONFIG SET maxclients 1")
	second := newClient(newCodec(t, func(c *Config) { c.ClientName = "x" }), target)
	defer second.close()
	if _, err := second.do("PING"); err == nil || !strings.Contains(err.Error(), "max number of clients reached") && !strings.Contains(err.Error(), "reset") {
		t.Errorf("beyond the limit: %v", err)
	}
}

// TestFactsAgree: the table of commands has all that the server has, with their first keys where it says.
func TestFactsAgree(t *testing.T) {
	c := newClient(newCodec(t, nil), serve(t))
	defer c.close()
	var list [][]any
	if err := json.Unmarshal([]byte(c.must(t, "ok", "COMMAND")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 200 {
		t.Fatalf("only %d commands", len(list))
	}
	for _, entry := range list {
		name, first := strings.ToUpper(entry[0].(string)), int(entry[3].(float64))
		f := facts[name]
		switch {
		case f == nil:
			t.Errorf("%s is not in the table", name)
		case first > 0 && f.keys.first != first:
			t.Errorf("%s has its first key at %d, want %d", name, f.keys.first, first)
		case first == 0 && f.keys.count == 0 && f.keys.keyword == "" && f.keys.first > 0 && !slices.Contains([]string{"XGROUP", "XINFO", "OBJECT", "MEMORY"}, name):
			t.Errorf("%s has its first key at %d, want none", name, f.keys.first)
		}
	}
	for _, line := range []string{
		"EVAL s 2 a b", "ZUNION 2 a b", "BLMPOP 0 1 a LEFT", "SINTERCARD 1 a", "XREAD COUNT 5 STREAMS a b 0 0", "XREADGROUP GROUP g c STREAMS s >",
		"MIGRATE h 1 k 0 5", `MIGRATE h 1 "" 0 5 KEYS a b`, "BITOP AND d a", "OBJECT ENCODING k", "XINFO STREAM s", "MEMORY USAGE k", "ZUNIONSTORE d 1 a", "LMPOP 1 a LEFT",
	} {
		var want []string
		if err := json.Unmarshal([]byte(c.must(t, "ok", "COMMAND GETKEYS "+line)), &want); err != nil {
			t.Fatal(err)
		}
		if got, ok := firstKey(nil, []byte(line)); !ok || !slices.Contains(want, string(got)) {
			t.Errorf("%s: first key %q, want one of %q", line, got, want)
		}
	}
}
