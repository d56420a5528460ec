package batch

import (
	"testing"

	"github.com/iagoloadgen/iago/load"
)

// Whatever comes in: no panic, not more than its bytes can stand for, and what is read goes the same way again.
func FuzzRead(f *testing.F) {
	f.Add(message(0))
	f.Add(message(5, entries(3)...))
	f.Add(message(5, entries(30)...))
	f.Add(message(1<<40, load.Record{
		File: "x", Line: -3, Raw: []byte(`{"a":"bcd"}`), Object: []byte(`{"a":"bcd"}`), Body: []byte("bcd"), Time: entries(1)[0].Time.Local(),
		Fields: []load.Field{{Name: []byte("a"), Value: []byte("bcd")}},
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 16
		r, err := Open(b, most)
		if err != nil {
			return
		}
		list, err := readAll(r)
		if err != nil {
			if err := r.Read(new(load.Record)); err == nil {
				t.Fatal("goes on after a fault")
			}
		} else if len(list) != r.Len() {
			t.Fatalf("%d records of %d", len(list), r.Len())
		}
		size := 0
		for i := range list {
			size += len(list[i].Raw) + len(list[i].Method) + len(list[i].URI) + len(list[i].Body) + len(list[i].Object)
			for _, f := range append(list[i].Header, list[i].Fields...) {
				size += len(f.Value)
			}
		}
		if size > (1+maxCopies)*most {
			t.Fatalf("%d bytes of %d", size, len(b))
		}
		again, err := Open(message(r.First(), list...), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(again)
		if d := same(list, got); err != nil || d != "" || again.First() != r.First() {
			t.Fatalf("%v\n%s", err, d)
		}
	})
}
