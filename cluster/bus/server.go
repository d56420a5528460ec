package bus

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ServerConfig is how the embedded server is run; the zero value serves this machine on a free port.
type ServerConfig struct {
	// Listen is host:port; default 127.0.0.1:0, any free port. Beyond loopback TLS is required, or AllowPlain.
	Listen string
	// Dir keeps the streams; one server a directory, a second one is refused. Default: a temporary one, removed by Shutdown.
	Dir string

	// Token is what clients must show; default: a random one, see Server.Token.
	Token string
	// TokenFile, if given, is where the token is written, for its owner's eyes only (mode 0600).
	TokenFile string
	// Users may connect besides those who have the token.
	Users []User

	// Cert and Key, PEM files, turn TLS on. With CA clients must have a certificate by that authority.
	Cert, Key, CA string
	// AllowPlain accepts that beyond loopback everything, the token too, passes unencrypted.
	AllowPlain bool

	// MaxPayload bounds a message in bytes; default 8 MiB. Larger records go in pieces.
	MaxPayload int
	// Logf gets the server's warnings and errors. May be nil.
	Logf func(format string, args ...any)
}

// User is somebody who may connect to the embedded server.
type User struct {
	Name, Password string
	NKey           string // public key (U…), instead of name and password
	// Job limits the user to one job, see Permissions; "": no limit.
	Job string
}

// Server is a NATS server in this process.
type Server struct {
	s         *server.Server
	token     string
	url       string
	temporary string
	lock      io.Closer // of the directory
}

// readyTime bounds the server's start when the context does not.
const readyTime = 20 * time.Second

// Serve starts a server; the context bounds the start only.
func Serve(ctx context.Context, cfg ServerConfig) (*Server, error) {
	s := &Server{token: cfg.Token}
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	if s.token == "" {
		s.token = newToken()
	}
	opts.Authorization = s.token
	if cfg.TokenFile != "" {
		if err := writeSecret(cfg.TokenFile, s.token); err != nil {
			return nil, fmt.Errorf("bus: token file: %w", err)
		}
	}
	if opts.StoreDir = cfg.Dir; cfg.Dir == "" {
		if s.temporary, err = os.MkdirTemp("", "iago-bus-"); err != nil {
			return nil, fmt.Errorf("bus: serve: %w", err)
		}
		opts.StoreDir = s.temporary
	}
	if s.lock, err = lockFolder(opts.StoreDir); err == nil {
		if err = s.start(ctx, opts, cfg.Logf); err != nil {
			s.lock.Close()
		}
	}
	if err != nil {
		err = fmt.Errorf("bus: serve on %s: %w", net.JoinHostPort(opts.Host, strconv.Itoa(max(opts.Port, 0))), err)
		if s.temporary != "" {
			err = errors.Join(err, os.RemoveAll(s.temporary))
		}
		return nil, err
	}
	s.url = clientURL(s.s.Addr().(*net.TCPAddr), cfg.Cert != "")
	return s, nil
}

func (s *Server) start(ctx context.Context, opts *server.Options, logf func(string, ...any)) (err error) {
	l, err := net.Listen("tcp", net.JoinHostPort(opts.Host, strconv.Itoa(max(opts.Port, 0)))) // NATS would only time out
	if err != nil {
		return err
	}
	l.Close()
	if s.s, err = server.NewServer(opts); err != nil {
		return err
	}
	log := &serverLog{logf: logf}
	s.s.SetLoggerV2(log, false, false, false)
	go s.s.Start()
	end := time.Now().Add(readyTime)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	for !s.s.ReadyForConnections(20 * time.Millisecond) {
		if fatal := log.fatal(); fatal != "" || ctx.Err() != nil || time.Now().After(end) || !s.s.Running() && s.s.ID() == "" {
			s.s.Shutdown()
			s.s.WaitForShutdown()
			if fatal != "" {
				return errors.New(fatal)
			}
			return errors.New("the server did not become ready in time")
		}
	}
	return nil
}

// URL is where clients on this machine connect.
func (s *Server) URL() string { return s.url }

// Addr is the address that the server listens on.
func (s *Server) Addr() string { return s.s.Addr().String() }

// Token is what clients must show.
func (s *Server) Token() string { return s.token }

// Shutdown ends the server and removes its temporary directory. Clients lose their connection. If the context ends
// first, the server goes on ending by itself, and the temporary directory may stay.
func (s *Server) Shutdown(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		s.s.Shutdown()
		s.s.WaitForShutdown()
		s.lock.Close()
		if s.temporary == "" {
			done <- nil
			return
		}
		done <- os.RemoveAll(s.temporary)
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("bus: shut down: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bus: shut down: %w", ctx.Err())
	}
}

// newToken draws a token of 32 random bytes.
func newToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// writeSecret puts a file in place at once, readable by its owner only.
func writeSecret(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// clientURL is how a client on this machine reaches the listener.
func clientURL(a *net.TCPAddr, tls bool) string {
	host := a.IP
	if host.IsUnspecified() {
		host = net.IPv4(127, 0, 0, 1)
	}
	scheme := "nats://"
	if tls {
		scheme = "tls://"
	}
	return scheme + net.JoinHostPort(host.String(), strconv.Itoa(a.Port))
}
