package job

import (
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/report"
)

// What is kept of changes, so that members that come and go for days take no more memory than those of an hour. The log has them all.
const (
	eventsMost = 1000
	seenMost   = 1000
)

// record is what is told in the results about members that came and went. The follower's mu is held by whoever uses it.
type record struct {
	events []event
	more   int       // events that were not kept
	last   time.Time // of them
	seen   []string
	isSeen map[string]bool
	unseen bool            // there were more than are listed
	out    map[string]bool // members that are there and left out
}

type event struct {
	at   time.Time
	text string
}

// note notes which targets have come and gone.
func (r *record) note(old, now []load.Target, at time.Time) {
	count := map[string]int{}
	for i := range old {
		count[old[i].URL]++
	}
	for i := range now {
		if count[now[i].URL]--; count[now[i].URL] < 0 {
			r.add(at, "target "+now[i].URL+" came")
		}
	}
	for i := range old {
		if url := old[i].URL; count[url] > 0 {
			count[url]--
			r.add(at, "target "+url+" went")
		}
	}
	if len(now) == 0 && len(old) > 0 {
		r.add(at, "no target was left: requests waited for one")
	}
}

func (r *record) add(at time.Time, text string) {
	if len(r.events) < eventsMost {
		r.events = append(r.events, event{at, text})
		return
	}
	r.more++
	r.last = at
}

// list takes in members that are loaded.
func (r *record) list(urls []string) {
	if r.isSeen == nil {
		r.isSeen = map[string]bool{}
	}
	for _, url := range urls {
		switch {
		case r.isSeen[url]:
		case len(r.seen) < seenMost:
			r.seen = append(r.seen, url)
			r.isSeen[url] = true
		default:
			r.unseen = true
		}
	}
}

// exclude takes in the members that are left out, and returns those that were not before.
func (r *record) exclude(urls []string, at time.Time) (fresh []string) {
	out := map[string]bool{}
	for _, url := range urls {
		if out[url] = true; !r.out[url] {
			fresh = append(fresh, url)
			r.add(at, "target "+url+" was left out: it is not a loopback or private address, and was not agreed to")
		}
	}
	r.out = out
	return fresh
}

// history is what happened up to the end.
func (f *follower) history(started, ended time.Time) (list []report.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if !e.at.After(ended) {
			list = append(list, report.Event{AtNS: int64(e.at.Sub(started)), Text: e.text})
		}
	}
	if f.more > 0 {
		list = append(list, report.Event{AtNS: int64(f.last.Sub(started)), Text: fmt.Sprintf("%d more changes of targets are in iago.log only", f.more)})
	}
	if f.unseen {
		list = append(list, report.Event{AtNS: int64(ended.Sub(started)), Text: fmt.Sprintf("more members were loaded than the %d that run.targets lists", seenMost)})
	}
	return list
}
