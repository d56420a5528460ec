package process

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/cluster/launch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBirth(t *testing.T) {
	mine := birth(os.Getpid())
	if mine == "" || mine != birth(os.Getpid()) {
		t.Errorf("born %q, then %q", mine, birth(os.Getpid()))
	}
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if b := birth(c.Process.Pid); b == "" || b < mine && len(b) == len(mine) {
		t.Errorf("a child is born at %q, this process at %q", b, mine)
	}
	c.Process.Kill()
	c.Wait()
	if b := birth(c.Process.Pid); b != "" {
		t.Errorf("a process that has ended is born at %q", b)
	}
}

func TestTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		over := make(chan bool)
		r, err := newTail(t.Context(), path, func() bool {
			select {
			case <-over:
				return true
			default:
				return false
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for _, s := range []string{"one\n", "two\n", "three\n"} {
				time.Sleep(time.Second)
				io.WriteString(out, s)
			}
			close(over)
		}()
		b, err := io.ReadAll(r)
		if err != nil || string(b) != "one\ntwo\nthree\n" {
			t.Errorf("%q, %v", b, err)
		}
		r.Close()
	})
}

func TestTailEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		never := func() bool { return false }
		ctx, cancel := context.WithCancel(t.Context())
		one, err1 := newTail(ctx, path, never)
		two, err2 := newTail(t.Context(), path, never)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() { cancel(); two.Close() })
		if _, err := one.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("not wanted any more: %v", err)
		}
		if _, err := two.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		one.Close()
	})
}

// TestCreate: a name is one job's until its processes have ended.
func TestCreate(t *testing.T) {
	root := t.TempDir()
	f, err := Create(root, "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(root, "a", "test"); !errors.Is(err, launch.ErrExists) {
		t.Errorf("while it is being started: %v", err)
	}
	plan := Plan{Entry: Entry{Name: "feeder-0", Role: launch.Feeder}, Argv: []string{"sleep", "1000"}}
	j, err := Start(t.Context(), f, "a", []Plan{plan})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(root, "a", "test"); !errors.Is(err, launch.ErrExists) {
		t.Errorf("while it runs: %v", err)
	}
	entries, err := j.entries()
	if err != nil {
		t.Fatal(err)
	}
	signalGroup(entries[0].PID, true)
	if status, err := j.Wait(t.Context()); status != 137 || err != nil {
		t.Errorf("exit status %d, %v", status, err)
	}
	again, err := Create(root, "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(root, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := again.Remove(); err != nil {
		t.Error(err)
	}
}

// TestKilledWhileStarting: whoever starts a job that is killed meanwhile ends what it has started.
func TestKilledWhileStarting(t *testing.T) {
	root := t.TempDir()
	f, err := Create(root, "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	kill := func() (io.ReadCloser, error) {
		j, err := Attach(root, "a")
		if err == nil {
			err = j.Kill(t.Context(), time.Second)
		}
		return io.NopCloser(strings.NewReader("")), err
	}
	_, err = Start(t.Context(), f, "a", []Plan{
		{Entry: Entry{Name: "feeder-0"}, Argv: []string{"sleep", "1000"}},
		{Entry: Entry{Name: "worker-0"}, Argv: []string{"sleep", "1000"}, Stdin: kill},
	})
	if err == nil || !strings.Contains(err.Error(), "worker-0") && !strings.Contains(err.Error(), "killed while") {
		t.Errorf("expected an error about its being killed, got %v", err)
	}
	if _, err := Attach(root, "a"); !errors.Is(err, launch.ErrNoJob) {
		t.Errorf("left behind: %v", err)
	}
}

func TestElsewhere(t *testing.T) {
	root := t.TempDir()
	f, err := Create(root, "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.load("a")
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "another"
	if err := f.save(r); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(root, "a"); err == nil || !strings.Contains(err.Error(), "started on another") {
		t.Errorf("a job of another machine: %v", err)
	}
	if err := f.Write(recordFile, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(root, "a"); err == nil {
		t.Error("half a record is taken for one")
	}
}
