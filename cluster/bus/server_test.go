package bus_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/iagoloadgen/iago/cluster/bus"
)

func TestServerRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	pki := newPKI(t)
	for name, c := range map[string]struct {
		cfg  bus.ServerConfig
		says string
	}{
		"beyond loopback without TLS": {bus.ServerConfig{Listen: "0.0.0.0:0"}, "say explicitly that plain is accepted"},
		"all interfaces":              {bus.ServerConfig{Listen: ":0"}, "unencrypted"},
		"a name":                      {bus.ServerConfig{Listen: "somewhere.example:0"}, "unencrypted"},
		"no port":                     {bus.ServerConfig{Listen: "127.0.0.1"}, "expected host:port"},
		"bad port":                    {bus.ServerConfig{Listen: "127.0.0.1:x"}, "port from 0 to 65535"},
		"port taken":                  {bus.ServerConfig{Listen: taken.Addr().String()}, "address already in use"},
		"certificate without key":     {bus.ServerConfig{Cert: pki.cert}, "give both"},
		"authority without":           {bus.ServerConfig{CA: pki.ca}, "give certificate and key"},
		"no such certificate":         {bus.ServerConfig{Cert: "/nonexistent", Key: "/nonexistent"}, "bus: TLS"},
		"tiny payload":                {bus.ServerConfig{MaxPayload: 10}, "64 KiB"},
		"half a user":                 {bus.ServerConfig{Users: []bus.User{{Name: "x"}}}, "a name and a password"},
		"seed as a key":               {bus.ServerConfig{Users: []bus.User{{NKey: "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"}}}, "never give the seed"},
		"bad job of a user":           {bus.ServerConfig{Users: []bus.User{{Name: "x", Password: "y", Job: "a.b"}}}, "job \"a.b\""},
		"token file":                  {bus.ServerConfig{TokenFile: "/nonexistent/dir/token"}, "token file"},
		"directory":                   {bus.ServerConfig{Dir: pki.cert + "/x"}, "bus: serve"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := bus.Serve(t.Context(), c.cfg)
			if err == nil {
				t.Error(s.Shutdown(context.Background()))
				t.Fatal("it is served")
			}
			if !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "bus: ") {
				t.Errorf("%q; expected a word on %q", err, c.says)
			}
		})
	}
}

// TestToken: a server of which nothing was said asks for a token that only its owner can read.
func TestToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	s := serve(t, bus.ServerConfig{TokenFile: file})
	other := serve(t, bus.ServerConfig{})
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Token()) < 43 || s.Token() == other.Token() || info.Mode().Perm() != 0o600 {
		t.Fatalf("token of %d characters, mode %v", len(s.Token()), info.Mode())
	}
	connect(t, bus.Config{URL: s.URL(), TokenFile: file})
	connect(t, bus.Config{URL: "nats://" + s.Token() + "@" + s.Addr()})
	for _, c := range []bus.Config{{URL: s.URL()}, {URL: s.URL(), Token: "wrong-token"}, {URL: s.URL(), User: "u", Password: "wrong-token"}} {
		_, err := bus.Connect(t.Context(), c)
		if !errors.Is(err, bus.ErrDenied) || !strings.Contains(err.Error(), "--bus-token-file") || strings.Contains(err.Error(), "wrong-token") {
			t.Errorf("%v", err)
		}
	}
	t.Setenv(bus.TokenVariable, s.Token())
	connect(t, bus.Config{URL: s.URL()})
	if s = serve(t, bus.ServerConfig{Token: "given"}); s.Token() != "given" {
		t.Errorf("token %q; expected the given one", s.Token())
	}
	connect(t, bus.Config{URL: s.URL(), Token: "given"})
}

// TestUsers: users, by password and by key, connect beside the token's owner; some see one job only.
func TestUsers(t *testing.T) {
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := key.PublicKey()
	seed, _ := key.Seed()
	file := filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(file, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, bus.ServerConfig{Users: []bus.User{{NKey: public, Job: "mine"}, {Name: "u", Password: "p"}}})
	connect(t, bus.Config{URL: s.URL(), Token: s.Token()})
	connect(t, bus.Config{URL: s.URL(), User: "u", Password: "p"})
	if _, err := bus.Connect(t.Context(), bus.Config{URL: s.URL()}); !errors.Is(err, bus.ErrDenied) {
		t.Errorf("without credentials: %v", err)
	}
	b := connect(t, bus.Config{URL: s.URL(), NKey: file, Job: "mine"})
	exercise(t, b, "mine")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := b.CreateJob(ctx, "theirs", bus.JobConfig{}); !errors.Is(err, bus.ErrDenied) {
		t.Errorf("%v; expected %v", err, bus.ErrDenied)
	}
}

