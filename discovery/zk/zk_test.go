package zk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/discovery/zk/zktest"
)

// TestContract: the suite against a real ZooKeeper, killed and started again, and frozen for longer than sessions last.
func TestContract(t *testing.T) {
	s := zktest.Start(t, 1, discoverytest.FreePort(t), "")
	s.Serves()
	places := 0
	discoverytest.Run(t, func(t *testing.T) discoverytest.Place {
		places++
		path := fmt.Sprintf("/test/%d", places)
		return discoverytest.Place{
			Address: fmt.Sprintf("zk://%s%s?session=%v", s.Address, path, session),
			Server:  s.Address,
			Add: func(m discovery.Member) func() {
				text, err := discovery.AppendEntry(nil, m)
				if err != nil {
					t.Fatal(err)
				}
				return s.Put(t, path, string(text))
			},
			Outages: map[string]discoverytest.Outage{
				"killed": {Down: s.Kill, Up: func() { s.Restart(); s.Serves() }},
				"frozen": {Down: s.Freeze, Up: func() { s.Thaw(); s.Serves() }},
			},
		}
	})
}

func TestExamples(t *testing.T) { discoverytest.Examples(t, "zk") }

func TestAddresses(t *testing.T) {
	for address, says := range map[string]string{
		"zk://host:2181":               "expected the path of a server set",
		"zk://host:2181/":              "expected the path of a server set",
		"zk://host:2181/a//b":          `part "" cannot be`,
		"zk://host:2181/a/../b":        `part ".." cannot be`,
		"zk:///a":                      "expected a host",
		"zk://host:x/a":                `port "x" is no number`,
		"zk://host/a?session=10":       "expected a time of at least 1s",
		"zk://host/a?sesion=10s":       `did you mean "session"?`,
		"zk://u:secret@host/a?x=1":     "address zk://u:***@host/a?x=1",
		"zk://host/a?endpoint=a&ttl=1": "option ttl is not known",
	} {
		if _, err := discovery.Open(address, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; expected %q", address, err, says)
		}
	}
}
