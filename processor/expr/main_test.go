package expr

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// base is the configured processor, without a marker.
func base(t testing.TB, change ...func(*processor.Config)) processor.Processor {
	t.Helper()
	c := processor.Config{RecordHeaders: true}
	for _, f := range change {
		f(&c)
	}
	p, err := processor.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustNew(t testing.TB, c Config) processor.Processor {
	t.Helper()
	p, err := New(c, base(t), 1, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// made is what p makes of rec, or its error.
func made(p processor.Processor, rec *load.Record) string {
	var list []*load.Request
	if err := p.Process(rec, func() *load.Request {
		list = append(list, new(load.Request))
		return list[len(list)-1]
	}); err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, req := range list {
		out = append(out, shown(req))
	}
	return strings.Join(out, "\n")
}

func shown(r *load.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, r.URI)
	for _, f := range r.Header {
		fmt.Fprintf(&b, " [%s: %s]", f.Name, f.Value)
	}
	if len(r.Body) > 0 {
		fmt.Fprintf(&b, " body=%s", r.Body)
	}
	if len(r.Key) > 0 {
		fmt.Fprintf(&b, " key=%s", r.Key)
	}
	if len(r.Client) > 0 {
		fmt.Fprintf(&b, " client=%s", r.Client)
	}
	if r.Label != "" {
		fmt.Fprintf(&b, " label=%s", r.Label)
	}
	if r.Weight != 0 {
		fmt.Fprintf(&b, " weight=%d", r.Weight)
	}
	if s, ok := r.State.(*state); ok {
		fmt.Fprintf(&b, " kept=%v", s.kept)
	}
	return b.String()
}

func pair(name, value string) load.Field {
	return load.Field{Name: []byte(name), Value: []byte(value)}
}