func TestTLS(t *testing.T) {
	pki := newPKI(t)
	s := serve(t, bus.ServerConfig{Listen: "0.0.0.0:0", Cert: pki.cert, Key: pki.key})
	if !strings.HasPrefix(s.URL(), "tls://127.0.0.1:") {
		t.Fatalf("URL %s", s.URL())
	}
	connect(t, bus.Config{URL: s.URL(), Token: s.Token(), CA: pki.ca})
	if _, err := bus.Connect(t.Context(), bus.Config{URL: s.URL(), Token: s.Token()}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an authority that is not known: %v", err)
	}
	mutual := serve(t, bus.ServerConfig{Cert: pki.cert, Key: pki.key, CA: pki.ca})
	connect(t, bus.Config{URL: mutual.URL(), Token: mutual.Token(), CA: pki.ca, Cert: pki.cert, Key: pki.key})
	if _, err := bus.Connect(t.Context(), bus.Config{URL: mutual.URL(), Token: mutual.Token(), CA: pki.ca}); err == nil {
		t.Error("a client without certificate is let in")
	}
	plain := serve(t, bus.ServerConfig{})
	if _, err := bus.Connect(t.Context(), bus.Config{URL: plain.URL(), Token: plain.Token(), CA: pki.ca}); err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("TLS to a plain server: %v", err)
	}
	open := serve(t, bus.ServerConfig{Listen: "0.0.0.0:0", AllowPlain: true})
	if _, err := bus.Connect(t.Context(), bus.Config{URL: open.URL()}); !errors.Is(err, bus.ErrDenied) {
		t.Errorf("plain beyond loopback, without the token: %v", err)
	}
}

// TestDirectory: what is stored in a given directory is there after a restart; a temporary one is removed.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	s, err := bus.Serve(t.Context(), bus.ServerConfig{Dir: dir, Listen: "127.0.0.1:0", Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	lost, back := make(chan error, 1), make(chan struct{}, 1)
	b := connect(t, bus.Config{URL: s.URL(), Token: "t", Lost: func(err error) { lost <- err }, Back: func() { back <- struct{}{} }})
	exercise(t, b, "j")
	if second, err := bus.Serve(t.Context(), bus.ServerConfig{Dir: dir, Listen: "127.0.0.1:0", Token: "t"}); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server in one folder: %v, %v", second, err)
	}
	address := s.Addr()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-lost
	if b.Connected() {
		t.Error("connected to a server that is gone")
	}
	serve(t, bus.ServerConfig{Dir: dir, Listen: address, Token: "t"})
	<-back
	j, err := b.OpenJob(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	untouched(t, j)
	if _, err := b.RTT(); err != nil {
		t.Error(err)
	}

	temporary, err := bus.Serve(t.Context(), bus.ServerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := os.ReadDir(os.TempDir())
	if err := temporary.Shutdown(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d temporary directories, %v", len(list), err)
	}
	if list, _ = os.ReadDir(os.TempDir()); len(list) != 0 {
		t.Errorf("%s stays", list[0].Name())
	}
}

// TestWithin: the server's own process needs no certificate, whatever others must have, and nothing of the network.
func TestWithin(t *testing.T) {
	pki := newPKI(t)
	s := serve(t, bus.ServerConfig{Cert: pki.cert, Key: pki.key, CA: pki.ca})
	b, err := bus.Connect(t.Context(), bus.Config{URL: "nats://" + s.Addr(), Token: s.Token(), Within: s})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.CreateJob(t.Context(), "mine", bus.JobConfig{}); err != nil {
		t.Error(err)
	}
	if b, err := bus.Connect(t.Context(), bus.Config{URL: "nats://" + s.Addr(), Token: "wrong", Within: s}); err == nil {
		b.Close()
		t.Error("a wrong token will do")
	}
}
