package source_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/source"
)

// numbered is n lines of the uri format.
func numbered(from, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "/item/%d\n", from+i)
	}
	return b.String()
}

func TestCompression(t *testing.T) {
	whole := numbered(0, 3000)
	want := strings.Fields(whole)
	first, second := whole[:len(whole)/3], whole[len(whole)/3:]
	skippable := "\x5a\x2a\x4d\x18\x03\x00\x00\x00abc"
	for name, content := range map[string][]byte{
		"plain":                []byte(whole),
		"gzip":                 gzipped(t, whole),
		"gzip of two members":  gzipped(t, first, second),
		"gzip, an empty one":   gzipped(t, first, "", second),
		"zstd":                 zstded(t, whole),
		"zstd of two frames":   zstded(t, first, second),
		"zstd, skippable":      append([]byte(skippable), zstded(t, whole)...),
		"gzip with mark, CRLF": gzipped(t, "\xef\xbb\xbf"+strings.ReplaceAll(whole, "\n", "\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			if got := uris(t, mustOpen(t, source.Options{Path: write(t, content)})); !slices.Equal(got, want) {
				t.Errorf("file: got %d records, want %d", len(got), len(want))
			}
			stdin := iotest.OneByteReader(bytes.NewReader(content))
			if got := uris(t, mustOpen(t, source.Options{Path: "-", Stdin: stdin, Loop: true})); !slices.Equal(got, want) {
				t.Errorf("stdin: got %d records, want %d", len(got), len(want))
			}
		})
	}
}

// failing reads a source until it fails, and returns how.
func failing(o source.Options) (records int, err error) {
	s, err := source.Open(o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var r load.Record
	for {
		if err := s.Read(&r); err != nil {
			return records, err
		}
		records++
	}
}

// Wherever compressed data is cut off, or its end is something else: an error that says where, never a quiet end.
func TestCutOff(t *testing.T) {
	text := numbered(0, 40)
	for name, content := range map[string][]byte{"gzip": gzipped(t, text), "zstd": zstded(t, text)} {
		for n := 4; n < len(content); n++ {
			records, err := failing(source.Options{Path: "-", Stdin: bytes.NewReader(content[:n]), Format: "uri"})
			if err == nil || errors.Is(err, io.EOF) {
				t.Fatalf("%s cut to %d of %d bytes: %d records, then %v", name, n, len(content), records, err)
			}
			if !strings.HasPrefix(err.Error(), "source: stdin: ") || !strings.Contains(err.Error(), name+" data") || !strings.Contains(err.Error(), "compressed byte") {
				t.Fatalf("%s cut to %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestCorrupt(t *testing.T) {
	text := numbered(0, 20000)
	for name, content := range map[string][]byte{"gzip": gzipped(t, text), "zstd": zstded(t, text)} {
		path := write(t, slices.Concat(content[:len(content)/2], []byte("garbage"), content[len(content)/2+7:]))
		records, err := failing(source.Options{Path: path, Loop: true})
		if err == nil || !strings.HasPrefix(err.Error(), "source: "+path+": the "+name+" data is corrupt at or shortly before compressed byte ") || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %d records, then %v", name, records, err)
		}
		trailing := append(bytes.Clone(content), "trailing garbage"...)
		if records, err := failing(source.Options{Path: write(t, trailing)}); records != 20000 || errors.Is(err, io.EOF) {
			t.Errorf("%s with garbage behind: %d records, then %v", name, records, err)
		}
	}
}

func TestForeignCompression(t *testing.T) {
	for name, head := range map[string]string{
		"bzip2": "BZh91AY", "xz": "\xfd7zXZ\x00", "lz4": "\x04\x22\x4d\x18d", "lzo": "\x89LZO\x00\r\n", "zip": "PK\x03\x04\x14",
	} {
		path := write(t, []byte(head+"…"))
		_, err := source.Open(source.Options{Path: path})
		if err == nil || !strings.HasPrefix(err.Error(), "source: "+path+": is "+name+" data, expected text, gzip or zstd") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A zstd window beyond the bound is refused before any memory is taken.
func TestZstdWindow(t *testing.T) {
	frame := "\x28\xb5\x2f\xfd\x00\xb0\x01\x00\x00" // window descriptor 0xb0: exponent 22, 2^32 bytes; then an empty last block
	if _, err := source.Open(source.Options{Path: write(t, []byte(frame))}); err == nil || !strings.Contains(err.Error(), "window") {
		t.Errorf("got %v, want an error about the window", err)
	}
}

// FuzzOpen opens arbitrary bytes: no panic, and records that are sound.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("/a\n/b\n"))
	f.Add(gzipped(f, "/a\n"))
	f.Add(zstded(f, "/a\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := source.Open(source.Options{Path: "-", Stdin: bytes.NewReader(content), MaxLine: 1000})
		if err != nil {
			return
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		var r load.Record
		for range 1000 {
			if err := s.Read(&r); err != nil {
				return
			}
			if len(r.URI) == 0 || r.Line == 0 || len(r.Raw) == 0 || len(r.Raw) > 1000 {
				t.Fatalf("record %+v", r)
			}
		}
	})
}
