package job

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/discoverytest"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/target/http"
)

// has says who the members of a service are: host:port each, or the URLs of targets.
func has(s *discoverytest.Service, members ...string) {
	set := make([]discovery.Member, len(members))
	for i, text := range members {
		e, err := discovery.ParseEndpoint(strings.TrimPrefix(text, "http://"), 80)
		if err != nil {
			panic(err)
		}
		set[i] = discovery.Member{Host: e.Host, Port: e.Port}
	}
	s.Set(set...)
}

// prepared is a job that is closed when the test ends. Names are looked up in hosts.
func prepared(t *testing.T, text string, hosts func(host string) (string, error)) *Job {
	t.Helper()
	j, err := Prepare(parse(t, text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	j.follower.lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		ip, err := hosts(host)
		if err != nil {
			return nil, err
		}
		return []netip.Addr{netip.MustParseAddr(ip)}, nil
	}
	return j
}

func noNames(host string) (string, error) { return "", errors.New("no such host " + host) }

func urlsOf(list []load.Target) (urls []string) {
	for _, t := range list {
		urls = append(urls, t.URL)
	}
	return urls
}

func TestDiscoverWaitsForMembersOfEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := discoverytest.NewService(), discoverytest.NewService()
		j := prepared(t, fmt.Sprintf("targets: [http+%s, http://10.0.0.9/x, http+%s#/api]", a.Address(), b.Address()), noNames)
		defer j.Close()
		if got := j.String(); !strings.Contains(got, "http+"+a.Address()+" (looked up when the run begins), http://10.0.0.9/x, ") {
			t.Error(got)
		}
		go func() {
			time.Sleep(500 * time.Millisecond)
			has(a, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.9:80")
			has(b)
			time.Sleep(10 * time.Second)
			has(b, "10.0.0.3:1", "10.0.0.1:1")
		}()
		began := time.Now()
		var told []string
		if err := j.Discover(t.Context(), func(line string) { told = append(told, line) }); err != nil || time.Since(began) != 10500*time.Millisecond {
			t.Errorf("%v, after %v", err, time.Since(began))
		}
		if want := []string{"waiting up to 30s for members of http+" + b.Address() + "#/api"}; !slices.Equal(told, want) {
			t.Errorf("told %q; expected %q", told, want)
		}
		want := []string{
			"http://10.0.0.1:1", "http://10.0.0.2:1", "http://10.0.0.9:80", "http://10.0.0.9/x", "http://10.0.0.1:1/api", "http://10.0.0.3:1/api",
		}
		if got := urlsOf(j.Targets()); !slices.Equal(got, want) {
			t.Errorf("targets %q; expected %q", got, want)
		}
		has(a, "10.0.0.2:1")
		synctest.Wait()
		if got := urlsOf(j.Targets()); !slices.Equal(got, []string{want[1], want[3], want[4], want[5]}) {
			t.Errorf("after a change: targets %q", got)
		}
		if err := j.Discover(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestDiscoverSaysWhyThereAreNone(t *testing.T) {
	for name, tt := range map[string]struct {
		does func(p *discoverytest.Service)
		want string
	}{
		"silent":     {func(*discoverytest.Service) {}, "no members after 5s (discovery_wait): it has not answered"},
		"away":       {func(p *discoverytest.Service) { p.Say("not reached yet (refused)") }, "no members after 5s (discovery_wait): not reached yet (refused)"},
		"empty":      {func(p *discoverytest.Service) { has(p) }, "no members after 5s (discovery_wait): it has none"},
		"unknown":    {func(p *discoverytest.Service) { has(p, "elsewhere:80") }, "none of its 1 can be loaded: member elsewhere: no such host elsewhere"},
		"not agreed": {func(p *discoverytest.Service) { has(p, "192.0.2.1:80") }, "none of its 1 can be loaded: member http://192.0.2.1:80: it is not a loopback or private address"},
		"refused":    {func(p *discoverytest.Service) { p.Fail(errors.New("not for you")) }, "not for you"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := discoverytest.NewService()
				tt.does(p)
				j := prepared(t, "target: http+"+p.Address()+"\ndiscovery_wait: 5s", noNames)
				defer j.Close()
				j.Restrict(nil)
				if err := j.Discover(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "job: target http+"+p.Address()+": ") || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v; expected %q", err, tt.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := discoverytest.NewService()
		j := prepared(t, "target: http+"+p.Address(), noNames)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, err := j.Run(ctx, t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted: %v", err)
		}
	})
}

// TestNamesAreLookedUpAgain: a member whose name does not resolve is used once it does, and others meanwhile.
func TestNamesAreLookedUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := discoverytest.NewService()
		has(p, "good:80", "bad:80", "10.0.0.1:80")
		var asked []time.Duration
		began := time.Now()
		j := prepared(t, "target: http+"+p.Address(), func(host string) (string, error) {
			if host == "good" {
				return "10.0.0.2", nil
			}
			asked = append(asked, time.Since(began))
			if len(asked) < 4 {
				return noNames(host)
			}
			return "10.0.0.3", nil
		})
		defer j.Close()
		if err := j.Discover(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if got := urlsOf(j.Targets()); !slices.Equal(got, []string{"http://10.0.0.1:80", "http://good:80"}) {
			t.Errorf("%q", got)
		}
		time.Sleep(2500 * time.Millisecond)
		has(p, "good:80", "bad:80") // asks nobody
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := urlsOf(j.Targets()); !slices.Equal(got, []string{"http://bad:80", "http://good:80"}) {
			t.Errorf("%q", got)
		}
		if want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}; !slices.Equal(asked, want) {
			t.Errorf("asked after %v; expected %v", asked, want)
		}
	})
}

