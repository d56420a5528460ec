package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	packedBuffer = 32 << 10
	magicLen     = 4
	// zstdWindow is the largest window that is accepted, what `zstd --long` and `--ultra -22` write at most: it bounds memory.
	zstdWindow = 128 << 20
)

// packing is a way to compress, told by the first bytes.
type packing struct {
	name  string
	magic string
	mask  byte   // of the first byte; 0: all of it counts
	hint  string // the program that unpacks what is not read here
}

// packings are those of RFC 1952 (gzip) and RFC 8878 (zstd; its second form is a skippable frame, 50 to 5F), and those that are
// better refused by name than taken for bad lines.
var packings = []packing{
	{name: "gzip", magic: "\x1f\x8b"},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd"},
	{name: "zstd", magic: "\x50\x2a\x4d\x18", mask: 0xf0},
	{name: "bzip2", magic: "BZh", hint: "bzip2 -dc"},
	{name: "xz", magic: "\xfd7zX", hint: "xz -dc"},
	{name: "lz4", magic: "\x04\x22\x4d\x18", hint: "lz4 -dc"},
	{name: "lzo", magic: "\x89LZO", hint: "lzop -dc"},
	{name: "zip", magic: "PK\x03\x04", hint: "unzip -p"},
}

func (p *packing) fits(head []byte) bool {
	if len(head) < len(p.magic) {
		return false
	}
	if p.mask == 0 {
		return string(head[:len(p.magic)]) == p.magic
	}
	return head[0]&p.mask == p.magic[0] && string(head[1:len(p.magic)]) == p.magic[1:]
}

// unpacker yields an input's bytes uncompressed. Its memory does not depend on how many they are.
type unpacker struct {
	in  *input
	raw *bufio.Reader
	how string    // "gzip", "zstd", or "" for plain
	out io.Reader // what how makes of raw
	gz  *gzip.Reader
	zs  *zstd.Decoder
	err error // final for this pass
}

func newUnpacker(in *input) *unpacker {
	return &unpacker{in: in, raw: bufio.NewReaderSize(in, packedBuffer)}
}

// start begins a pass at the input's beginning and recognizes the compression.
func (u *unpacker) start() error {
	u.raw.Reset(u.in)
	u.how, u.out, u.err = "", u.raw, nil
	head, err := u.raw.Peek(magicLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return u.explain(err)
	}
	for _, p := range packings {
		if !p.fits(head) {
			continue
		}
		if p.hint != "" {
			return fmt.Errorf("source: %s: is %s data, expected text, gzip or zstd; unpack it into a pipe and read - (%s FILE | …)", u.in.name, p.name, p.hint)
		}
		u.how = p.name
		return u.explain(u.unpack())
	}
	return nil
}

// unpack lets u.out read through the decompressor.
func (u *unpacker) unpack() (err error) {
	switch {
	case u.how == "gzip" && u.gz == nil:
		u.gz, err = gzip.NewReader(u.raw)
	case u.how == "gzip":
		err = u.gz.Reset(u.raw)
	case u.zs == nil:
		u.zs, err = zstd.NewReader(u.raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	default:
		err = u.zs.Reset(u.raw)
	}
	if u.how == "gzip" {
		u.out = u.gz
	} else {
		u.out = u.zs
	}
	return err
}

// Read implements io.Reader; its errors are final and in the user's words.
func (u *unpacker) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.out.Read(p)
	u.err = u.explain(err)
	return n, u.err
}

// explain says where compressed data is cut off or corrupt. The decompressor may have read somewhat ahead of the fault.
func (u *unpacker) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case u.in.err != nil:
		return u.in.err
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	at := u.in.n - int64(u.raw.Buffered())
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("source: %s: the %s data is cut off at compressed byte %d", u.in.name, u.how, at)
	}
	return fmt.Errorf("source: %s: the %s data is corrupt at or shortly before compressed byte %d: %w", u.in.name, u.how, at, err)
}

// close frees the decompressor.
func (u *unpacker) close() {
	if u.zs != nil {
		u.zs.Close()
	}
}
