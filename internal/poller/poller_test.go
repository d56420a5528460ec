package poller

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs a test over every poller of this system.
func each(t *testing.T, test func(t *testing.T, p Poller)) {
	t.Helper()
	for _, c := range kinds {
		t.Run(c.name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			p := c.here(t)
			defer p.Shut()
			test(t, p)
		})
	}
}

// here makes the poller; a kernel, or who guards it, may withhold io_uring.
func (k kind) here(t testing.TB) Poller {
	t.Helper()
	p, err := k.make()
	if err != nil && k.name == "io_uring" {
		t.Skipf("this system does not let us have it: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func listen(t *testing.T) (net.Listener, Addr) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, Addr{AddrPort: netip.MustParseAddrPort(l.Addr().String())}
}

func accept(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// await waits until an event with one of the flags comes for token.
func await(t *testing.T, p Poller, token uint64, flags Flags) {
	t.Helper()
	events := make([]Event, 16)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		n, err := p.Wait(events, int64(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events[:n] {
			if e.Token == token && e.Flags&flags != 0 {
				return
			}
		}
	}
	t.Fatalf("no event with flags %b", flags)
}

func connect(t *testing.T, p Poller, a Addr, token uint64) Handle {
	t.Helper()
	h, err := p.Open(a, token)
	if err != nil {
		t.Fatal(err)
	}
	await(t, p, token, Writable)
	if err := p.Connected(h); err != nil {
		t.Fatal(err)
	}
	if err := p.WantWrite(h, token, false); err != nil {
		t.Fatal(err)
	}
	return h
}

// flush lets out what was written.
func flush(t *testing.T, p Poller) {
	t.Helper()
	if _, err := p.Wait(make([]Event, 1), 0); err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, p Poller, h Handle, token uint64, n int) string {
	t.Helper()
	var b strings.Builder
	buf := make([]byte, 7)
	for b.Len() < n {
		k, err := p.Read(h, buf)
		if errors.Is(err, ErrAgain) {
			await(t, p, token, Readable)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Write(buf[:k])
	}
	return b.String()
}

func TestBytesGoBothWays(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		l, a := listen(t)
		const token = 1<<40 | 5
		h := connect(t, p, a, token)
		c := accept(t, l)
		if _, err := p.Read(h, make([]byte, 1)); !errors.Is(err, ErrAgain) {
			t.Fatalf("read before anything came: %v", err)
		}
		if n, err := p.Write(h, []byte("question")); n != 8 || err != nil {
			t.Fatal(n, err)
		}
		flush(t, p)
		b := make([]byte, 8)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "question" {
			t.Fatalf("%q, %v", b, err)
		}
		want := strings.Repeat("answer ", 10_000)
		go func() { _, _ = io.WriteString(c, want) }()
		if got := readAll(t, p, h, token, len(want)); got != want {
			t.Fatalf("%d bytes came, %d were sent", len(got), len(want))
		}
		_ = c.Close()
		for {
			_, err := p.Read(h, b)
			if errors.Is(err, ErrAgain) {
				await(t, p, token, Readable)
				continue
			}
			if !errors.Is(err, io.EOF) {
				t.Fatalf("after the close: %v", err)
			}
			break
		}
		p.Close(h)
	})
}

func TestRefusedConnection(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		l, a := listen(t)
		_ = l.Close()
		h, err := p.Open(a, 9)
		if err == nil {
			await(t, p, 9, Writable|Ended)
			err = p.Connected(h)
			p.Close(h)
		}
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("connecting to a closed port: %v", err)
		}
	})
}

func TestWaitKeepsItsTime(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		events := make([]Event, 4)
		for _, d := range []time.Duration{0, 50 * time.Microsecond, 20 * time.Millisecond} {
			began := time.Now()
			waits := 0
			for left := d; waits == 0 || left > 0; left = d - time.Since(began) {
				if n, err := p.Wait(events, int64(left)); n != 0 || err != nil {
					t.Fatal(n, err)
				}
				if waits++; waits > 20 { // signals may cut some short
					t.Fatalf("asked for %v: still not over after %d waits", d, waits)
				}
			}
		}
	})
}

