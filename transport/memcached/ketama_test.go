package memcached

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// hosts are n targets: most on ports of their own, one on memcached's, one with an IPv6 address, and at the end a socket.
func hosts(n int) []load.Target {
	list := make([]load.Target, n)
	for i := range list {
		list[i] = load.Target{Host: fmt.Sprintf("10.0.%d.%d", i/200, i%200+1), Port: 11211 + i*7}
	}
	if n > 3 {
		list[2] = load.Target{Host: "fe80::1", Port: 11299}
		list[3] = load.Target{Host: "cache.example.com", Port: 22122}
		list[n-1] = load.Target{Unix: "/run/memcached.sock"}
	}
	return list
}

// TestLibmemcached asks libmemcached where keys go, for clusters of many sizes: its arithmetic gives some of them fewer points.
func TestLibmemcached(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ketama")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "testdata/ketama.c", "-lmemcached").CombinedOutput(); err != nil {
		t.Fatalf("gcc with libmemcached (`make deps` installs gcc and libmemcached-dev): %v: %s", err, out)
	}
	random := rand.New(rand.NewPCG(3, 11211))
	var keys []string
	for i := range 2000 {
		key := []byte("key:" + strconv.Itoa(i))
		if i%4 == 0 {
			key = make([]byte, 1+random.IntN(250))
			for j := range key {
				key[j] = byte('!' + random.IntN('~'-'!'))
			}
		}
		keys = append(keys, string(key))
	}
	short := 0
	for _, distribution := range []string{Ketama, Modula} {
		codec := newCodec(t, func(c *Config) { c.Distribution = distribution }).(*codec)
		for _, n := range []int{2, 3, 5, 10, 41, 47, 61, 100} {
			targets := hosts(n)
			if hashesPerServer(n) != pointsPerServer/pointsPerHash {
				short++
			}
			args := []string{distribution}
			for i := range targets {
				if s := &targets[i]; s.Unix != "" {
					args = append(args, s.Unix)
				} else {
					args = append(args, fmt.Sprintf("%s:%d", s.Host, s.Port))
				}
			}
			c := exec.Command(program, args...)
			c.Stdin = strings.NewReader(strings.Join(keys, "\n") + "\n")
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%v: %v", args, err)
			}
			theirs := bytes.Fields(out)
			if len(theirs) != len(keys) {
				t.Fatalf("%d answers to %d keys", len(theirs), len(keys))
			}
			for i, key := range keys {
				if got := codec.Route(body("get "+key), targets); strconv.Itoa(got) != string(theirs[i]) {
					t.Fatalf("%s of %d servers: %q goes to %d, with libmemcached to %s", distribution, n, key, got, theirs[i])
				}
			}
		}
	}
	if short == 0 {
		t.Error("no cluster shows libmemcached's rounding any more")
	}
}

// TestKetamaPromise: servers have about as many keys, and one that goes takes no keys with it but its own.
func TestKetamaPromise(t *testing.T) {
	before, after := newCodec(t, nil).(*codec), newCodec(t, nil).(*codec)
	targets := []load.Target{{Host: "10.0.1.1", Port: 11211}, {Host: "10.0.1.2", Port: 11211}, {Host: "10.0.1.3", Port: 11212}}
	fewer := slices.Clone(targets[:2])
	var counts [3]int
	for i := range 9000 {
		req := body("get key" + strconv.Itoa(i))
		all, rest := before.Route(req, targets), after.Route(req, fewer)
		counts[all]++
		if all < 2 && all != rest {
			t.Fatalf("key%d moves from server %d to %d though both remain", i, all, rest)
		}
	}
	for _, n := range counts {
		if n < 2000 || n > 4000 {
			t.Errorf("keys per server %v: far from even", counts)
		}
	}
}

func TestRoute(t *testing.T) {
	ketama := newCodec(t, nil).(*codec)
	targets := hosts(5)
	where := func(req *load.Request) int { return ketama.Route(req, targets) }
	a, b := where(body("get a")), where(body("get b"))
	if a == b || a < 0 || b < 0 {
		t.Fatalf("a goes to %d, b to %d; the test needs other keys", a, b)
	}
	for _, c := range []struct {
		req  *load.Request
		want int
	}{
		{body("get b a"), b},
		{body("gat 60 a b"), a},
		{body("set b 0 0 x"), b},
		{body("set b 0 0 1\r\nx\r\n"), b},
		{body("incr a 1"), a},
		{body("mg a v"), a},
		{parts("ms", "b", "a"), b},
		{&load.Request{Body: []byte("get a"), Key: []byte("b")}, b},
		{&load.Request{Method: []byte("get"), Key: []byte("b")}, b},
		{&load.Request{Body: []byte("version"), Key: []byte("b")}, b},
		{body("version"), -1},
		{body("stats a"), -1},
		{body("flush_all"), -1},
		{body("mn"), -1},
		{body("gibberish a"), -1},
		{body("get"), -1},
	} {
		if got := where(c.req); got != c.want {
			t.Errorf("%q %q key %q: %d, want %d", c.req.Method, c.req.Body, c.req.Key, got, c.want)
		}
	}
	if got := ketama.Route(body("get a"), targets[:1]); got != -1 {
		t.Errorf("one target: %d", got)
	}
	if got := newCodec(t, func(c *Config) { c.Distribution = None }).(*codec).Route(body("get a"), targets); got != -1 {
		t.Errorf("distribution none: %d", got)
	}
}

// TestRouteTogether: several goroutines, and targets that change under the codec.
func TestRouteTogether(t *testing.T) {
	router := newCodec(t, nil).(*codec)
	sets := [][]load.Target{hosts(5), hosts(6)}
	var want [2]int
	for i := range sets {
		want[i] = newCodec(t, nil).(*codec).Route(body("get some"), sets[i])
	}
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 200 {
				if k := (i/7 + g) % 2; router.Route(body("get some"), sets[k]) != want[k] {
					t.Error("a key went elsewhere")
					return
				}
			}
		})
	}
	group.Wait()
}
