package test

import (
	"testing"
	"time"
)

// Same seed, same schedule, whatever the number of shards: the same requests are scheduled and the target sees as many.
func TestSameSeed(t *testing.T) {
	long(t)
	g := startTarget(t)
	args := []string{g.url, "-r", "10000", "-d", "1s", "--seed", "7", "--connections", "16"}
	var scheduled, seen int64
	for _, more := range [][]string{nil, nil, {"--shards", "2"}, {"--poller=portable", "--wait", "sleep"}} {
		o := iago(t, 5*time.Second, append(args, more...)...)
		o.kept(t)
		if scheduled == 0 {
			scheduled = o.Requests.Scheduled
		}
		if o.Requests.Scheduled != scheduled {
			t.Errorf("%v: %d requests were scheduled; without, %d", more, o.Requests.Scheduled, scheduled)
		}
		if o.Run.Seed != 7 {
			t.Errorf("seed is %d", o.Run.Seed)
		}
		seen += o.Requests.Sent
		if got := g.now(t).Requests; got != seen {
			t.Errorf("%v: the target saw %d requests so far; %d were sent", more, got, seen)
		}
	}
	// A Poisson count of 10,000 is within 10,000 ± 500 but for one seed in two million.
	if scheduled < 9500 || scheduled > 10500 {
		t.Errorf("%d requests in 1 s at 10,000/s", scheduled)
	}
	if o := iago(t, 5*time.Second, g.url, "-r", "10000", "-d", "1s", "--seed", "8", "-c", "16"); o.Requests.Scheduled == scheduled {
		t.Errorf("another seed gives the same schedule of %d requests", scheduled)
	}
}

// A uniform law at 1000/s for 2 s is 2000 requests, and -n ends it sooner.
func TestUniformIsExact(t *testing.T) {
	long(t)
	g := startTarget(t)
	for _, c := range []struct {
		args []string
		want int64
	}{
		{[]string{"-d", "2s"}, 2000},
		{[]string{"-d", "2s", "-n", "500"}, 500},
		{[]string{"-n", "750"}, 750},
		{[]string{"-d", "1s", "--shards", "2"}, 1000},
		{[]string{"-d", "1s", "--warmup", "400ms"}, 1000},
	} {
		o := iago(t, 5*time.Second, append([]string{g.url, "-r", "1000", "--arrival", "uniform"}, c.args...)...)
		o.kept(t)
		if o.Requests.Scheduled != c.want || o.Requests.Completed != c.want {
			t.Errorf("%v: %d scheduled, %d completed; expected %d", c.args, o.Requests.Scheduled, o.Requests.Completed, c.want)
		}
	}
}
