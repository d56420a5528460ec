package http1

import "github.com/iagoloadgen/iago/transport"

// What can be wrong with an answer. Section numbers are those of RFC 9112.
var (
	// ErrUnasked: bytes came though no request was waiting for an answer.
	ErrUnasked = &transport.Malformed{Cause: "answer without a request"}
	// ErrVersion: the answer does not begin with "HTTP/1." and a digit (2.3): another protocol, or another major version.
	ErrVersion = &transport.Malformed{Cause: "not HTTP/1.x"}
	// ErrStatusLine: no space after the version (4).
	ErrStatusLine = &transport.Malformed{Cause: "bad status line"}
	// ErrStatus: the status is not three digits, or is below 100 (4).
	ErrStatus = &transport.Malformed{Cause: "bad status code"}
	// ErrUpgrade: 101 Switching Protocols, which this codec never asks for.
	ErrUpgrade = &transport.Malformed{Cause: "unexpected upgrade"}
	// ErrHeaderName: a header line without a colon, or whose name is empty or holds anything but token bytes, such as a
	// space before the colon (5.1); or a continuation line that continues nothing (5.2).
	ErrHeaderName = &transport.Malformed{Cause: "bad header name"}
	// ErrControl: a control byte other than a tab in a line of the head, of the trailer section or of a chunk's size,
	// such as NUL or a lone CR (2.2; RFC 9110, section 5.5).
	ErrControl = &transport.Malformed{Cause: "stray control byte"}
	// ErrHeaderLimit: the head, or the trailer section, is longer than header_limit.
	ErrHeaderLimit = &transport.Malformed{Cause: "header over limit"}
	// ErrContentLength: a Content-Length that is not a number from 0 to 2⁶³−1 (6.3, rule 5).
	ErrContentLength = &transport.Malformed{Cause: "bad content length"}
	// ErrContentLengths: several values of Content-Length that differ (6.3, rule 5).
	ErrContentLengths = &transport.Malformed{Cause: "content lengths differ"}
	// ErrTransferEncoding: the chunked coding with parameters (7).
	ErrTransferEncoding = &transport.Malformed{Cause: "bad transfer encoding"}
	// ErrBodyLimit: the content is, or is announced to be, longer than body_limit.
	ErrBodyLimit = &transport.Malformed{Cause: "body over limit"}
	// ErrChunkSize: a chunk's size line that does not begin with a hexadecimal number, or does not end in CRLF (7.1).
	ErrChunkSize = &transport.Malformed{Cause: "bad chunk size"}
	// ErrChunkOverflow: a chunk's size that does not fit into 63 bits, or has more than 16 digits (7.1).
	ErrChunkOverflow = &transport.Malformed{Cause: "chunk size overflow"}
	// ErrChunkLine: a chunk's size line, extensions included, of more than 4096 bytes (7.1.1).
	ErrChunkLine = &transport.Malformed{Cause: "chunk size line over limit"}
	// ErrChunkEnd: a chunk's data is not followed by CRLF (7.1).
	ErrChunkEnd = &transport.Malformed{Cause: "no line end after chunk"}
)
