package thrift

import (
	"context"
	"io"
)

// memory is a thrift.TTransport that reads from one slice of bytes and writes to another.
type memory struct {
	in    []byte
	short bool // more was asked for than there was
	out   []byte
}

// Read implements io.Reader.
func (m *memory) Read(b []byte) (int, error) {
	if len(m.in) == 0 {
		m.short = true
		return 0, io.EOF
	}
	n := copy(b, m.in)
	m.in = m.in[n:]
	return n, nil
}

// Write implements io.Writer.
func (m *memory) Write(b []byte) (int, error) {
	m.out = append(m.out, b...)
	return len(b), nil
}

// Close implements thrift.TTransport.
func (m *memory) Close() error { return nil }

// Flush implements thrift.TTransport.
func (m *memory) Flush(context.Context) error { return nil }

// RemainingBytes implements thrift.TTransport: more may come than is there.
func (m *memory) RemainingBytes() uint64 { return longest }

// Open implements thrift.TTransport.
func (m *memory) Open() error { return nil }

// IsOpen implements thrift.TTransport.
func (m *memory) IsOpen() bool { return true }
