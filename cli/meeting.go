package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/rendezvous"
	"github.com/iagoloadgen/iago/report"
)

// meeting says where the processes of a job find the bus by discovery.
type meeting struct {
	discover  string
	advertise string
	serves    bool        // the command may have the bus, and then announces it
	given     func() bool // a bus was said, so that none is looked for
}

func (m *meeting) add(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&m.discover, "discover", "", "`URL` where the bus is found by discovery, instead of --bus: zk://HOST:2181/PATH, etcd://…, srv://…, k8s://… (iago list)")
	m.given = func() bool { return s.Changed("bus") || s.Changed("bus-listen") }
}

func (m *meeting) addServer(c *cobra.Command) {
	m.serves = true
	c.Flags().StringVar(&m.advertise, "bus-advertise", "", "`HOST[:PORT]` to announce the bus at by --discover (default: where it listens, or this machine's address)")
	c.Flags().Lookup("discover").Usage += ". Beside --bus or --bus-listen the bus is announced there instead"
}

// point is where to meet; nil: nowhere.
func (m *meeting) point(logf func(string, ...any)) (*rendezvous.Point, error) {
	if m.discover == "" {
		return nil, nil
	}
	p, err := rendezvous.At(m.discover, logf)
	if err != nil {
		return nil, fmt.Errorf("--discover: %w", err)
	}
	return p, nil
}

// findLeast is how long a bus that is announced is looked for at least.
const findLeast = 5 * time.Second

// find connects c to the bus that is announced, and has it follow when that moves.
func (f *busFlags) find(ctx context.Context, c *connection, conf bus.Config) error {
	conf.URL = "nats://found:1" // what is announced comes in its place
	if err := conf.Validate(); err != nil {
		return usage(err)
	}
	wait, cancel := context.WithTimeout(ctx, max(f.wait, findLeast))
	defer cancel()
	b, err := c.point.Connect(wait, conf)
	if err != nil {
		return &exitError{report.ExitFailed, err}
	}
	c.Bus = b
	going, stop := context.WithCancel(context.Background())
	var follow sync.WaitGroup
	follow.Go(func() { c.point.Follow(going, b) })
	c.ends = append(c.ends, func() {
		stop()
		follow.Wait()
	})
	return nil
}

// announce announces the bus that c is connected to, if that is the command's business.
func (f *busFlags) announce(ctx context.Context, c *connection, url string) (err error) {
	switch {
	case c.point == nil && f.advertise != "":
		return usage(errors.New("--bus-advertise: expected --discover beside it, with where to announce the bus"))
	case c.point == nil || !f.serves:
		return nil
	case f.advertise != "":
		url, err = advertised(url, f.advertise)
	case c.server != nil:
		url, err = f.reachable(ctx, c, url)
	}
	if err != nil {
		return usage(err)
	}
	withdraw, err := c.point.Announce(ctx, url)
	if err != nil {
		return usage(fmt.Errorf("--discover: %w", err))
	}
	c.ends = append(c.ends, withdraw)
	return nil
}

// advertised is the URL of a bus at an address that was given.
func advertised(url, address string) (string, error) {
	list, _, err := bus.Servers(url)
	if err != nil {
		return "", err
	}
	scheme, _, _ := strings.Cut(url, "://")
	if _, _, err := net.SplitHostPort(address); err != nil {
		_, port, err := net.SplitHostPort(list[0])
		if err != nil {
			return "", err
		}
		address = net.JoinHostPort(strings.Trim(address, "[]"), port)
	}
	if _, _, err := bus.Servers(scheme + "://" + address); err != nil {
		return "", fmt.Errorf("--bus-advertise: %w", err)
	}
	return scheme + "://" + address, nil
}

// reachable is the URL of the embedded bus for others. One that listens on all addresses is reached by that towards the backend.
func (f *busFlags) reachable(ctx context.Context, c *connection, url string) (string, error) {
	host, port, err := net.SplitHostPort(c.server.Addr())
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
		return url, nil
	}
	if host, err = c.point.Here(ctx); err != nil {
		return "", err
	}
	scheme, _, _ := strings.Cut(url, "://")
	return scheme + "://" + net.JoinHostPort(host, port), nil
}
