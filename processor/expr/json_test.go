package expr

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

// What is read is what encoding/json reads, but for the types of numbers.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e3,true,false,null,{}],"b\n":"\u00e9\"","a":2}`, ` [ ] `, `12345678901234567890`, `1e400`, `"x`, `{"a"}`, `-0`, `[1,2`, `{"":"\\"}`, `0`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		was := bytes.Clone(b)
		got, err := decodeJSON(b)
		if (err == nil) != json.Valid(b) || !bytes.Equal(b, was) {
			t.Fatalf("%q: %v", was, err)
		}
		if err != nil || !utf8.Valid(b) {
			return
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !alike(got, want) {
			t.Fatalf("%s: got %#v, want %#v", b, got, want)
		}
	})
}

func alike(got, want any) bool {
	switch w := want.(type) {
	case json.Number:
		switch g := got.(type) {
		case int:
			n, err := w.Int64()
			return err == nil && n == int64(g)
		case float64:
			x, err := w.Float64()
			_, whole := w.Int64()
			return err == nil && x == g && whole != nil
		}
		_, err := w.Float64()
		return got == w.String() && err != nil
	case []any:
		g, ok := got.([]any)
		for i := range w {
			ok = ok && i < len(g) && alike(g[i], w[i])
		}
		return ok && len(g) == len(w)
	case map[string]any:
		g, ok := got.(map[string]any)
		for k := range w {
			ok = ok && alike(g[k], w[k])
		}
		return ok && len(g) == len(w)
	}
	return reflect.DeepEqual(got, want)
}
