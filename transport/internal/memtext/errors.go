package memtext

import "github.com/iagoloadgen/iago/transport"

// What can be wrong with an answer.
var (
	// ErrUnasked: bytes came though no request was waiting for an answer.
	ErrUnasked = &transport.Malformed{Cause: "answer without a request"}
	// ErrLineLimit: a line of more than [LineLimit] bytes, its end included.
	ErrLineLimit = &transport.Malformed{Cause: "line over limit"}
	// ErrLineEnd: a line that ends in LF without CR.
	ErrLineEnd = &transport.Malformed{Cause: "no CR before LF"}
	// ErrControl: a control byte in a line.
	ErrControl = &transport.Malformed{Cause: "stray control byte"}
	// ErrWord: a line that does not answer the command.
	ErrWord = &transport.Malformed{Cause: "unexpected answer"}
	// ErrValueLine: a line that announces a value without saying how long it is, or of what.
	ErrValueLine = &transport.Malformed{Cause: "bad value line"}
	// ErrKey: a value of a key that was not asked for, or was asked for before another one that has come already.
	ErrKey = &transport.Malformed{Cause: "value of another key"}
	// ErrValueLimit: a value that is announced to be longer than value_limit.
	ErrValueLimit = &transport.Malformed{Cause: "value over limit"}
	// ErrValueEnd: a value is not followed by CRLF.
	ErrValueEnd = &transport.Malformed{Cause: "no line end after value"}
	// ErrAnswerLimit: the lines of an answer have more than [AnswerLimit] bytes in all.
	ErrAnswerLimit = &transport.Malformed{Cause: "answer over limit"}
)
