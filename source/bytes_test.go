package source

import (
	"bytes"
	"testing"
)

// Every byte at every place, against the plain definition.
func TestPrintable(t *testing.T) {
	for _, lowest := range []byte{' ', '!'} {
		for size := range 20 {
			b := bytes.Repeat([]byte("~"), size)
			if !printable(b, lowest) {
				t.Errorf("%q from %q: false", b, lowest)
			}
			for i := range size {
				for c := range 256 {
					b[i] = byte(c)
					if got, want := printable(b, lowest), c >= int(lowest) && c <= '~'; got != want {
						t.Errorf("%q from %q: got %v", b, lowest, got)
					}
				}
				b[i] = lowest
			}
		}
	}
}