func TestMembersBeyondPrivateAddressesWantAgreement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := discoverytest.NewService()
		has(p, "192.0.2.1:80", "192.0.2.2:80", "10.0.0.1:80", "inside:80", "outside:80")
		hosts := func(host string) (string, error) {
			return map[string]string{"inside": "10.1.0.1", "outside": "198.51.100.1"}[host], nil
		}
		j := prepared(t, "target: http+"+p.Address(), hosts)
		defer j.Close()
		if err := j.Discover(t.Context(), nil); err != nil || len(j.Targets()) != 5 {
			t.Fatal(err, urlsOf(j.Targets()))
		}
		j.Restrict([]string{"http://192.0.2.2:80"})
		if got := urlsOf(j.Targets()); !slices.Equal(got, []string{"http://10.0.0.1:80", "http://192.0.2.2:80", "http://inside:80"}) {
			t.Errorf("%q", got)
		}
		has(p, "192.0.2.1:80", "192.0.2.3:80", "127.0.0.1:80")
		synctest.Wait()
		if got := urlsOf(j.Targets()); !slices.Equal(got, []string{"http://127.0.0.1:80"}) {
			t.Errorf("%q", got)
		}
		var log []string
		if err := j.follower.attach(func([]load.Target) error { return nil }, func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }); err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{"http://192.0.2.1:80", "http://192.0.2.3:80", "http://outside:80"} {
			if n := strings.Count(strings.Join(log, "\n"), "target "+url+": left out, as it is not a loopback or private address"); n != 1 {
				t.Errorf("%s is left out %d times in the log: %q", url, n, log)
			}
		}
		if events := j.events(time.Now(), time.Now()); len(events) != 3 || !strings.Contains(events[2].Text, "192.0.2.3:80 was left out") {
			t.Errorf("%v", events)
		}
	})
}

