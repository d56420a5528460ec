//go:build unix

package exec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A record over which two programs ended is bad, and no other is; nothing of it is sent.
func TestPoison(t *testing.T) {
	for _, instances := range []int{1, 3} {
		t.Run(fmt.Sprint(instances), func(t *testing.T) {
			c, logged := helperConfig(t, "poison")
			c.Instances = instances
			records := uris(1000)
			records[0], records[500], records[999] = "/poison/1", "/poison/2", "/poison/3"
			list, err := run(t, c, records)
			if !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
			if bad, _ := holds(t, records, list); bad != 3 {
				t.Errorf("%d bad, want 3\n%s", bad, logged)
			}
			for i, uri := range map[int]string{0: "/poison/1", 500: "/poison/2", 999: "/poison/3"} {
				if b := list[i].bad; b == nil || !strings.Contains(b.Error(), "exit status 7; its standard error ends: dying of "+uri) {
					t.Errorf("%s: %v", uri, b)
				}
			}
			for _, want := range []string{"dying of /poison/2", "started again", "records given once more", "counted bad: 1"} {
				if !strings.Contains(logged.String(), want) {
					t.Errorf("log has no %q:\n%s", want, logged)
				}
			}
		})
	}
}

// Whatever programs do in the middle of lines, each record that was read ends once, in order, whole or not at all.
func TestRandomCrashes(t *testing.T) {
	for seed := range 6 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c, logged := helperConfig(t, "random:"+strings.Repeat("x", seed))
			c.Instances, c.Restarts, c.Window, c.Batch = 1+seed%3, 1000, 20+40*seed, 1+10*seed
			records := uris(150)
			list, err := run(t, c, records)
			if !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
			holds(t, records, list)
			if !strings.Contains(logged.String(), "started again") {
				t.Error("no crash at all")
			}
		})
	}
}

// A program that ends after its last answer has done its work: no restart is needed, and the run does not fail.
func TestEndAfterLast(t *testing.T) {
	c, logged := helperConfig(t, "plain")
	c.Restarts = 0
	s := newStage(t, c).(*Stage)
	if err := s.Open((&reads{uris: uris(20)}).read); err != nil {
		t.Fatal(err)
	}
	list, err := drain(s)
	if holds(t, uris(20), list); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	s.slots[0].proc.kill()
	s.running.Wait()
	if err := s.Next(nil); !errors.Is(err, io.EOF) || logged.String() != "" {
		t.Errorf("%v\n%s", err, logged)
	}
}

// Programs that are worth nothing are given up, and what they did not answer is bad.
func TestRestartsBound(t *testing.T) {
	for _, tt := range []struct {
		mode           string
		restarts, good int
	}{{"poison", 0, 5}, {"poison", 3, 5}, {"twice", 1, -1}} {
		t.Run(fmt.Sprint(tt.mode, tt.restarts), func(t *testing.T) {
			c, logged := helperConfig(t, tt.mode)
			c.Restarts, c.Window, c.Batch, c.LineLimit = tt.restarts, 10, 4, 100_000
			s := newStage(t, c)
			src := &reads{uris: uris(1000)}
			for i := 5; i < 1000; i++ {
				src.uris[i] += "/poison"
			}
			if err := s.Open(src.read); err != nil {
				t.Fatal(err)
			}
			list, err := drain(s)
			want := fmt.Sprintf("it was started again %d times (restarts) and is given up", tt.restarts)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s\n%s", err, want, logged)
			}
			good := 0
			for _, o := range list {
				if o.bad == nil {
					good++
				}
			}
			if int64(len(list)) != src.n.Load() || tt.good >= 0 && good != tt.good {
				t.Errorf("%d records read, %d ended, %d of them good; want %d good", src.n.Load(), len(list), good, tt.good)
			}
			if again := s.Next(nil); again == nil || again.Error() != err.Error() {
				t.Errorf("again: %v", again)
			}
		})
	}
}

