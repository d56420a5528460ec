package engine

import (
	"crypto/tls"
	"fmt"
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
)

// Servers come, go and are shut down once they have been drained: no request is lost or sent twice, none fails.
func TestServersComeAndGo(t *testing.T) {
	server, client := certificate(t)
	for _, kind := range pollers() {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,tls=%v", kind, secure), func(t *testing.T) {
				var conf *tls.Config
				if secure {
					conf = server
				}
				start := func() *lineServer { return startLines(t, conf, always("200")) }
				old := start()
				all := []*lineServer{old}
				rounds := 4
				if testing.Short() {
					rounds = 2
				}
				more := true
				m, r := run(t, Config{
					Targets: []load.Target{old.target(secure)}, TLS: client, Poller: kind, Shards: 2, Connections: 16, Processor: asIs,
					Source:   &numbers{n: 1 << 40},
					Schedule: func(_, n int) Schedule { return &even{gap: second / 4000 * int64(n), n: 1 << 40} },
				}, func(e *Engine) {
					defer e.Stop(EndInterrupted)
					e.roster.spare = 0
					for range rounds {
						next := start()
						all = append(all, next)
						for _, set := range [][]load.Target{{old.target(secure), next.target(secure)}, {next.target(secure)}} {
							if err := e.SetTargets(set); err != nil {
								t.Error(err)
							}
							if !next.hears(20) {
								more = false
								return
							}
						}
						if !old.drained() {
							t.Error("connections to a target that is gone stay open")
						}
						old.stop()
						old = next
					}
				})
				q := m.Requests
				if !more || r.End != EndInterrupted || q.Failed+q.InFlight+q.Dropped > 0 || q.Completed < int64(rounds*40) {
					t.Errorf("new targets used: %v; %+v, %v", more, q, m.Errors)
				}
				seen := map[string]int{}
				for _, s := range all {
					s.mu.Lock()
					for line, n := range s.seen {
						if seen[line] += n; seen[line] > 1 {
							t.Errorf("record %s arrived %d times", line, seen[line])
						}
					}
					s.mu.Unlock()
				}
				if len(seen) != int(q.Completed) {
					t.Errorf("%d records arrived, %d completed", len(seen), q.Completed)
				}
			})
		}
	}
}

// hears waits until n requests more have come.
func (s *lineServer) hears(n int) bool {
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.seen)
	}
	before := count()
	return eventually(func() bool { return count() >= before+n })
}

// drained waits until no connection is left.
func (s *lineServer) drained() bool {
	return eventually(func() bool { return s.serving.Load() == 0 })
}

func eventually(is func() bool) bool {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if is() {
			return true
		}
	}
	return false
}
