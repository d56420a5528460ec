package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// options are the server's, but for its token and directory.
func (c *ServerConfig) options() (*server.Options, error) {
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("bus: listen address %q: %w; expected host:port", listen, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("bus: listen address %q: expected a port from 0 to 65535", listen)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	if c.Cert == "" && !loopback(host) && !c.AllowPlain {
		return nil, fmt.Errorf("bus: listen on %s: beyond loopback everything, the token too, would pass unencrypted; give a certificate and key, or say explicitly that plain is accepted", listen)
	}
	o := &server.Options{
		Host: host, Port: int(n), ServerName: "iago", NoLog: true, NoSigs: true, JetStream: true, DontListen: false,
		MaxPayload: int32(c.MaxPayload), MaxPending: 256 << 20, WriteDeadline: 10 * time.Second, PingInterval: 20 * time.Second,
		DisableShortFirstPing: true,
		AuthTimeout:           patience.Seconds(), // thousands may come at once
	}
	if n == 0 {
		o.Port = server.RANDOM_PORT
	}
	switch {
	case c.MaxPayload == 0:
		o.MaxPayload = 8 << 20
	case c.MaxPayload < 64<<10 || c.MaxPayload > 64<<20:
		return nil, fmt.Errorf("bus: largest payload of %d bytes; expected 64 KiB to 64 MiB", c.MaxPayload)
	}
	if err := c.tls(o); err != nil {
		return nil, err
	}
	return o, c.users(o)
}

// patience is how long a client that has connected may take to say who it is.
const patience = 30 * time.Second

// loopback says whether a host is this machine only.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *ServerConfig) tls(o *server.Options) error {
	switch {
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("bus: a certificate and its key belong together; give both")
	case c.Cert == "" && c.CA != "":
		return errors.New("bus: an authority for clients' certificates without a certificate of the server; give certificate and key")
	case c.Cert == "":
		return nil
	}
	t, err := server.GenTLSConfig(&server.TLSConfigOpts{CertFile: c.Cert, KeyFile: c.Key, CaFile: c.CA, Verify: c.CA != ""})
	if err != nil {
		return fmt.Errorf("bus: TLS: %w", err)
	}
	t.MinVersion = tls.VersionTLS12
	o.TLS, o.TLSVerify, o.TLSConfig, o.TLSTimeout = true, c.CA != "", t, patience.Seconds()
	return nil
}

func (c *ServerConfig) users(o *server.Options) error {
	for i, u := range c.Users {
		var p *server.Permissions
		if u.Job != "" {
			a, err := Permissions(u.Job)
			if err != nil {
				return err
			}
			p = &server.Permissions{Publish: &server.SubjectPermission{Allow: a.Publish}, Subscribe: &server.SubjectPermission{Allow: a.Subscribe}}
		}
		switch {
		case u.NKey != "" && u.Name == "" && u.Password == "":
			if !nkeys.IsValidPublicUserKey(u.NKey) {
				return fmt.Errorf("bus: user %d: not the public key of a user; expected U and 55 letters and digits (never give the seed, S…)", i+1)
			}
			o.Nkeys = append(o.Nkeys, &server.NkeyUser{Nkey: u.NKey, Permissions: p})
		case u.NKey == "" && u.Name != "" && u.Password != "":
			o.Users = append(o.Users, &server.User{Username: u.Name, Password: u.Password, Permissions: p})
		default:
			return fmt.Errorf("bus: user %d: expected a name and a password, or a public NKey", i+1)
		}
	}
	return nil
}

// serverLog passes on what the server logs.
type serverLog struct {
	logf func(string, ...any)
	mu   sync.Mutex
	died string
}

func (l *serverLog) say(level, format string, v []any) {
	if l.logf != nil {
		l.logf("bus: server: %s%s", level, strings.TrimSpace(fmt.Sprintf(format, v...)))
	}
}

// Fatalf does not end the process: Serve reports it.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	l.died = fmt.Sprintf(format, v...)
	l.mu.Unlock()
	l.say("", format, v)
}

func (l *serverLog) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.died
}

func (l *serverLog) Warnf(format string, v ...any)  { l.say("warning: ", format, v) }
func (l *serverLog) Errorf(format string, v ...any) { l.say("error: ", format, v) }
func (l *serverLog) Noticef(string, ...any)         {}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
