package thrift

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
)

// longest bounds a message, in bytes.
const longest = 16 << 20

// wire is how messages are cut out of bytes and read.
type wire struct {
	transport, protocol string
	factory             thrift.TProtocolFactory
}

func newWire(o *Options) (*wire, error) {
	if o.Transport == "" {
		o.Transport = "framed"
	}
	if o.Protocol == "" {
		o.Protocol = "binary"
	}
	var errs []error
	if !slices.Contains(Transports, o.Transport) {
		errs = append(errs, fmt.Errorf("transport: %q is none of %s", o.Transport, strings.Join(Transports, ", ")))
	}
	if !slices.Contains(Protocols, o.Protocol) {
		errs = append(errs, fmt.Errorf("protocol: %q is none of %s", o.Protocol, strings.Join(Protocols, ", ")))
	}
	if o.Finagle && (o.Transport != "framed" || o.Protocol != "binary") {
		errs = append(errs, errors.New("finagle's upgrade goes with the framed transport and the binary protocol only"))
	}
	conf := &thrift.TConfiguration{MaxMessageSize: longest, MaxFrameSize: longest}
	if o.Transport == "header" {
		o.Protocol = "binary" // or what the client says
	}
	w := &wire{transport: o.Transport, protocol: o.Protocol}
	switch {
	case o.Transport == "header":
		w.factory = thrift.NewTHeaderProtocolFactoryConf(conf)
	case o.Protocol == "compact":
		w.factory = thrift.NewTCompactProtocolFactoryConf(conf)
	case o.Protocol == "json":
		w.factory = thrift.NewTJSONProtocolFactory()
	default:
		w.factory = thrift.NewTBinaryProtocolFactoryConf(conf)
	}
	return w, errors.Join(errs...)
}

// cut returns the bytes at the beginning of src that hold one message, and where it begins in them. Without frames, the end of a
// message is known only when it has been read: then all bytes are returned, and open is true.
func (w *wire) cut(src []byte) (n, begin int, open bool, err error) {
	switch {
	case w.transport == "buffered" && w.protocol == "json":
		return jsonEnd(src), 0, false, nil
	case w.transport == "buffered":
		return len(src), 0, true, nil
	case len(src) < 4:
		return 0, 0, false, nil
	}
	size := int(src[0])<<24 | int(src[1])<<16 | int(src[2])<<8 | int(src[3])
	if size > longest || size == 0 {
		return 0, 0, false, malformed("size of a frame")
	}
	if len(src) < 4+size {
		return 0, 0, false, nil
	}
	if w.transport == "header" { // the library reads the size itself
		return 4 + size, 0, false, nil
	}
	return 4 + size, 4, false, nil
}

// jsonEnd returns the length of the JSON array at the beginning of src, 0 if it has not ended.
func jsonEnd(src []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(src); i++ {
		switch b := src[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[' || b == '{':
			depth++
		case b == ']' || b == '}':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return 0
}
