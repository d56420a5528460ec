package bus_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/bus/bustest"
)

func TestConfig(t *testing.T) {
	for url, want := range map[string]string{
		"nats://h:1": "nats://h:1", "h": "nats://h:4222", "h:1": "nats://h:1", "tls://h": "tls://h:4222",
		"nats://a:1,b,c:3":             "nats://a:1,nats://b:4222,nats://c:3",
		"nats://a:1,nats://b:2":        "nats://a:1,nats://b:2",
		"nats://user:p%40ss@h:1,h:2":   "nats://h:1,nats://h:2",
		"nats://tok%2fen@[::1]:4222":   "nats://[::1]:4222",
		"nats://[::1]":                 "nats://[::1]:4222",
		"nats://10.0.0.1:4222/":        "nats://10.0.0.1:4222",
		"nats://bus.example.com:04222": "nats://bus.example.com:4222",
	} {
		c := bus.Config{URL: url}
		if err := c.Validate(); err != nil || c.String() != want {
			t.Errorf("%s: %s, %v; expected %s", url, c, err, want)
		}
	}
	const secret = "hunter2"
	for _, c := range []bus.Config{
		{},
		{URL: "http://h"},
		{URL: "nats://"},
		{URL: "nats://h:0"},
		{URL: "nats://h:x"},
		{URL: "nats://h:1:2"},
		{URL: "nats://a b"},
		{URL: "nats://:" + secret + "@h"},
		{URL: "nats://%zz" + secret + "@h"},
		{URL: "nats://u:" + secret + "@a,u:" + secret + "@b"},
		{URL: "u:" + secret + "@h://x"},
		{URL: "nats://a,tls://b"},
		{URL: "nats://h/path"},
		{URL: "nats://h?x=" + secret + "@"},
		{URL: "h", Token: secret, TokenFile: "f"},
		{URL: secret + "@h", Token: secret},
		{URL: "h", Password: secret},
		{URL: "h", NKey: "a", Creds: "b"},
		{URL: "h", Cert: "c"},
		{URL: "h", Key: "c"},
		{URL: "h", Job: "a.b"},
	} {
		err := c.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), "bus: ") || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", c.URL, err)
		}
	}
	c := bus.Config{URL: "nats://u:" + secret + "@h", Token: secret, Password: secret}
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		if s := fmt.Sprintf(verb, c); strings.Contains(s, secret) {
			t.Errorf("%s shows the secret: %s", verb, s)
		}
	}
}

func TestConnectFails(t *testing.T) {
	s := serve(t, bus.ServerConfig{})
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]bus.Config{
		"token file": {URL: s.URL(), TokenFile: filepath.Join(dir, "none")}, "empty token file": {URL: s.URL(), TokenFile: empty},
		"creds": {URL: s.URL(), Creds: filepath.Join(dir, "none")}, "NKey": {URL: s.URL(), NKey: empty}, "CA": {URL: s.URL(), CA: empty},
	} {
		if _, err := bus.Connect(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), "bus: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := bus.Connect(ctx, bus.Config{URL: l.Addr().String()}); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("a silent server: %v", err)
	}
	l.Close()
	if _, err := bus.Connect(t.Context(), bus.Config{URL: l.Addr().String()}); !errors.Is(err, bus.ErrUnavailable) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("no server: %v", err)
	}
	c := bustest.Start(t, bustest.Options{Extra: "jetstream: disabled"})
	if _, err := bus.Connect(t.Context(), c.Config()); err == nil || !strings.Contains(err.Error(), "nats-server -js") {
		t.Errorf("a server without JetStream: %v", err)
	}
}

// TestCreds: signed credentials, limited to one job, at a server that knows only who may sign.
func TestCreds(t *testing.T) {
	operator, user := pair(t, nkeys.CreateOperator), pair(t, nkeys.CreateUser)
	account, system := pair(t, nkeys.CreateAccount), pair(t, nkeys.CreateAccount)
	oc := jwt.NewOperatorClaims(operator.public)
	ac := jwt.NewAccountClaims(account.public)
	ac.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	uc := jwt.NewUserClaims(user.public)
	allowed, err := bus.Permissions("mine")
	if err != nil {
		t.Fatal(err)
	}
	uc.Permissions.Pub.Allow, uc.Permissions.Sub.Allow = allowed.Publish, allowed.Subscribe
	sign := func(claims interface {
		Encode(nkeys.KeyPair) (string, error)
	}, by keys,
	) string {
		text, err := claims.Encode(by.pair)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	c := bustest.Start(t, bustest.Options{Auth: fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }",
		sign(oc, operator), system.public, account.public, sign(ac, operator), system.public, sign(jwt.NewAccountClaims(system.public), operator))})
	seed, _ := user.pair.Seed()
	text, err := jwt.FormatUserConfig(sign(uc, account), seed)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "user.creds")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := c.Config()
	cfg.Creds, cfg.Job = file, "mine"
	exercise(t, connect(t, cfg), "mine")
}

type keys struct {
	pair   nkeys.KeyPair
	public string
}

func pair(t *testing.T, create func() (nkeys.KeyPair, error)) keys {
	t.Helper()
	p, err := create()
	if err != nil {
		t.Fatal(err)
	}
	public, err := p.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return keys{p, public}
}