// TestChurnTakesNoMemory: of members that come and go for ever, a bounded number is remembered.
func TestChurnTakesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := discoverytest.NewService()
		has(p, "10.0.0.1:80")
		j := prepared(t, "target: http+"+p.Address(), noNames)
		defer j.Close()
		if err := j.Discover(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		if err := j.follower.attach(func([]load.Target) error { return nil }, func(string, ...any) {}); err != nil {
			t.Fatal(err)
		}
		const times = 5000
		for i := range times {
			has(p, fmt.Sprintf("10.1.%d.%d:80", i/250, i%250))
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		f := j.follower
		if len(f.verdicts) != 1 || len(f.events) != eventsMost || len(f.seen) != seenMost || len(f.isSeen) != seenMost || f.more != 2*times-eventsMost {
			t.Errorf("%d verdicts, %d events and %d more, %d members", len(f.verdicts), len(f.events), f.more, len(f.seen))
		}
		events := j.events(started, time.Now())
		last := fmt.Sprint(events[eventsMost:])
		if len(events) != eventsMost+2 || !strings.Contains(last, "9000 more changes of targets are in iago.log only") || !strings.Contains(last, "more members were loaded than the 1000") {
			t.Errorf("%s", last)
		}
	})
}

// TestMembersComeAndGoDuringARun: new ones are used, gone ones drained, and nothing fails, also while there is none.
func TestMembersComeAndGoDuringARun(t *testing.T) {
	var urls []string
	var seen []func() http.Stats
	for range 3 {
		url, stats := start(t, http.Options{})
		urls, seen = append(urls, url), append(seen, stats)
	}
	p := discoverytest.NewService()
	has(p, urls[0])
	dir := filepath.Join(t.TempDir(), "run")
	j, err := Prepare(parse(t, "target: http+"+p.Address()+"#/api\nrate: 400/s\nduration: 10m\n"), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan *Outcome, 1)
	go func() {
		out, err := j.Run(ctx, context.Background())
		if err != nil {
			t.Error(err)
		}
		done <- out
	}()
	more := func(i int) { // so many requests have gone there since
		t.Helper()
		before := seen[i]().Requests
		for end := time.Now().Add(30 * time.Second); seen[i]().Requests < before+50; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("target %d does not get requests", i)
			}
		}
	}
	more(0)
	has(p, urls[0], urls[1])
	more(1)
	has(p, urls[1])
	more(1)
	drained := seen[0]().Requests
	more(1)
	has(p)
	for len(j.Targets()) > 0 {
		time.Sleep(time.Millisecond)
	}
	has(p, urls[2], urls[1])
	more(2)
	cancel()
	out := <-done
	if out == nil {
		t.FailNow()
	}
	s := out.Summary
	if n := seen[0]().Requests; n > drained+5 { // those that were under way when it went
		t.Errorf("the first got %d more requests after it had gone", n-drained)
	}
	if q := s.Requests; q.Failed != 0 || q.Completed != q.Sent || q.Completed != seen[0]().Requests+seen[1]().Requests+seen[2]().Requests {
		t.Errorf("%+v, %v", q, s.Errors)
	}
	if want := append([]string{"http+" + p.Address() + "#/api"}, urls[0]+"/api", urls[1]+"/api", urls[2]+"/api"); !slices.Equal(s.Run.Targets, want) {
		t.Errorf("targets %q; expected %q", s.Run.Targets, want)
	}
	tells(t, s.Events, urls[1]+"/api came", urls[0]+"/api went", urls[1]+"/api went", "no target was left", urls[2]+"/api came", urls[1]+"/api came")
	log, err := os.ReadFile(filepath.Join(dir, "iago.log"))
	if err != nil || !strings.Contains(string(log), urls[0]+"/api: went; 1 in use") || !strings.Contains(string(log), "no target is left") {
		t.Errorf("%v, log:\n%s", err, log)
	}
}

// tells fails the test unless the events are these, some of them perhaps at one moment.
func tells(t *testing.T, events []report.Event, texts ...string) {
	t.Helper()
	last := int64(0)
	for _, e := range events {
		i := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(e.Text, text) })
		if i < 0 || e.AtNS < last {
			t.Errorf("unexpected: %+v", e)
			continue
		}
		texts, last = slices.Delete(texts, i, i+1), e.AtNS
	}
	if len(texts) > 0 {
		t.Errorf("not told: %q, of %v", texts, events)
	}
}
