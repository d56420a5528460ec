package netns

import (
	"context"
	"math"
	"net"
	"testing"
	"time"
)

// pairOf is two hosts with an echo on port 7 of each, and a connection from a to b.
func pairOf(t *testing.T) (a, b *Host, c net.Conn) {
	t.Helper()
	n := New(t)
	a, b = n.Host("a"), n.Host("b")
	for _, h := range n.Hosts() {
		go echo(h.Listen("tcp", ":7"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	c, err := a.Dial(ctx, "tcp", b.HostPort(7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if !echoes(c, soon) {
		t.Fatal("no echo")
	}
	return a, b, c
}

func TestLinkDownAndUp(t *testing.T) {
	a, b, c := pairOf(t)
	a.LinkDown()
	if echoes(c, never) || reaches(t, a, b.HostPort(7), never) || reaches(t, b, a.HostPort(7), never) {
		t.Error("traffic over a link that is down")
	}
	a.LinkUp()
	if !reaches(t, a, b.HostPort(7), soon) || !reaches(t, b, a.HostPort(7), soon) {
		t.Error("no traffic over a link that is up again")
	}
	if !echoes(c, soon) {
		t.Error("the connection did not outlive the cut")
	}
	a.LinkDown()
	a.net.Heal()
	if !reaches(t, a, b.HostPort(7), soon) {
		t.Error("Heal does not bring the link up")
	}
}

// datagrams counts those of so many that arrive, sent from a to b.
func datagrams(t *testing.T, a, b *Host, sent int) (arrived int) {
	t.Helper()
	to := b.ListenPacket("udp", ":0")
	defer to.Close()
	from, err := a.Dial(t.Context(), "udp", to.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	buffer := make([]byte, 64)
	drain := func(most int, quiet time.Duration) (n int) {
		for n < most {
			_ = to.SetReadDeadline(time.Now().Add(quiet))
			if _, _, err := to.ReadFrom(buffer); err != nil {
				break
			}
			n++
		}
		return n
	}
	const batch = 100 // fits the socket's buffer
	for done := 0; done < sent; done += batch {
		now := min(batch, sent-done)
		for range now {
			if _, err := from.Write([]byte("datagram")); err != nil {
				t.Fatalf("the sender was told of the fault: %v", err)
			}
		}
		arrived += drain(now, 2*time.Millisecond) // what comes later is counted by a later turn
	}
	return arrived + drain(sent-arrived, never)
}

func TestOneWayCuts(t *testing.T) {
	for _, way := range []struct {
		name string
		cut  func(a, b *Host)
	}{
		{"CutOut", func(a, b *Host) { a.CutOut(b) }},
		{"CutIn", func(a, b *Host) { b.CutIn(a) }},
		{"all that a sends", func(a, _ *Host) { a.Lose(Out, 1) }},
		{"all that b gets", func(_, b *Host) { b.Lose(In, 1) }},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel() // it mostly waits for what must not come
			a, b, c := pairOf(t)
			third := a.net.Host("c")
			way.cut(a, b)
			if n := datagrams(t, a, b, 10); n != 0 {
				t.Errorf("%d datagrams passed the cut", n)
			}
			if n := datagrams(t, b, a, 10); n != 10 {
				t.Errorf("%d of 10 datagrams came the other way", n)
			}
			if echoes(c, never) || reaches(t, a, b.HostPort(7), never) {
				t.Error("a connection works over a cut")
			}
			if n := datagrams(t, third, a, 10); n != 10 {
				t.Errorf("%d of 10 datagrams came from a third host", n)
			}
			a.net.Heal()
			if !reaches(t, a, b.HostPort(7), soon) || !echoes(c, soon) {
				t.Error("no connection after Heal")
			}
			out, err := output("", "nsenter", "--net="+folder+"/"+a.net.name, "--", "iptables", "-S", "FORWARD")
			if err != nil || out != "-P FORWARD ACCEPT\n" {
				t.Errorf("rules after Heal: %q, %v", out, err)
			}
		})
	}
}

func TestLoss(t *testing.T) {
	n := New(t)
	a, b := n.Host("a"), n.Host("b")
	const sent = 2000
	lost := func(from, to *Host) float64 { return 1 - float64(datagrams(t, from, to, sent))/sent }
	a.Lose(Both, 0.9)
	a.Lose(Out, 0.3) // replaces that direction's
	a.Lose(In, 0)
	check := func(way string, got, want float64) {
		// Five standard deviations: a right kernel fails one time in a million.
		if most := 5 * math.Sqrt(want*(1-want)/sent); math.Abs(got-want) > most {
			t.Errorf("%s: lost %.3f, expected %.1f ± %.3f", way, got, want, most)
		}
	}
	check("out", lost(a, b), 0.3)
	check("in", lost(b, a), 0)
	b.Lose(Both, 0.3)
	check("both", lost(b, a), 0.3)
	check("both, the other's too", lost(a, b), 1-0.7*0.7)
	n.Heal()
	check("healed", lost(a, b), 0)
	c := n.Host("c")
	a.LoseWith(c, 0.9)
	a.LoseWith(b, 0.3)
	check("with one, out", lost(a, b), 0.3)
	check("with one, in", lost(b, a), 0.3)
	a.LoseWith(c, 0)
	check("with the other", lost(a, c), 0)
}
