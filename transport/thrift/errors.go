package thrift

import "github.com/iagoloadgen/iago/transport"

// What can be wrong with an answer.
var (
	// ErrUnasked: bytes came though no request was waiting for an answer.
	ErrUnasked = &transport.Malformed{Cause: "answer without a request"}
	// ErrFrame: a frame's length is negative, or too small for what must be in it.
	ErrFrame = &transport.Malformed{Cause: "bad frame length"}
	// ErrLimit: the answer, or a length within it, is beyond frame_limit.
	ErrLimit = &transport.Malformed{Cause: "answer over limit"}
	// ErrVersion: the message does not begin as the protocol's messages do.
	ErrVersion = &transport.Malformed{Cause: "another protocol or version"}
	// ErrType: a type that the protocol does not have.
	ErrType = &transport.Malformed{Cause: "unknown type"}
	// ErrLength: a negative length, or a number that is longer than its type.
	ErrLength = &transport.Malformed{Cause: "bad length"}
	// ErrDepth: values in one another more than 64 deep.
	ErrDepth = &transport.Malformed{Cause: "nested too deep"}
	// ErrShort: the frame ends within the message.
	ErrShort = &transport.Malformed{Cause: "frame ends early"}
	// ErrExcess: the frame goes on behind the message.
	ErrExcess = &transport.Malformed{Cause: "bytes behind the message"}
	// ErrJSON: what stands there is not what the JSON protocol wants there.
	ErrJSON = &transport.Malformed{Cause: "bad JSON"}
	// ErrKind: the message is neither a reply nor an exception.
	ErrKind = &transport.Malformed{Cause: "not a reply"}
	// ErrSequence: the answer's sequence id is not the request's.
	ErrSequence = &transport.Malformed{Cause: "sequence ids differ"}
	// ErrMethod: the answer is to another method.
	ErrMethod = &transport.Malformed{Cause: "answer to another method"}
	// ErrHeader: a frame of the header transport without its head, or with one that cannot be read.
	ErrHeader = &transport.Malformed{Cause: "bad header"}
	// ErrTransform: the header transport's payload is compressed, which was not asked for.
	ErrTransform = &transport.Malformed{Cause: "transformed payload"}
)
