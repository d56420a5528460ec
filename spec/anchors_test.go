package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnchorsAndMergeKeys(t *testing.T) {
	s, err := Parse("s.yaml", []byte(`
x-short: &short {idle: 1s, max_idle: 2s, keep: 3}
x-more: &more {<<: *short, keep: 4, per_target: 40}
x-life: &life {max_life: 9s, idle: 9s}
x-key: &key timeout
target: &url http://h
*key : 7s
request: {host: *url}
pool:
  <<: [*more, *life]
  max_idle: 5s
`), func(s *Spec) { s.Request.Host = "h" })
	if err != nil {
		t.Fatal(err)
	}
	want := Pool{Keep: 4, PerTarget: 40, Idle: second, MaxIdle: 5 * second, MaxLife: 9 * second, Reuse: true}
	if diff := cmp.Diff(want, s.Pool); diff != "" || s.Timeout != 7*second {
		t.Errorf("timeout %v, pool -want +got:\n%s", s.Timeout, diff)
	}
}

// Each line doubles the last: the file is small, what it says is not.
func TestAliasesUnfoldWithoutEnd(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("x-0: &a0 {keep: 1}\n")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&bomb, "x-%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	bomb.WriteString("target: http://h\npool: *a59\n")
	_, err := Parse("s.yaml", []byte(bomb.String()))
	want := "s.yaml:2:15: more than 100000 values, counting those behind aliases"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestMergesItself(t *testing.T) {
	for file, want := range map[string]string{
		"target: http://h\npool: &a {<<: *a, keep: 1}":     "s.yaml:2:15: pool.<<: merges a mapping into itself",
		"target: http://h\npool: {<<: &a [*a, {keep: 1}]}": "s.yaml:2:16: pool.<<: a list: expected an alias of a mapping, such as *common",
		"target: &t [*t]": "s.yaml:1:9: target: a list: expected text",
	} {
		_, err := Parse("s.yaml", []byte(file))
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
