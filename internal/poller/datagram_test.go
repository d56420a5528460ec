package poller

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// listenPacket opens a UDP socket for a test to play the peer on.
func listenPacket(t *testing.T) (*net.UDPConn, Addr) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_ = c.SetReadBuffer(4 << 20)
	return c, Addr{AddrPort: netip.MustParseAddrPort(c.LocalAddr().String())}
}

func buffers(n int) (in [][]byte, sizes []int) {
	for range n {
		in = append(in, make([]byte, 2048))
	}
	return in, make([]int, n)
}

// receive gathers n datagrams of h, whose token is 7.
func receive(t *testing.T, p Poller, h Handle, n int) (got []string) {
	t.Helper()
	in, sizes := buffers(16)
	for len(got) < n {
		await(t, p, 7, Readable)
		for {
			k, err := p.RecvBatch(h, in, sizes)
			if errors.Is(err, ErrAgain) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range k {
				got = append(got, string(in[i][:sizes[i]]))
			}
		}
	}
	return got
}

func TestDatagramsGoBothWaysInBatches(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		peer, addr := listenPacket(t)
		h, err := p.OpenDatagram(addr, 7)
		if err != nil {
			t.Fatal(err)
		}
		const n = 150 // more than one system call moves
		for round := range 3 {
			var out [][]byte
			for i := range n {
				out = append(out, fmt.Appendf(nil, "%d:%d", round, i))
			}
			if k, err := p.SendBatch(h, out); k != n || err != nil {
				t.Fatalf("sent %d of %d, %v", k, n, err)
			}
			buf := make([]byte, 2048)
			for i := range n {
				k, from, err := peer.ReadFromUDPAddrPort(buf)
				if err != nil || string(buf[:k]) != string(out[i]) {
					t.Fatalf("datagram %d: %q, %v", i, buf[:k], err)
				}
				if _, err := peer.WriteToUDPAddrPort(append([]byte("re "), buf[:k]...), from); err != nil {
					t.Fatal(err)
				}
			}
			for i, got := range receive(t, p, h, n) {
				if want := fmt.Sprintf("re %d:%d", round, i); got != want {
					t.Fatalf("answer %d: %q, want %q", i, got, want)
				}
			}
		}
		p.Close(h)
	})
}

func TestRefusedDatagramIsTold(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		peer, addr := listenPacket(t)
		_ = peer.Close()
		h, err := p.OpenDatagram(addr, 7)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.SendBatch(h, [][]byte{[]byte("anybody?")}); err != nil {
			t.Fatal(err)
		}
		in, sizes := buffers(1)
		await(t, p, 7, Readable)
		if _, err := p.RecvBatch(h, in, sizes); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want a refusal", err)
		}
		if _, err := p.RecvBatch(h, in, sizes); !errors.Is(err, ErrAgain) {
			t.Errorf("told twice: %v", err)
		}
	})
}

func TestADatagramSocketThatIsClosedIsGone(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		peer, addr := listenPacket(t)
		buf := make([]byte, 64)
		for range 200 { // more than there would be descriptors, if they stayed open behind the ring
			h, err := p.OpenDatagram(addr, 7)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.SendBatch(h, [][]byte{[]byte("x")}); err != nil {
				t.Fatal(err)
			}
			_, from, err := peer.ReadFromUDPAddrPort(buf)
			if err != nil {
				t.Fatal(err)
			}
			p.Close(h)
			if _, err := p.Wait(make([]Event, 16), 0); err != nil {
				t.Fatal(err)
			}
			// The port is free again: nobody holds the socket.
			end := time.Now().Add(5 * time.Second)
			for {
				c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(from))
				if err == nil {
					_ = c.Close()
					break
				}
				if time.Now().After(end) {
					t.Fatalf("port %d is still held: %v", from.Port(), err)
				}
				_, _ = p.Wait(make([]Event, 16), int64(time.Millisecond))
			}
		}
	})
}

// What is written by WriteNow may change at once, and arrives in order.
func TestWriteNowTakesACopy(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		l, addr := listen(t)
		h, err := p.Open(addr, 7)
		if err != nil {
			t.Fatal(err)
		}
		c := accept(t, l)
		await(t, p, 7, Writable)
		if err := p.Connected(h); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 8)
		want := ""
		for i := range 100 {
			copy(buf, fmt.Sprintf("%08d", i))
			want += string(buf)
			if n, err := p.WriteNow(h, buf); n != 8 || err != nil {
				t.Fatal(n, err)
			}
			clear(buf)
		}
		got := make([]byte, len(want))
		for n := 0; n < len(got); {
			k, err := c.Read(got[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += k
		}
		if string(got) != want {
			t.Errorf("got %q", got)
		}
	})
}
