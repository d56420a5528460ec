//go:build unix

package zktest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

const tick = 500 // ms

// Session is a time-out of sessions that the server allows.
const Session = 2 * time.Second

// Server is one ZooKeeper. Its methods are for the goroutine of the test.
type Server struct {
	*discoverytest.Process
	Dir     string // where it keeps its data
	Address string // host:port
}

// Start starts Debian's ZooKeeper; [Server.Serves] waits for it. ensemble are the lines of its configuration about the other servers.
func Start(t testing.TB, id, port int, ensemble string) *Server {
	t.Helper()
	dir := t.TempDir()
	conf := fmt.Sprintf(`tickTime=%d
initLimit=20
syncLimit=10
dataDir=%s
clientPort=%d
clientPortAddress=127.0.0.1
admin.enableServer=false
forceSync=no
maxClientCnxns=0
maxSessionTimeout=60000
%s`, tick, dir, port, ensemble)
	for name, text := range map[string]string{
		"zoo.cfg": conf, "myid": fmt.Sprint(id), "log4j.properties": "log4j.rootLogger=WARN, C\nlog4j.appender.C=org.apache.log4j.ConsoleAppender\n" +
			"log4j.appender.C.layout=org.apache.log4j.SimpleLayout\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	jars := []string{dir, "/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-log4j12.jar", "/usr/share/java/log4j-1.2.jar"}
	return &Server{
		Process: discoverytest.Start(t, "java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", strings.Join(jars, ":"),
			"-Dzookeeper.jmx.log4j.disable=true", "org.apache.zookeeper.server.quorum.QuorumPeerMain", filepath.Join(dir, "zoo.cfg")),
		Dir: dir, Address: fmt.Sprintf("127.0.0.1:%d", port),
	}
}

// Serves waits until the server serves, which it does only as part of a quorum.
func (s *Server) Serves() {
	s.Await(func() error { return Ask(s.Address, func(*zk.Conn) error { return nil }) })
}

// Ask does something over a connection of its own to one server.
func Ask(address string, do func(c *zk.Conn) error) error {
	c, events, err := zk.Connect([]string{address}, Session, zk.WithLogger(silent{}))
	if err != nil {
		return err
	}
	defer func() {
		c.Close()
		for range events {
		}
	}()
	limit := time.After(5 * time.Second)
	for {
		select {
		case e := <-events:
			if e.State == zk.StateHasSession {
				return do(c)
			}
		case <-limit:
			return errors.New("no session")
		}
	}
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// Must is Ask, tried again until it is done or the server says no.
func (s *Server) Must(t testing.TB, do func(c *zk.Conn) error) {
	t.Helper()
	s.Await(func() error { return Ask(s.Address, do) })
}

// Put writes a child of a set that outlives sessions.
func (s *Server) Put(t testing.TB, path, text string) (remove func()) {
	t.Helper()
	var znode string
	s.Must(t, func(c *zk.Conn) (err error) {
		for i := 1; i < len(path); i++ {
			if path[i] == '/' {
				_, _ = c.Create(path[:i], nil, 0, zk.WorldACL(zk.PermAll))
			}
		}
		if _, err := c.Create(path, nil, 0, zk.WorldACL(zk.PermAll)); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
		znode, err = c.Create(path+"/member_", []byte(text), zk.FlagSequence, zk.WorldACL(zk.PermAll))
		return err
	})
	return func() {
		t.Helper()
		s.Must(t, func(c *zk.Conn) error {
			if err := c.Delete(znode, -1); !errors.Is(err, zk.ErrNoNode) {
				return err
			}
			return nil
		})
	}
}
