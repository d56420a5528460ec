package discovery_test

import (
	"testing"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
)

func TestStaticContract(t *testing.T) {
	discoverytest.Run(t, func(*testing.T) discoverytest.Place {
		return discoverytest.Place{
			Address: "static://b:2,a:10,[2001:db8::1]:1,b:1,a:10",
			Fixed: []discovery.Member{
				{Host: "2001:db8::1", Port: 1}, {Host: "a", Port: 10}, {Host: "b", Port: 1}, {Host: "b", Port: 2},
			},
		}
	})
}
