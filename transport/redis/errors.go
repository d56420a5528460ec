package redis

import "github.com/iagoloadgen/iago/transport"

// What can be wrong with an answer, by the RESP2 and RESP3 specifications.
var (
	// ErrUnasked: bytes came though no request was waiting for an answer.
	ErrUnasked = &transport.Malformed{Cause: "answer without a request"}
	// ErrType: a value begins with a byte that is no type's.
	ErrType = &transport.Malformed{Cause: "not RESP"}
	// ErrLine: a line of more than 64 KiB. Lengths, numbers, simple strings and errors are lines.
	ErrLine = &transport.Malformed{Cause: "line over limit"}
	// ErrLineEnd: a lone CR or LF in a line.
	ErrLineEnd = &transport.Malformed{Cause: "bad line end"}
	// ErrLength: the length of a string or of an aggregate is no number from 0 to 2⁶²−1, and not -1 or ? where these may stand.
	ErrLength = &transport.Malformed{Cause: "bad length"}
	// ErrNumber: an integer of more than 64 bits, or what is no number, double or big number at all.
	ErrNumber = &transport.Malformed{Cause: "bad number"}
	// ErrBoolean: a boolean that is neither t nor f.
	ErrBoolean = &transport.Malformed{Cause: "bad boolean"}
	// ErrNull: a null with something in it.
	ErrNull = &transport.Malformed{Cause: "bad null"}
	// ErrBulkEnd: a string of a stated length is not followed by CRLF.
	ErrBulkEnd = &transport.Malformed{Cause: "no line end after string"}
	// ErrVerbatim: a verbatim string that does not begin with three bytes and a colon.
	ErrVerbatim = &transport.Malformed{Cause: "bad verbatim string"}
	// ErrStream: a piece or an end of a streamed value where there is none, or something else in the middle of one.
	ErrStream = &transport.Malformed{Cause: "bad streamed value"}
	// ErrDepth: aggregates in one another, more than 128 deep.
	ErrDepth = &transport.Malformed{Cause: "nested too deep"}
	// ErrPush: a push message within an answer.
	ErrPush = &transport.Malformed{Cause: "push message within an answer"}
	// ErrLimit: the answer is longer than answer_limit, or says that it will be.
	ErrLimit = &transport.Malformed{Cause: "answer over limit"}
)
