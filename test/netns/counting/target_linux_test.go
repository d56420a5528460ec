package counting

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/test/netns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func packets(t testing.TB) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dial(t testing.TB, y *Target) net.Conn {
	t.Helper()
	c, err := net.Dial(y.Addr().Network(), y.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func TestHTTPToAClientOfOthers(t *testing.T) {
	y := HTTP(t, listen(t), Options{Tag: HeaderTag("X-Worker")})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 3, ExpectContinueTimeout: time.Minute}}
	defer client.CloseIdleConnections()
	began := time.Now()
	var all sync.WaitGroup
	for i := range 90 {
		all.Go(func() {
			var body io.Reader
			switch i % 3 {
			case 1:
				body = strings.NewReader("content of known length")
			case 2:
				body = io.MultiReader(strings.NewReader("content "), strings.NewReader("in chunks"))
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+y.Addr().String()+"/", body)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("X-Worker", fmt.Sprint("w", i%3))
			if i%2 == 1 && body != nil {
				r.Header.Set("Expect", "100-continue")
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
				t.Errorf("%v, %v", resp.Status, err)
			}
		})
	}
	all.Wait()
	if n := y.Open(); n < 1 || n > 3 {
		t.Errorf("%d connections open", n)
	}
	if y.Total() != 90 || y.Total("w1") != 30 || y.Malformed() != 0 || !slices.Equal(y.Tags(), []string{"w0", "w1", "w2"}) {
		t.Errorf("counted %d, %d of w1, %d malformed, by %v", y.Total(), y.Total("w1"), y.Malformed(), y.Tags())
	}
	if x := y.Times(); len(x.Between(began, time.Now())) != 90 {
		t.Errorf("%d arrivals within the time in which they were sent", len(x.Between(began, time.Now())))
	}
}

// answers reads all that the target says.
func answers(t *testing.T, c net.Conn) (statuses []string) {
	t.Helper()
	b := bufio.NewReader(c)
	for {
		r, err := http.ReadResponse(b, nil)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("answer: %v", err)
			}
			return statuses
		}
		statuses = append(statuses, r.Status)
		_ = r.Body.Close()
	}
}

func TestHTTPConnections(t *testing.T) {
	const last = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
	for _, c := range []struct {
		name, send string
		statuses   string
		malformed  int64
	}{
		{"pipelined", get + get + last, "200 OK,200 OK,200 OK", 0},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "200 OK", 0},
		{"HTTP/1.0, kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + last, "200 OK,200 OK", 0},
		{"no request", get + "hello\r\n\r\n", "200 OK,400 Bad Request", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := HTTP(t, listen(t), Options{})
			conn := dial(t, y)
			if _, err := io.WriteString(conn, c.send); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(answers(t, conn), ","); got != c.statuses || y.Malformed() != c.malformed {
				t.Errorf("%s, %d malformed; expected %s, %d", got, y.Malformed(), c.statuses, c.malformed)
			}
			if want := int64(strings.Count(c.statuses, "200")); y.Total() != want || y.Total("127.0.0.1") != want {
				t.Errorf("counted %d, %d from 127.0.0.1; expected %d", y.Total(), y.Total("127.0.0.1"), want)
			}
		})
	}
}

// TestTimesAreTheKernels keeps the target busy while a request arrives: its time is that of its arrival all the same.
func TestTimesAreTheKernels(t *testing.T) {
	n := netns.New(t)
	near, far := n.Host("near"), n.Host("far")
	for _, c := range []struct {
		name   string
		listen func(tag func([]byte) []byte) *Target
		dial   func(network, address string) (net.Conn, error)
	}{
		{"tcp", func(tag func([]byte) []byte) *Target { return HTTP(t, listen(t), Options{Tag: tag}) }, net.Dial},
		{"udp", func(tag func([]byte) []byte) *Target { return UDP(t, packets(t), Options{Tag: tag}) }, net.Dial},
		{"tcp between hosts", func(tag func([]byte) []byte) *Target {
			return HTTP(t, far.Listen("tcp", ":80"), Options{Tag: tag})
		}, func(network, address string) (net.Conn, error) { return near.Dial(t.Context(), network, address) }},
		{"udp between hosts", func(tag func([]byte) []byte) *Target {
			return UDP(t, far.ListenPacket("udp", ":53"), Options{Tag: tag})
		}, func(network, address string) (net.Conn, error) { return near.Dial(t.Context(), network, address) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			busy, free := make(chan struct{}, 2), make(chan struct{})
			tag := func([]byte) []byte {
				busy <- struct{}{}
				<-free
				return nil
			}
			y := c.listen(tag)
			conn, err := c.dial(y.Addr().Network(), y.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for i := range 2 {
				if _, err := io.WriteString(conn, get); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					<-busy
				}
			}
			time.Sleep(250 * time.Millisecond)
			freed := time.Now()
			close(free)
			<-busy
			y.waitFor(t, 2)
			if x := y.Times(); x[1] >= freed.Add(-50*time.Millisecond).UnixNano() {
				t.Errorf("the second request is said to have come %v before the target was free", freed.Sub(time.Unix(0, x[1])))
			}
		})
	}
}

// waitFor waits until so many have been counted.
func (y *Target) waitFor(t testing.TB, n int64) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); y.Total() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("counted %d, expected %d", y.Total(), n)
		}
	}
}

func TestUDP(t *testing.T) {
	y := UDP(t, packets(t), Options{})
	to := dial(t, y)
	const sent = 20000
	for range sent {
		if _, err := to.Write([]byte("datagram")); err != nil {
			t.Fatal(err)
		}
	}
	y.waitFor(t, sent)
	if n := y.Missed(); n != 0 || y.Total("127.0.0.1") != sent {
		t.Errorf("missed %d, counted %d from 127.0.0.1", n, y.Total("127.0.0.1"))
	}
}

func TestUDPTellsWhatItMissed(t *testing.T) {
	free := make(chan struct{})
	y := UDP(t, packets(t), Options{Tag: func([]byte) []byte { <-free; return nil }})
	if err := y.packets.SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	to := dial(t, y)
	const sent = 5000
	for range sent {
		if _, err := to.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	missed := y.Missed()
	close(free)
	if missed == 0 {
		t.Error("nothing missed, though 500 kB do not fit into 64")
	}
	y.waitFor(t, sent-missed)
	if y.Total()+y.Missed() != sent {
		t.Errorf("counted %d and missed %d of %d", y.Total(), y.Missed(), sent)
	}
}

func TestCloseEndsConnections(t *testing.T) {
	y := HTTP(t, listen(t), Options{})
	c := dial(t, y)
	if _, err := io.WriteString(c, get); err != nil {
		t.Fatal(err)
	}
	y.waitFor(t, 1)
	y.Close()
	y.Close()
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection: %v, expected its end", err)
	}
	if y.Total() != 1 || y.Open() != 0 {
		t.Errorf("counted %d, %d open", y.Total(), y.Open())
	}
}

// BenchmarkHTTP has the client's cost in it: about half.
func BenchmarkHTTP(b *testing.B) {
	y := HTTP(b, listen(b), Options{Exact: 1})
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", y.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		request, answer := []byte(get), make([]byte, 256)
		for p.Next() {
			if _, err := c.Write(request); err != nil {
				b.Error(err)
			}
			if _, err := c.Read(answer); err != nil {
				b.Error(err)
			}
		}
	})
	if y.Total() != int64(b.N) {
		b.Errorf("counted %d of %d", y.Total(), b.N)
	}
}
