package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// confirm asks before loading addresses beyond loopback and private ones, unless yes.
func confirm(s streams, targets []load.Target, yes bool) error {
	if yes {
		return nil
	}
	var public []string
	for _, t := range targets {
		if t.Unix == "" && beyond(t.Host) {
			public = append(public, t.URL)
		}
	}
	if len(public) == 0 {
		return nil
	}
	names := strings.Join(public, ", ")
	if !isTerminal(s.in) {
		return usage(fmt.Errorf("%s: not a loopback or private address; say --yes if it is yours to load", names))
	}
	fmt.Fprintf(s.err, "%s: not a loopback or private address. Is it yours to load? [y/N] ", names)
	answer, _ := bufio.NewReader(s.in).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return usage(errors.New("not confirmed, nothing was sent"))
	}
	return nil
}

// beyond tells whether host has, or resolves to, an address that is neither loopback nor private. A name that does not
// resolve cannot be loaded; the run says so.
func beyond(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return !local(ip)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false
	}
	for _, ip := range ips {
		if !local(ip) {
			return true
		}
	}
	return false
}

func local(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
