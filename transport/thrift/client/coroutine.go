package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/apache/thrift/lib/go/thrift"
)

// call is what a function wants sent.
type call struct {
	method  string
	message []byte
	oneway  bool
}

// coroutine is one run of a function. It implements [thrift.TClient]; the other end of its calls is Processor.run.
type coroutine struct {
	proto thrift.TProtocolFactory
	next  func() (call, bool)
	stop  func()
	yield func(call) bool

	answer  []byte // of the last call
	failure error  // instead of an answer
	stopped bool
	ended   bool
	err     error // what the function returned
}

// Call implements [thrift.TClient]: it returns when the run has brought the answer, at once for one-way methods, whose result
// is nil.
func (co *coroutine) Call(ctx context.Context, method string, args, result thrift.TStruct) (thrift.ResponseMeta, error) {
	if co.stopped {
		return thrift.ResponseMeta{}, ErrClosed
	}
	message, err := co.encode(ctx, method, args, result == nil)
	if err != nil {
		return thrift.ResponseMeta{}, err
	}
	co.failure = nil
	if !co.yield(call{method: method, message: message, oneway: result == nil}) {
		co.stopped = true
		return thrift.ResponseMeta{}, ErrClosed
	}
	if co.failure != nil || result == nil {
		return thrift.ResponseMeta{}, co.failure
	}
	return thrift.ResponseMeta{}, co.decode(ctx, method, result)
}

func (co *coroutine) encode(ctx context.Context, method string, args thrift.TStruct, oneway bool) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	p := co.proto.GetProtocol(buf)
	kind := thrift.CALL
	if oneway {
		kind = thrift.ONEWAY
	}
	const anySequence = 0 // the codec gives it another
	err := p.WriteMessageBegin(ctx, method, kind, anySequence)
	if err == nil {
		err = args.Write(ctx, p)
	}
	if err == nil {
		err = p.WriteMessageEnd(ctx)
	}
	if err == nil {
		err = p.Flush(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("transport/thrift/client: %s: %w", method, err)
	}
	return buf.Bytes(), nil
}

// decode reads the answer, whose sequence id and method the codec has compared with the call's.
func (co *coroutine) decode(ctx context.Context, method string, result thrift.TStruct) error {
	p := co.proto.GetProtocol(&thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(co.answer)})
	_, kind, _, err := p.ReadMessageBegin(ctx)
	if err != nil {
		return fmt.Errorf("transport/thrift/client: %s: %w", method, err)
	}
	if kind == thrift.EXCEPTION {
		exception := thrift.NewTApplicationException(thrift.UNKNOWN_APPLICATION_EXCEPTION, "")
		if err := errors.Join(exception.Read(ctx, p), p.ReadMessageEnd(ctx)); err != nil {
			return fmt.Errorf("transport/thrift/client: %s: %w", method, err)
		}
		return exception
	}
	if err := errors.Join(result.Read(ctx, p), p.ReadMessageEnd(ctx)); err != nil {
		return fmt.Errorf("transport/thrift/client: %s: %w", method, err)
	}
	return nil
}
