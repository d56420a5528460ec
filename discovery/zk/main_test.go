package zk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

// memberEnv makes the test binary a process that registers at the address in it, to be killed.
const memberEnv = "IAGO_TEST_REGISTER_AT"

func TestMain(m *testing.M) {
	if address := os.Getenv(memberEnv); address != "" {
		registerForever(address)
	}
	goleak.VerifyTestMain(m)
}

func registerForever(address string) {
	b, err := discovery.Open(address, nil)
	if err == nil {
		r, _ := discovery.RegistrarOf(b)
		_, err = r.Register(context.Background(), discovery.Member{Host: "192.0.2.99", Port: 99})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {}
}

const (
	tick    = 500 // ms
	session = 2 * time.Second
)

// server is one ZooKeeper.
type server struct {
	*discoverytest.Process
	dir     string
	address string
}

// start starts Debian's ZooKeeper and waits until it serves. ensemble are the lines of its configuration about the other servers.
func start(t testing.TB, id, port int, ensemble string) *server {
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
	return &server{
		Process: discoverytest.Start(t, "java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", strings.Join(jars, ":"),
			"-Dzookeeper.jmx.log4j.disable=true", "org.apache.zookeeper.server.quorum.QuorumPeerMain", filepath.Join(dir, "zoo.cfg")),
		dir: dir, address: fmt.Sprintf("127.0.0.1:%d", port),
	}
}

// serves waits until the server serves, which it does only as part of a quorum.
func (s *server) serves() {
	s.Await(func() error { return ask(s.address, func(*zk.Conn) error { return nil }) })
}

// ask does something over a connection of its own to one server.
func ask(address string, do func(c *zk.Conn) error) error {
	c, events, err := zk.Connect([]string{address}, session, zk.WithLogger(silent{}))
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

// must is ask, tried again until it is done or the server says no.
func (s *server) must(t testing.TB, do func(c *zk.Conn) error) {
	t.Helper()
	s.Await(func() error { return ask(s.address, do) })
}

// put writes a child of a set that outlives sessions.
func (s *server) put(t testing.TB, path, text string) (remove func()) {
	t.Helper()
	var znode string
	s.must(t, func(c *zk.Conn) (err error) {
		for i := 1; i < len(path); i++ {
			if path[i] == '/' {
				_, _ = c.Create(path[:i], nil, 0, zk.WorldACL(zk.PermAll))
			}
		}
		if _, err := c.Create(path, nil, 0, zk.WorldACL(zk.PermAll)); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
		znode, err = c.Create(path+"/"+prefix, []byte(text), zk.FlagSequence, zk.WorldACL(zk.PermAll))
		return err
	})
	return func() {
		t.Helper()
		s.must(t, func(c *zk.Conn) error {
			if err := c.Delete(znode, -1); !errors.Is(err, zk.ErrNoNode) {
				return err
			}
			return nil
		})
	}
}
