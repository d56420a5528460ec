package discovery

import (
	"reflect"
	"testing"
)

func TestTracker(t *testing.T) {
	var told [][]Member
	tr := Track(func(set []Member) { told = append(told, set) })
	a, b, b2 := Member{Host: "a", Port: 2}, Member{Host: "b", Port: 1, Name: "member_1"}, Member{Host: "b", Port: 1, Name: "member_2"}
	if tr.Known() || !tr.Set(nil) || !tr.Known() || tr.Set(nil) {
		t.Error("the first set is told if it is empty, and once")
	}
	tr.Set([]Member{b2, b, a})
	tr.Set([]Member{a, b, b2})
	tr.Set([]Member{a, b2})
	if want := [][]Member{{}, {a, b2}}; len(told) != 2 || len(told[0]) != 0 || !reflect.DeepEqual(told[1], want[1]) {
		t.Errorf("told %v; expected %v", told, want)
	}
	if tr.String() != "set of 2 members" {
		t.Error(tr)
	}
	told[1][0].Host = "altered"
	for i, change := range []Member{{Host: "a", Port: 3}, {Host: "a", Port: 3, Shard: 1}, {Host: "a", Port: 3, Extra: map[string]Endpoint{"x": {"a", 1}}}} {
		if tr.Set([]Member{change}); len(told) != 3+i {
			t.Errorf("change %d is not told", i)
		}
	}
	if tr.String() != "set of 1 member" {
		t.Error(tr)
	}
}
