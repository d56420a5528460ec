package cluster

import (
	"slices"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// member is a worker as the coordinator sees it.
type member struct {
	id       string
	lease    Lease
	revision uint64    // of its lease
	seen     time.Time // when the last renewal was seen; monotonic
	tried    time.Time // when it was last tried in vain to end the lease
	share    Share     // as written last
	shareRev uint64    // 0: never written
	counted  bool      // has been told of in an event
}

// alive tells whether it can be given work.
func (m *member) alive() bool {
	return m.lease.State != Left && m.lease.State != Expired && !m.lease.NoExec && m.revision != 0
}

// members are all that have ever been there.
type members struct {
	by   map[string]*member
	list []*member // by name
}

func newMembers() *members { return &members{by: map[string]*member{}} }

// get returns the member of that name, which comes into being when it is first asked for.
func (ms *members) get(id string) *member {
	m := ms.by[id]
	if m == nil {
		m = &member{id: id}
		ms.by[id] = m
		at, _ := slices.BinarySearchFunc(ms.list, id, func(m *member, id string) int { return strings.Compare(m.id, id) })
		ms.list = slices.Insert(ms.list, at, m)
	}
	return m
}

// alive are the names of those who can be given work, in order.
func (ms *members) alive() (ids []string) {
	for _, m := range ms.list {
		if m.alive() {
			ids = append(ids, m.id)
		}
	}
	return ids
}

// able are those of them that are ready for it.
func (ms *members) able() []string { return ms.in(Ready, Sending) }

// in are those who are alive and in one of these states.
func (ms *members) in(states ...State) (ids []string) {
	for _, m := range ms.list {
		if m.alive() && slices.Contains(states, m.lease.State) {
			ids = append(ids, m.id)
		}
	}
	return ids
}

// failed says why all have left, if all have for a reason; else "".
func (ms *members) failed() string {
	why := ""
	for _, m := range ms.list {
		if m.revision == 0 {
			continue
		}
		if m.lease.State != Left || m.lease.Why == "" {
			return ""
		}
		why = "worker " + m.id + ": " + m.lease.Why
	}
	return why
}

// mistaken tells whether all have left because of a mistake in the spec or the records.
func (ms *members) mistaken() bool {
	for _, m := range ms.list {
		if m.lease.State != Left || !m.lease.Input {
			return false
		}
	}
	return len(ms.list) > 0
}

// gone tells whether there have been any, and all have left in order.
func (ms *members) gone() bool {
	any := false
	for _, m := range ms.list {
		if m.revision == 0 {
			continue
		}
		if m.lease.State != Left || m.lease.Why != "" {
			return false
		}
		any = true
	}
	return any
}

// sorted are all of them in order.
func (ms *members) sorted() (all []*member) {
	for _, m := range ms.list {
		if m.revision != 0 {
			all = append(all, m)
		}
	}
	return all
}

// noteLease takes in a lease as it stands on the bus now.
func (ms *members) noteLease(id string, e bus.Event, now time.Time) error {
	m := ms.get(id)
	if e.Deleted {
		m.lease.State = Left
		return nil
	}
	l, err := decode[Lease](e.Key, e.Value)
	if err != nil {
		return err
	}
	if e.Revision <= m.revision {
		return nil
	}
	m.lease, m.revision = l, e.Revision
	if l.State != Expired { // else it is a coordinator that has written it
		m.seen = now
	}
	return nil
}

// noteShare takes in a share as it stands on the bus.
func (ms *members) noteShare(id string, e bus.Event) error {
	m := ms.get(id)
	s, err := decode[Share](e.Key, e.Value)
	if err == nil && e.Revision > m.shareRev {
		m.share, m.shareRev = s, e.Revision
	}
	return err
}