// A program that breaks the rules before it has answered anything is no better when it is started again.
func TestNeverRight(t *testing.T) {
	for mode, want := range map[string]string{
		"deaf":    "waiting for one, the first from urls.txt:1",
		"endless": "line 2 of its standard output: more than 1000000 bytes without a line end (line_limit)",
	} {
		c, logged := helperConfig(t, mode)
		c.Timeout, c.LineLimit, c.Batch = 200*time.Millisecond, 1_000_000, 100
		list, err := run(t, c, append(uris(99), "/"+strings.Repeat("x", 500_000))) // more than fits into the pipe
		if want += "; no record has been answered yet, so it is not started again"; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", mode, err, want)
		}
		if len(list) != 100 || list[0].bad == nil || logged.String() != "" {
			t.Errorf("%s: %d records, log:\n%s", mode, len(list), logged)
		}
	}
}

func TestGarbage(t *testing.T) {
	c, logged := helperConfig(t, "garbage")
	records := uris(300)
	records[200] = "/poison"
	list, err := run(t, c, records)
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if bad, _ := holds(t, records, list); bad != 1 {
		t.Errorf("%d bad", bad)
	}
	// The hello is line 1.
	if want := "line 202 of its standard output: byte 1: '{' is expected: `Hello, world world"; !strings.Contains(logged.String(), want) {
		t.Errorf("log has no %q:\n%s", want, logged)
	}
	if strings.Contains(logged.String(), strings.Repeat("world ", 20)) {
		t.Error("the whole line is shown")
	}
}

// A program that answers nothing any more is ended.
func TestTimeout(t *testing.T) {
	c, logged := helperConfig(t, "mute")
	c.Timeout, c.Window = time.Second, 5
	records := uris(20)
	records[7] = "/poison"
	list, err := run(t, c, records)
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if bad, _ := holds(t, records, list); bad != 1 || list[7].bad == nil {
		t.Errorf("%d bad", bad)
	}
	if want := "no answer for 1s (timeout) with 1 records waiting for one, the first from urls.txt:8"; !strings.Contains(logged.String(), want) {
		t.Errorf("log has no %q:\n%s", want, logged)
	}
}

func TestNoise(t *testing.T) {
	c, logged := helperConfig(t, "noisy")
	st := newStage(t, c)
	if err := st.Open((&reads{uris: uris(3)}).read); err != nil {
		t.Fatal(err)
	}
	list, err := drain(st)
	st.Close() // all of the log is there then
	if holds(t, uris(3), list); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	s := logged.String()
	if n := strings.Count(s, ": noise "); n < logPerSecond || n > 20*logPerSecond || !strings.Contains(s, "noise 49") || !strings.Contains(s, "more lines of its standard error)") {
		t.Errorf("%d lines of 3000 in the log", n)
	}
}

// Close ends whatever waits, the program, and what it has started.
func TestClose(t *testing.T) {
	for _, mode := range []string{"deaf", "stubborn", "mute"} {
		t.Run(mode, func(t *testing.T) {
			c, logged := helperConfig(t, mode)
			s := newStage(t, c)
			src := &reads{uris: uris(100_000)}
			for i := range src.uris {
				src.uris[i] = "/poison"
			}
			if err := s.Open(src.read); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- s.Next(nil) }()
			waitFor(t, func() bool { return src.n.Load() > 100 })
			pids := []int{s.(*Stage).slots[0].proc.cmd.Process.Pid}
			if mode == "stubborn" {
				child := regexp.MustCompile(`child (\d+)`)
				waitFor(t, func() bool { return child.MatchString(logged.String()) })
				pid, _ := strconv.Atoi(child.FindStringSubmatch(logged.String())[1])
				pids = append(pids, pid)
			}
			s.Close()
			if err := <-ended; !errors.Is(err, os.ErrClosed) {
				t.Errorf("Next: %v", err)
			}
			for _, pid := range pids {
				waitFor(t, func() bool { return !running(pid) })
			}
		})
	}
}

// running tells whether there is such a process and it is more than a zombie that another's parent has yet to take.
func running(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestCloseWhileOpening(t *testing.T) {
	c, _ := helperConfig(t, "silent")
	s := newStage(t, c)
	opened := make(chan error)
	go func() { opened <- s.Open((&reads{}).read) }()
	waitFor(t, func() bool {
		st := s.(*Stage)
		st.mu.Lock()
		defer st.mu.Unlock()
		return st.slots[0].proc != nil
	})
	s.Close()
	if err := <-opened; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Open: %v", err)
	}
	if err := s.Open(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Open once more: %v", err)
	}
}