func TestWakeEndsAWait(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		time.AfterFunc(10*time.Millisecond, p.Wake)
		if n, err := p.Wait(make([]Event, 4), -1); n != 0 || err != nil {
			t.Error(n, err)
		}
		p.Wake()
		if n, err := p.Wait(make([]Event, 4), -1); n != 0 || err != nil {
			t.Error("woken before the wait:", n, err)
		}
	})
}

func TestWakeAfterShut(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			p := k.here(t)
			p.Shut()
			p.Wake()
		})
	}
}

func TestNew(t *testing.T) {
	first := ""
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			p, which, err := New(name)
			if err != nil {
				t.Skipf("this system does not let us have it: %v", err)
			}
			p.Shut()
			if which != name {
				t.Errorf("got %s", which)
			}
			first = cmp.Or(first, which)
		})
	}
	p, which, err := New(Auto)
	if err != nil || which != first {
		t.Fatalf("%s, %v; want %s", which, err, first)
	}
	p.Shut()
	if _, _, err := New("kqueue"); err == nil || !strings.Contains(err.Error(), `"kqueue": expected auto or `) {
		t.Error(err)
	}
}

func TestAdoptedConnection(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		l, a := listen(t)
		nc, err := net.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		c := accept(t, l)
		h, err := p.Adopt(nc, 3)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(h, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		flush(t, p)
		b := make([]byte, 5)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
			t.Fatalf("%q, %v", b, err)
		}
		_, _ = io.WriteString(c, "back")
		if got := readAll(t, p, h, 3, 4); got != "back" {
			t.Fatalf("%q", got)
		}
		p.Close(h)
		if _, err := c.Read(b); !errors.Is(err, io.EOF) {
			t.Fatalf("the peer sees %v after the close", err)
		}
	})
}

func TestAFullKernelBufferIsWaitedFor(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		l, a := listen(t)
		h := connect(t, p, a, 2)
		c := accept(t, l)
		want := 32 << 20
		go func() {
			time.Sleep(20 * time.Millisecond)
			_, _ = io.CopyN(io.Discard, c, int64(want))
			_, _ = io.WriteString(c, "done")
		}()
		b := make([]byte, 1<<20)
		for sent := 0; sent < want; {
			n, err := p.Write(h, b[:min(len(b), want-sent)])
			sent += n
			if errors.Is(err, ErrAgain) {
				if err := p.WantWrite(h, 2, true); err != nil {
					t.Fatal(err)
				}
				await(t, p, 2, Writable)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if err := p.WantWrite(h, 2, false); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, p, h, 2, 4); got != "done" {
			t.Fatalf("%q", got)
		}
	})
}

func TestUnixSocket(t *testing.T) {
	each(t, func(t *testing.T, p Poller) {
		path := t.TempDir() + "/s"
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		h := connect(t, p, Addr{Unix: path}, 4)
		c := accept(t, l)
		_, _ = io.WriteString(c, "hi")
		if got := readAll(t, p, h, 4, 2); got != "hi" {
			t.Fatalf("%q", got)
		}
	})
}

// BenchmarkExchange is one question and answer over loopback, both ends in this process.
func BenchmarkExchange(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			p := k.here(b)
			defer p.Shut()
			exchange(b, p)
		})
	}
}

func exchange(b *testing.B, p Poller) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(c, c)
	}()
	h, err := p.Open(Addr{AddrPort: netip.MustParseAddrPort(l.Addr().String())}, 1)
	if err != nil {
		b.Fatal(err)
	}
	events, buf := make([]Event, 4), make([]byte, 64)
	for n := 0; n == 0; {
		n, _ = p.Wait(events, int64(time.Second))
	}
	if err := p.Connected(h); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Write(h, buf); err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := p.Wait(events, int64(time.Second)); err != nil {
				b.Fatal(err)
			}
			if n, err := p.Read(h, buf); err == nil && n == len(buf) {
				break
			}
		}
	}
}
