package http

import (
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/target/model"
)

func constant(t *testing.T, text string) model.Service {
	t.Helper()
	s, err := model.ParseService(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestErrorShare(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o = faulty(t, o, "error:status=503,share=10%", "error:status=429,share=50%")
		o.Model.Seed = 1
		p := dial(t, start(t, o))
		const n = 2000
		got := map[int]float64{}
		for range n {
			got[p.get("/")]++
		}
		for status, share := range map[int]float64{503: 0.1, 429: 0.45, 200: 0.45} {
			if z := (got[status] - n*share) / math.Sqrt(n*share*(1-share)); math.Abs(z) > 3.29 { // 0.1 %
				t.Errorf("%d: %v of %d (z = %.2f)", status, got[status], n, z)
			}
		}
	})
}

// Each fault in place of an answer, pipelined between two others: the one before gets through, the one after cannot.
func TestFaultInPlaceOfAnswer(t *testing.T) {
	for _, tt := range []struct{ fault, how string }{{"close", "EOF"}, {"reset", "reset"}, {"garbage", "EOF"}} {
		for _, service := range []string{"none", "constant:5ms"} {
			t.Run(tt.fault+" "+service, func(t *testing.T) {
				bothPaths(t, func(t *testing.T, o Options) {
					o = faulty(t, o, tt.fault+":at=50ms")
					o.Model.Service = constant(t, service)
					s := start(t, o)
					p := dial(t, s)
					if p.get("/") != 200 {
						t.Error("the fault came early")
					}
					time.Sleep(55 * time.Millisecond)
					p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
					if tt.fault == "garbage" {
						b := make([]byte, len(garbage))
						if _, err := io.ReadFull(p.r, b); err != nil || string(b) != string(garbage) {
							t.Errorf("got %q, %v", b, err)
						}
					}
					p.silent(tt.how)
					if err := s.Close(); err != nil {
						t.Error(err)
					}
					balance(t, s)
				})
			})
		}
	}
}

// What hangs never gets an answer, nor does what is pipelined behind it, while others do.
func TestHang(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		s := start(t, faulty(t, o, "hang:at=50ms,for=300ms"))
		p := dial(t, s)
		p.get("/")
		time.Sleep(60 * time.Millisecond)
		p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		eventually(t, s, "it hangs", func(st Stats) bool { return st.Faults[0].Count == 1 })
		time.Sleep(320 * time.Millisecond)
		p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if dial(t, s).get("/") != 200 {
			t.Error("another connection hangs too")
		}
		_ = p.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
		p.silent("timeout")
		_ = p.Close()
		eventually(t, s, "hung connection closed after its client has gone", func(st Stats) bool { return st.Connections.Open < 2 })
	})
}

// A frozen server answers nothing; what came in meanwhile is answered afterwards, and its sojourn tells of the wait.
func TestStall(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		const at, length = 100 * time.Millisecond, 300 * time.Millisecond
		s := start(t, faulty(t, o, "stall:at=100ms,for=300ms"))
		p := dial(t, s)
		begin := time.Now()
		p.get("/")
		first := time.Now()
		time.Sleep(time.Until(begin.Add(at + 50*time.Millisecond)))
		sent := time.Now()
		q := dial(t, s) // the kernel accepts
		q.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		p.get("/")
		q.hear("GET")
		if answered := time.Now(); answered.Before(begin.Add(at+length)) || sent.After(first.Add(at+length)) {
			t.Errorf("sent %v and answered %v after the first, want the answer after %v", sent.Sub(begin), answered.Sub(begin), at+length)
		}
		st := s.Stats()
		// The requests may have been read somewhat after sent, on a busy machine.
		if want := int64(length - sent.Sub(begin) + at - 100*time.Millisecond); s.pathName == "epoll" && st.Sojourn.Max < want {
			t.Errorf("longest sojourn %v, want %v at least", time.Duration(st.Sojourn.Max), time.Duration(want))
		}
		if st.Status["200"] != 3 || st.Faults[0].Count != 1 {
			t.Errorf("figures %+v", st)
		}
	})
}

func TestCloseDuringStall(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		s := start(t, faulty(t, o, "stall:for=1h"))
		p := dial(t, s)
		p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		eventually(t, s, "stalled", func(st Stats) bool { return st.Faults[0].Count == 1 })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		balance(t, s)
	})
}

func TestDie(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Model.Service = constant(t, "constant:10s")
		s := start(t, faulty(t, o, "die:at=100ms"))
		begin := time.Now()
		p := dial(t, s)
		p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if err := s.Wait(); err != nil {
			t.Error(err)
		}
		if lived := time.Since(begin); lived < 100*time.Millisecond || lived > 5*time.Second {
			t.Errorf("died after %v", lived)
		}
		p.silent("EOF")
		if st := s.Stats(); st.Faults[0].Count != 1 || st.Abandoned != 1 {
			t.Errorf("figures %+v", st)
		}
		balance(t, s)
	})
}

// One server takes one request after the other: the k-th departs k service times after they came, and the client sees
// it then or later, by what the target says it was late.
func TestQueueAndSojourn(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		const n, service = 20, 5 * time.Millisecond
		o.Model.Service, o.Model.Servers = constant(t, "constant:5ms"), 1
		s := start(t, o)
		var peers []*peer
		for range n {
			peers = append(peers, dial(t, s))
		}
		eventually(t, s, "connected", func(st Stats) bool { return st.Connections.Open == n })
		begin := time.Now()
		for _, p := range peers {
			p.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		}
		for _, p := range peers {
			p.hear("GET")
		}
		took := time.Since(begin)
		st := s.Stats()
		if took < n*service {
			t.Errorf("took %v for %d requests of %v", took, n, service)
		}
		if st.Sojourn.Count != n || st.Sojourn.Max > int64(took) || st.Sojourn.Min < int64(service) {
			t.Errorf("sojourns %+v; the whole took %v", st.Sojourn, took)
		}
		if st.Late.Count != n || st.Late.Min < 0 || st.Late.Max > int64(took) {
			t.Errorf("late %+v", st.Late)
		}
	})
}

// Requests of one connection are answered in their order, though the later ones are done first.
func TestPipelinedWithDelays(t *testing.T) {
	bothPaths(t, func(t *testing.T, o Options) {
		o.Model.Service = constant(t, "bimodal:fast=0s,slow=3ms,share=30%")
		o = faulty(t, o, "error:status=500,share=30%")
		s := start(t, o)
		p, q := dial(t, s), dial(t, s)
		const n = 400
		go func() { _, _ = io.WriteString(p, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", n)) }()
		errs := 0
		for i := range n {
			if resp, _ := p.hear("GET"); resp.StatusCode == 500 {
				errs++
			} else if resp.StatusCode != 200 {
				t.Fatalf("answer %d: status %d", i, resp.StatusCode)
			}
		}
		st := s.Stats()
		if int64(errs) != st.Faults[0].Count || errs == 0 || st.Requests != n {
			t.Errorf("%d errors, figures %+v", errs, st)
		}
		q.get("/")
	})
}
