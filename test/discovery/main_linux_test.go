package discovery

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cli"
	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/discovery/zk/zktest"
	"github.com/iagoloadgen/iago/report"
	_ "github.com/iagoloadgen/iago/standard"
	"github.com/iagoloadgen/iago/target/http"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns"
)

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else every iago with the race detector ends a second late
	os.Exit(cluster.Run(leaks{m}, func() int { return cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }))
}

// leaks looks for goroutines that the tests have left.
type leaks struct{ m *testing.M }

func (l leaks) Run() int {
	status := l.m.Run()
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

const patience = time.Minute

// member is a target in this process, which counts what reaches it.
type member struct {
	discovery.Member
	served func() int64
}

func (m *member) url() string { return "http://" + m.Endpoint().String() }

func startMember(t *testing.T, listen string) *member {
	t.Helper()
	s, err := http.Start(t.Context(), http.Options{Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = s.Wait() })
	at := netip.MustParseAddrPort(s.Addr().String())
	return &member{
		Member: discovery.Member{Host: at.Addr().String(), Port: int(at.Port())},
		served: func() int64 { return s.Stats().Requests },
	}
}

// startMembers starts n of them.
func startMembers(t *testing.T, n int) []*member {
	t.Helper()
	var list []*member
	for range n {
		list = append(list, startMember(t, "127.0.0.1:0"))
	}
	return list
}

// isUsed waits until so many requests more have reached m.
func (m *member) isUsed(t *testing.T) {
	t.Helper()
	const enough = 50
	from := m.served()
	netns.Eventually(t, patience, func() bool { return m.served() >= from+enough }, func() string { return m.url() + " is used" })
}

// zookeeper is a real one that serves.
func zookeeper(t *testing.T) *zktest.Server {
	t.Helper()
	s := zktest.Start(t, 1, discoverytest.FreePort(t), "")
	s.Serves()
	return s
}

// entry is m as it stands in a server set.
func entry(t *testing.T, m discovery.Member) string {
	t.Helper()
	text, err := discovery.AppendEntry(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// allServed fails the test unless every request was answered, by one of the members.
func allServed(t *testing.T, s *report.Summary, members []*member) {
	t.Helper()
	served := int64(0)
	for _, m := range members {
		served += m.served()
	}
	if q := s.Requests; q.Failed > 0 || q.Lost > 0 || q.InFlight > 0 || q.Completed != q.Sent || q.Completed != served || q.Completed == 0 {
		t.Errorf("%+v, %d served, errors %v", q, served, s.Errors)
	}
}

// hasEvent fails the test unless something happened.
func hasEvent(t *testing.T, s *report.Summary, text string) {
	t.Helper()
	if !slices.ContainsFunc(s.Events, func(e report.Event) bool { return strings.Contains(e.Text, text) && e.AtNS > 0 }) {
		t.Errorf("no event tells %q: %v", text, s.Events)
	}
}

// found waits until so many members are found at an address, and returns them.
func found(t *testing.T, address string, n int) []discovery.Member {
	t.Helper()
	b, err := discovery.Open(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []discovery.Member
	netns.Eventually(t, patience, func() bool {
		list, err = discovery.Await(t.Context(), b, 0)
		return err == nil && len(list) == n
	}, func() string { return fmt.Sprintf("%s has %d members; it has %v, %v", address, n, list, err) })
	return list
}
