package test

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"
)

// Redis: what iago counts by command is what the server counts.
func TestProtocolRedis(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		r := startRedis(t, "")
		r.say(t, "SET", "greeting", "early")
		r.say(t, "CONFIG", "RESETSTAT")
		o := protocolRun(t, "redis.yaml", "--target", "redis://"+r.address, poller)
		o.wantStatuses(t, map[string]int64{"ok": 210, "nil": 30})
		calls := r.calls(t)
		if calls["HELLO"] < 1 || calls["HELLO"] > 2 {
			t.Errorf("%d connections said HELLO", calls["HELLO"])
		}
		for _, other := range []string{"HELLO", "CONFIG|RESETSTAT", "INFO"} {
			delete(calls, other)
		}
		if !maps.Equal(calls, o.labeled()) {
			t.Errorf("redis counts %v; iago %v", calls, o.labeled())
		}
		if n := r.say(t, "GET", "visits"); n != "30" {
			t.Errorf("visits: %s", n)
		}
	})
}

// In a pipeline more requests are under way than there are connections, and none gets another one's answer.
func TestProtocolRedisPipeline(t *testing.T) {
	long(t)
	t.Parallel()
	eachPoller(t, func(t *testing.T, poller string) {
		r := startRedis(t, "")
		spec := edited(t, "redis.yaml", "records: redis.txt", `request: {expr: {body: '"ECHO " + string(seq)', keep: {n: string(seq)}}}`, `'outcome in ["ok", "nil"]'`, `'body == kept.n'`)
		o := iago(t, 15*time.Second, spec, "--target", "redis://"+r.address, "--rate", "max", "-n", "20000", "--slo", "errors<1%", poller)
		c := o.Checks["no error"]
		if o.status != 0 || o.Requests.Completed != 20000 || c.Failed != 0 || c.Passed+o.Unseen != 20000 || c.Passed == 0 {
			t.Errorf("status %d, requests %+v, checks %+v, unseen %d, errors %v", o.status, o.Requests, o.Checks, o.Unseen, o.Errors)
		}
		if o.Concurrency.Connections != 2 || o.Concurrency.Max <= 2 || o.Concurrency.Max > 32 {
			t.Errorf("%d connections, %d requests at once", o.Concurrency.Connections, o.Concurrency.Max)
		}
	})
}

// A user with a password, over a Unix socket; and one with another password, who is not let in.
func TestProtocolRedisUsers(t *testing.T) {
	long(t)
	t.Parallel()
	r := startRedis(t, "other", "user app on >secret ~* +@all")
	spec := edited(t, "redis.yaml", "# username: app", "username: app", "# password: secret", "password: secret")
	o := protocolRunOf(t, spec, "--target", "redis+unix:"+r.socket)
	o.kept(t)
	if o.Requests.Completed != 240 || o.Checks["no error"].Passed != 240 {
		t.Errorf("requests %+v, errors %v", o.Requests, o.Errors)
	}
	spec = edited(t, "redis.yaml", "# username: app", "username: app", "# password: secret", "password: wrong")
	o = protocolRunOf(t, spec, "--target", "redis://"+r.address)
	if o.status != 1 || o.Requests.Failed != 240 || o.Errors["refused: redis: HELLO: WRONGPASS"] != 240 {
		t.Errorf("wrong password: status %d, requests %+v, errors %v", o.status, o.Requests, o.Errors)
	}
	if n := r.calls(t)["GET"]; n != 60 {
		t.Errorf("redis took %d GETs; 60 were from the user with the right password", n)
	}
}

// Over TLS, where the server asks for a client's certificate too.
func TestProtocolRedisTLS(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	newPKI(t, dir)
	files := fmt.Sprintf("tls-cert-file %[1]s/server.pem\ntls-key-file %[1]s/server.key\ntls-ca-cert-file %[1]s/ca.pem", dir)
	port := serverPort(t)
	r := startRedis(t, "", files, fmt.Sprintf("tls-port %d", port))
	const shown = "records: redis.txt"
	with := func(tls string) string {
		return edited(t, "redis.yaml", shown, fmt.Sprintf("%s\ntls: {ca: %s%s}", shown, filepath.Join(dir, "ca.pem"), tls))
	}
	target := fmt.Sprintf("rediss://127.0.0.1:%d", port)
	o := protocolRunOf(t, with(fmt.Sprintf(", cert: %[1]s/client.pem, key: %[1]s/client.key", dir)), "--target", target)
	o.kept(t)
	if o.Requests.Completed != 240 || o.Checks["no error"].Passed != 240 {
		t.Errorf("requests %+v, errors %v", o.Requests, o.Errors)
	}
	if calls := r.calls(t); calls["GET"] != 60 || calls["HELLO"] == 0 {
		t.Errorf("redis counts %v", calls)
	}
	if o = protocolRunOf(t, with(""), "--target", target); o.status != 1 || o.Requests.Failed != 240 {
		t.Errorf("without a certificate: status %d, requests %+v, errors %v", o.status, o.Requests, o.Errors)
	}
}

// A cluster of three masters, found by way of one: each command reaches the master of its key's slot at once.
func TestProtocolRedisCluster(t *testing.T) {
	long(t)
	t.Parallel()
	nodes := startCluster(t)
	spec := edited(t, "redis-cluster.yaml", "  cluster: true", "  cluster: true\n  password: secret")
	eachPoller(t, func(t *testing.T, poller string) {
		for _, n := range nodes {
			n.say(t, "CONFIG", "RESETSTAT")
		}
		o := protocolRunOf(t, spec, "--target", "redis://"+nodes[0].address, poller)
		o.kept(t)
		if o.Requests.Completed != 240 || o.Checks["a number"].Passed != 240 {
			t.Errorf("requests %+v, checks %v, errors %v", o.Requests, o.Checks, o.Errors)
		}
		sum := map[string]int64{}
		for i, n := range nodes {
			calls := n.calls(t)
			sum["GET"], sum["INCR"] = sum["GET"]+calls["GET"], sum["INCR"]+calls["INCR"]
			if calls["GET"] < 20 {
				t.Errorf("master %d got %d GETs", i, calls["GET"])
			}
		}
		if got := o.labeled(); !maps.Equal(sum, got) {
			t.Errorf("the masters count %v; iago %v", sum, got)
		}
	})
}
