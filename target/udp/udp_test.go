package udp

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, o Options, faults ...string) (*Server, net.Conn) {
	t.Helper()
	for _, text := range faults {
		f, err := model.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Model.Faults = append(o.Model.Faults, f)
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() {
		c.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		st := s.Stats()
		out := st.Answers + st.Abandoned + st.Protocol["lost"]
		for _, f := range st.Faults {
			if !strings.HasPrefix(f.Fault, "stall") && !strings.HasPrefix(f.Fault, "die") {
				out += f.Count
			}
		}
		if out != st.Requests {
			t.Errorf("%d datagrams came in, %d are accounted for: %+v", st.Requests, out, st)
		}
	})
	return s, c
}

// exchange sends n numbered datagrams in small bursts and returns the answers as they come, until the target has sent all.
func exchange(t *testing.T, s *Server, c net.Conn, n int) (answers []string) {
	t.Helper()
	buf := make([]byte, largest)
	hear := func(d time.Duration) bool {
		c.SetReadDeadline(time.Now().Add(d))
		m, err := c.Read(buf)
		if err == nil {
			answers = append(answers, string(buf[:m]))
		}
		return err == nil
	}
	for i := range n {
		fmt.Fprintf(c, "%d", i)
		if i%20 == 19 {
			for hear(time.Millisecond) {
			}
		}
	}
	for s.Stats().Requests < int64(n) || hear(50*time.Millisecond) {
	}
	return answers
}

func TestEcho(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		s, c := start(t, Options{Listen: listen})
		got := exchange(t, s, c, 200)
		for i, a := range got {
			if a != fmt.Sprint(i) {
				t.Fatalf("answer %d is %q", i, a)
			}
		}
		st := s.Stats()
		if len(got) != 200 || st.Answers != 200 || st.Requests != 200 || st.Kinds["datagram"] != 200 || st.Bytes.Received != st.Bytes.Sent || st.Bytes.Sent != 490 {
			t.Errorf("%d answers; figures %+v", len(got), st)
		}
	}
}

func TestSizes(t *testing.T) {
	_, c := start(t, Options{})
	buf := make([]byte, largest+1)
	for _, size := range []int{0, 1, 1500, 9000, largest} {
		c.Write(make([]byte, size))
		if n, err := c.Read(buf); n != size || err != nil {
			t.Errorf("%d bytes came back as %d, %v", size, n, err)
		}
	}
}

func TestReply(t *testing.T) {
	s, c := start(t, Options{Reply: []byte("pong")})
	if got := exchange(t, s, c, 3); strings.Join(got, " ") != "pong pong pong" || s.URL() != "udp://"+s.Addr().String() {
		t.Errorf("got %q from %s", got, s.URL())
	}
}

func TestShares(t *testing.T) {
	s, c := start(t, Options{Loss: 0.3, Duplicate: 0.2, Model: model.Options{Seed: 3}})
	got := exchange(t, s, c, 500)
	st := s.Stats()
	lost, twice := st.Protocol["lost"], st.Protocol["duplicated"]
	if lost < 100 || lost > 200 || twice < 40 || twice > 110 || len(got) != 500-int(lost)+int(twice) || st.Answers != 500-lost {
		t.Errorf("%d answers, %d lost, %d twice: %+v", len(got), lost, twice, st)
	}
}

func TestReorder(t *testing.T) {
	s, c := start(t, Options{Reorder: 0.1, Model: model.Options{Seed: 3}})
	got := exchange(t, s, c, 200)
	overtaken := 0
	for i := 1; i < len(got); i++ {
		var a, b int
		fmt.Sscan(got[i-1], &a)
		fmt.Sscan(got[i], &b)
		if b < a {
			overtaken++
		}
	}
	if n := s.Stats().Protocol["reordered"]; len(got) != 200 || n < 5 || overtaken == 0 {
		t.Errorf("%d answers, %d held back, %d overtaken", len(got), n, overtaken)
	}
}

func TestServiceTime(t *testing.T) {
	s, c := start(t, Options{Model: model.Options{Service: model.Constant{Time: 10 * time.Millisecond}, Servers: 1}})
	begin := time.Now()
	if got := exchange(t, s, c, 10); len(got) != 10 || time.Since(begin) < 100*time.Millisecond {
		t.Errorf("%d answers in %v", len(got), time.Since(begin))
	}
	if st := s.Stats(); st.Sojourn.Max < int64(90*time.Millisecond) || st.Late.Count != 10 {
		t.Errorf("figures %+v", st)
	}
}

func TestFaults(t *testing.T) {
	s, c := start(t, Options{}, "garbage")
	if got := exchange(t, s, c, 1); len(got) != 1 || got[0] != string(garbage) {
		t.Errorf("garbage: %q", got)
	}
	s, c = start(t, Options{}, "hang")
	if got := exchange(t, s, c, 3); len(got) != 0 {
		t.Errorf("hang: %q", got)
	}
	s, c = start(t, Options{}, "stall:for=100ms")
	begin := time.Now()
	c.Write([]byte("x"))
	if _, err := c.Read(make([]byte, 1)); err != nil || time.Since(begin) < 100*time.Millisecond {
		t.Errorf("stall: %v after %v", err, time.Since(begin))
	}
	if n := s.Stats().Faults[0].Count; n != 1 {
		t.Errorf("stalled %d times", n)
	}
	s, c = start(t, Options{Model: model.Options{Service: model.Constant{Time: time.Hour}}}, "die:at=20ms")
	c.Write([]byte("x"))
	if err := s.Wait(); err != nil || s.Stats().Abandoned != 1 {
		t.Errorf("die: %v, %+v", err, s.Stats())
	}
}

func TestRefused(t *testing.T) {
	o := Options{Loss: -1, Duplicate: 2, Reply: make([]byte, largest+1)}
	for _, kind := range []model.Kind{model.Error, model.Close, model.Reset} {
		o.Model.Faults = append(o.Model.Faults, model.Fault{Kind: kind})
	}
	_, err := Start(t.Context(), o)
	for _, want := range []string{"loss: -1", "duplicate: 2", "reply: 65508", `fault "error"`, `fault "close"`, `fault "reset"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, err := Start(t.Context(), Options{Listen: "nowhere"}); err == nil {
		t.Error("listens nowhere")
	}
}

// BenchmarkEcho measures datagrams there and back, many at once, the sender's work included.
func BenchmarkEcho(b *testing.B) {
	s, c := start(b, Options{})
	in, out, err := newSockets(c.(*net.UDPConn))
	if err != nil {
		b.Fatal(err)
	}
	to, err := net.DialUDP("udp", nil, s.Addr().(*net.UDPAddr))
	if err != nil {
		b.Fatal(err)
	}
	to.Close()
	var batch []message
	for range 32 {
		batch = append(batch, message{data: make([]byte, 64)})
	}
	for sent, got := 0, 0; b.Loop(); sent++ {
		if sent-got >= 64 {
			m, err := in.receive()
			if err != nil {
				b.Fatal(err)
			}
			got += len(m)
		}
		if sent%32 == 0 {
			out.send(batch)
		}
	}
}
