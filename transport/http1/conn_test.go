package http1

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// outcome is all that a connection's owner learns of an answer.
type outcome struct {
	resp load.Response
	n    int // bytes consumed
	done bool
	err  error
}

func (o outcome) String() string {
	return fmt.Sprintf("status %d, body %d, head %d, close %v, continue %v; n %d, done %v, %v",
		o.resp.Status, o.resp.Body, o.resp.HeaderLen, o.resp.Close, o.resp.Continue, o.n, o.done, o.err)
}

func (o outcome) is(w outcome) bool {
	return o.String() == w.String() && errors.Is(o.err, w.err) && string(o.resp.Content) == string(w.resp.Content) && fmt.Sprintf("%q", o.resp.Header) == fmt.Sprintf("%q", w.resp.Header)
}

// feed hands an answer to conn as an engine would, cut before the given offsets, which ascend; apart says that the end
// of the connection is told in a call of its own. What conn has consumed, or was shown in an earlier call, is gone for it.
func feed(tb testing.TB, conn transport.Conn, req *load.Request, answer []byte, apart bool, cuts ...int) outcome {
	return feedKeep(tb, 0, conn, req, answer, apart, cuts...)
}

// feedKeep is feed with that much of the content kept.
func feedKeep(tb testing.TB, keep int64, conn transport.Conn, req *load.Request, answer []byte, apart bool, cuts ...int) outcome {
	o := outcome{resp: load.Response{Keep: keep}}
	buf := make([]byte, len(answer))
	parse := func(to int, eof bool) {
		if o.done || o.err != nil {
			return
		}
		src := buf[o.n:to]
		copy(src, answer[o.n:to])
		var n int
		n, o.done, o.err = conn.Parse(src, eof, &o.resp)
		clear(src)
		if n < 0 || n > len(src) {
			tb.Fatalf("%q, cuts %v: n %d of %d", answer, cuts, n, len(src))
		}
		o.n += n
	}
	conn.Start(req)
	for _, cut := range cuts {
		parse(cut, false)
	}
	parse(len(answer), !apart)
	if apart {
		parse(len(answer), true)
	}
	if o.done == (o.err != nil) {
		tb.Fatalf("%q, cuts %v: done %v and error %v", answer, cuts, o.done, o.err)
	}
	return o
}

// everyByte are the cuts of an answer that comes byte by byte.
func everyByte(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}

// answers says what becomes of an answer to a GET on a fresh connection with header_limit 128 and body_limit 1000.
var answers = []struct {
	name   string
	in     string
	status int
	body   int64
	close  bool
	rest   int   // surplus bytes that are left
	err    error // nil: a whole answer
}{
	{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5, false, 0, nil},
	{"length zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0, false, 0, nil},
	{"length with zeros", "HTTP/1.1 200 OK\r\nContent-Length: 0000000000000000000000000002\r\n\r\nok", 200, 2, false, 0, nil},
	{"length without space", "HTTP/1.1 200 OK\r\ncontent-LENGTH:2\r\n\r\nok", 200, 2, false, 0, nil},
	{"length with blanks", "HTTP/1.1 200 OK\r\nContent-Length: \t2 \t \r\n\r\nok", 200, 2, false, 0, nil},
	{"length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, 2, false, 0, nil},
	{"length list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", 200, 2, false, 0, nil},
	{"length folded", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n \t\r\n\r\nok", 200, 2, false, 0, nil},
	{"lengths differ", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", 200, 0, true, 4, ErrContentLengths},
	{"length list differs", "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok", 200, 0, true, 4, ErrContentLengths},
	{"length empty", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", 200, 0, true, 2, ErrContentLength},
	{"length negative", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", 200, 0, true, 2, ErrContentLength},
	{"length with sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", 200, 0, true, 4, ErrContentLength},
	{"length hexadecimal", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok", 200, 0, true, 4, ErrContentLength},
	{"length in two parts", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 2\r\n\r\nok", 200, 0, true, 4, ErrContentLength},
	{"length over 63 bits", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nok", 200, 0, true, 4, ErrContentLength},
	{"length over 64 bits", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nok", 200, 0, true, 4, ErrContentLength},
	{"length of 63 bits", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nok", 200, 0, true, 2, ErrBodyLimit},
	{"length at limit", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("x", 1000), 200, 1000, false, 0, nil},
	{"length over limit", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\nx", 200, 0, true, 1, ErrBodyLimit},
	{"length cut off", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 200, 4, true, 0, transport.ErrEarlyClose},
	{"surplus", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1", 200, 2, false, 8, nil},

	{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, 15, false, 0, nil},
	{"chunked empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n000\r\n\r\n", 200, 0, false, 0, nil},
	{"chunked with extensions", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c=\"d\"\r\nok\r\n0 \t;x\r\n\r\n", 200, 2, false, 0, nil},
	{"chunked with trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\nA: b\r\n c\r\nContent-Length: x\r\n\r\nGET", 200, 2, false, 3, nil},
	{"chunked after gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2, false, 0, nil},
	{"chunked in a second line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: , chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2, false, 0, nil},
	{"chunked folded", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\n\tchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2, false, 0, nil},
	{"chunked and length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2, true, 0, nil},
	{"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2, true, 0, nil},
	{"chunked not last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 12, true, 0, nil},
	{"chunked with a parameter", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked ; a=b\r\n\r\n0\r\n\r\n", 200, 0, true, 7, ErrTransferEncoding},
	{"chunk size of 16 digits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0000000000000002\r\nok\r\n0\r\n\r\n", 200, 2, false, 0, nil},
	{"chunk size of 17 digits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000002\r\nok\r\n0\r\n\r\n", 200, 0, true, 28, ErrChunkOverflow},
	{"chunk size of 64 bits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\nok\r\n0\r\n\r\n", 200, 0, true, 27, ErrChunkOverflow},
	{"chunk size of 63 bits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffFFFFffffffff\r\nok\r\n0\r\n\r\n", 200, 0, true, 27, ErrBodyLimit},
	{"chunk size missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\nok", 200, 0, true, 6, ErrChunkSize},
	{"chunk size empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nok", 200, 0, true, 4, ErrChunkSize},
	{"chunk size no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2g\r\nok", 200, 0, true, 6, ErrChunkSize},
	{"chunk size after a blank", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nok", 200, 0, true, 6, ErrChunkSize},
	{"chunk size with lone LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n", 200, 0, true, 11, ErrChunkSize},
	{"chunk size with lone CR", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\rok\r\n0\r\n\r\n", 200, 0, true, 11, ErrControl},
	{"chunk line at limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 4092) + "\r\nok\r\n0\r\n\r\n", 200, 2, false, 0, nil},
	{"chunk line over limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 4093) + "\r\nok\r\n0\r\n\r\n", 200, 0, true, 4106, ErrChunkLine},
	{"chunks at limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E6\r\n" + strings.Repeat("x", 998) + "\r\n2\r\nok\r\n0\r\n\r\n", 200, 1000, false, 0, nil},
	{"chunks over limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E6\r\n" + strings.Repeat("x", 998) + "\r\n3\r\nfoo\r\n0\r\n\r\n", 200, 998, true, 13, ErrBodyLimit},
	{"chunk end missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n", 200, 2, true, 9, ErrChunkEnd},
	{"chunk end lone CR", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\rx", 200, 2, true, 2, ErrChunkEnd},
	{"chunk end lone LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n", 200, 2, true, 6, ErrChunkEnd},
	{"trailer bad", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA b: c\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
	{"trailer folds nothing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n b: c\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
	{"trailer at limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:" + strings.Repeat("x", 122) + "\r\n\r\n", 200, 0, false, 0, nil},
	{"trailer over limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:" + strings.Repeat("x", 123) + "\r\n\r\n", 200, 0, true, 2, ErrHeaderLimit},
	{"chunked cut in size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", 200, 0, true, 1, transport.ErrEarlyClose},
	{"chunked cut in data", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok", 200, 2, true, 0, transport.ErrEarlyClose},
	{"chunked cut after data", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r", 200, 2, true, 1, transport.ErrEarlyClose},
	{"chunked cut in trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r", 200, 0, true, 1, transport.ErrEarlyClose},

	{"until close", "HTTP/1.1 200 OK\r\n\r\nall there is", 200, 12, true, 0, nil},
	{"until close, empty", "HTTP/1.1 200 OK\r\n\r\n", 200, 0, true, 0, nil},
	{"until close, keep-alive", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nok", 200, 2, true, 0, nil},
	{"until close at limit", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1000), 200, 1000, true, 0, nil},
	{"until close over limit", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1003), 200, 1000, true, 3, ErrBodyLimit},
	{"coding empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\nok", 200, 2, true, 0, nil},
	{"coding and length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nok", 200, 2, true, 0, nil},

	{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, true, 0, nil},
	{"HTTP/1.0 kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", 200, 2, false, 0, nil},
	{"HTTP/1.0 kept and closed", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive, close\r\nContent-Length: 2\r\n\r\nok", 200, 2, true, 0, nil},
	{"HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, false, 0, nil},
	{"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, 2, true, 0, nil},
	{"close in a list", "HTTP/1.1 200 OK\r\nconnection: Upgrade,\t CLOSE ,x\r\nContent-Length: 2\r\n\r\nok", 200, 2, true, 0, nil},
	{"close in a second line", "HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, 2, true, 0, nil},
	{"close folded", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x,\r\n close\r\n\r\nok", 200, 2, true, 0, nil},
	{"close in part of a word", "HTTP/1.1 200 OK\r\nConnection: closed, enclose, clo se\r\nContent-Length: 2\r\n\r\nok", 200, 2, false, 0, nil},
	{"close in another header", "HTTP/1.1 200 OK\r\nConnectios: close\r\nX-Transfer-Encodi: chunked\r\nContent-Length: 2\r\n\r\nok", 200, 2, false, 0, nil},

	{"204", "HTTP/1.1 204 No Content\r\n\r\nHTTP", 204, 0, false, 4, nil},
	{"204 with length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204, 0, false, 5, nil},
	{"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\nTransfer-Encoding: chunked\r\n\r\n", 304, 0, true, 0, nil},
	{"100", "HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, false, 0, nil},
	{"102, 103", "HTTP/1.1 102 x\r\nContent-Length: 5\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", 204, 0, false, 0, nil},
	{"100 alone", "HTTP/1.1 100 Continue\r\n\r\n", 0, 0, true, 0, transport.ErrEarlyClose},
	{"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", 0, 0, true, 56, ErrUpgrade},
	{"599", "HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n", 599, 0, false, 0, nil},
	{"999", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", 999, 0, false, 0, nil},

	{"lone LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, 2, false, 0, nil},
	{"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, 0, false, 0, nil},
	{"empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, 0, false, 0, nil},
	{"reason in Latin", "HTTP/1.1 404 pas trouv\xe9\t(\xe0 l'aide)\r\nContent-Length: 0\r\n\r\n", 404, 0, false, 0, nil},
	{"spaces before status", "HTTP/1.1   200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0, false, 0, nil},
	{"value empty, odd", "HTTP/1.1 204 OK\r\nX:\r\nY: \r\nZ:\ta\tb\xff\"~\r\n!#$%&'*+-.^_`|~09azAZ: x:y\r\n\r\n", 204, 0, false, 0, nil},
	{"fold of an unknown header", "HTTP/1.1 204 OK\r\nX: a\r\n Content-Length: 1\r\n\t\r\n\r\n", 204, 0, false, 0, nil},
	{"head at limit", "HTTP/1.1 204 OK\r\nX: " + strings.Repeat("x", 104) + "\r\n\r\n\r\n", 204, 0, false, 2, nil},
	{"head one over limit", "HTTP/1.1 204 OK\r\nX: " + strings.Repeat("x", 105) + "\r\n\r\n", 204, 0, true, 2, ErrHeaderLimit},
	{"header over limit", "HTTP/1.1 204 OK\r\nX: " + strings.Repeat("x", 200) + "\r\n\r\n", 204, 0, true, 207, ErrHeaderLimit},
	{"status line over limit", "HTTP/1.1 204 " + strings.Repeat("x", 200) + "\r\n\r\n", 0, 0, true, 217, ErrHeaderLimit},
	{"interim heads over limit", strings.Repeat("HTTP/1.1 103 x\r\n\r\n", 8) + "HTTP/1.1 204 OK\r\n\r\n", 0, 0, true, 37, ErrHeaderLimit},

	{"nothing", "", 0, 0, true, 0, transport.ErrEarlyClose},
	{"cut in version", "HTT", 0, 0, true, 3, transport.ErrEarlyClose},
	{"cut in status line", "HTTP/1.1 200 OK\r", 0, 0, true, 16, transport.ErrEarlyClose},
	{"cut in header", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX", 200, 0, true, 1, transport.ErrEarlyClose},
	{"cut before the end", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", 200, 0, true, 0, transport.ErrEarlyClose},
	{"TLS", "\x15\x03\x01\x00\x02\x02\x50", 0, 0, true, 7, ErrVersion},
	{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", 0, 0, true, 21, ErrVersion},
	{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", 0, 0, true, 19, ErrVersion},
	{"HTTP/1.x", "HTTP/1.x 200 OK\r\n\r\n", 0, 0, true, 19, ErrVersion},
	{"version lower case", "http/1.1 200 OK\r\n\r\n", 0, 0, true, 19, ErrVersion},
	{"version cut short", "HTTP/1.\r\n\r\n", 0, 0, true, 11, ErrVersion},
	{"version too long", "HTTP/1.10 200 OK\r\n\r\n", 0, 0, true, 20, ErrStatusLine},
	{"status missing", "HTTP/1.1\r\n\r\n", 0, 0, true, 12, ErrStatusLine},
	{"status empty", "HTTP/1.1 \r\n\r\n", 0, 0, true, 13, ErrStatus},
	{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", 0, 0, true, 18, ErrStatus},
	{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 0, 0, true, 20, ErrStatus},
	{"status no number", "HTTP/1.1 2x0 OK\r\n\r\n", 0, 0, true, 19, ErrStatus},
	{"status with sign", "HTTP/1.1 +20 OK\r\n\r\n", 0, 0, true, 19, ErrStatus},
	{"status below 100", "HTTP/1.1 099 OK\r\n\r\n", 0, 0, true, 19, ErrStatus},
	{"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", 0, 0, true, 21, ErrVersion},
	{"NUL in reason", "HTTP/1.1 200 O\x00K\r\n\r\n", 0, 0, true, 20, ErrControl},
	{"NUL in value", "HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", 200, 0, true, 10, ErrControl},
	{"DEL in value", "HTTP/1.1 200 OK\r\nX: a\x7fbcdefghijk\r\n\r\n", 200, 0, true, 19, ErrControl},
	{"CR in value", "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", 200, 0, true, 10, ErrControl},
	{"CR twice", "HTTP/1.1 200 OK\r\nX: a\r\r\n\r\n", 200, 0, true, 9, ErrControl},
	{"NUL in continuation", "HTTP/1.1 200 OK\r\nX: a\r\n \x00\r\n\r\n", 200, 0, true, 6, ErrControl},
	{"name empty", "HTTP/1.1 200 OK\r\n: a\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
	{"name with space", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
	{"name beyond ASCII", "HTTP/1.1 200 OK\r\nX\xc3\xa9: 5\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
	{"no colon", "HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
	{"fold of nothing", "HTTP/1.1 200 OK\r\n X: y\r\n\r\n", 200, 0, true, 2, ErrHeaderName},
}

func limited(c *Config) { c.HeaderLimit, c.BodyLimit = 128, 1000 }

func TestAnswers(t *testing.T) {
	conn := newCodec(t, limited).NewConn()
	req := &load.Request{Method: []byte("GET")}
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			got := feed(t, conn, req, []byte(a.in), false)
			if !errors.Is(got.err, a.err) || (a.err == nil) != (got.err == nil) {
				t.Fatalf("error %v, want %v", got.err, a.err)
			}
			if got.resp.Status != a.status || got.resp.Body != a.body || got.resp.Close != a.close || len(a.in)-got.n != a.rest {
				t.Errorf("%v; want status %d, body %d, close %v, n %d", got, a.status, a.body, a.close, len(a.in)-a.rest)
			}
			if head := strings.Index(a.in, "\r\n\r\n") + 4; a.err == nil && head >= 4 && a.status >= 200 && !strings.Contains(a.in, "HTTP/1.1 10") && got.resp.HeaderLen != int64(head) {
				t.Errorf("head of %d bytes, want %d", got.resp.HeaderLen, head)
			}
		})
	}
}

// TestCuts feeds each answer byte by byte and cut in three at every pair of offsets (at some where they are many).
func TestCuts(t *testing.T) {
	conn := newCodec(t, limited).NewConn()
	req := &load.Request{Method: []byte("GET")}
	random := rand.New(rand.NewPCG(1, 2))
	for _, a := range answers {
		in := []byte(a.in)
		want := feed(t, conn, req, in, false)
		check := func(apart bool, cuts ...int) {
			if got := feed(t, conn, req, in, apart, cuts...); !got.is(want) {
				t.Fatalf("%s, cuts %.10v:\ngot  %v\nwant %v", a.name, cuts, got, want)
			}
		}
		check(true)
		check(false, everyByte(len(in))...)
		check(true, everyByte(len(in))...)
		if len(in) > 100 {
			for range 500 {
				i := random.IntN(len(in) + 1)
				check(false, i, i+random.IntN(len(in)+1-i))
			}
			continue
		}
		for i := range len(in) + 1 {
			for j := i; j <= len(in); j++ {
				check(j%2 == 0, i, j)
			}
		}
	}
}

// TestRequestDecides has answers whose meaning depends on the request.
func TestRequestDecides(t *testing.T) {
	closing := []load.Field{{Name: []byte("X"), Value: []byte("y")}, {Name: []byte("CONNECTION"), Value: []byte("te, Close")}}
	kept := []load.Field{{Name: []byte("Connection"), Value: []byte("keep-alive")}}
	const ok, okHead = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", int64(38)
	const interim = "HTTP/1.1 100 Continue\r\n\r\n"
	for _, c := range []struct {
		name   string
		off    bool // connections are not kept
		req    load.Request
		answer string
		want   load.Response
		rest   int
	}{
		{"HEAD with length", false, load.Request{Method: []byte("HEAD")}, ok, load.Response{Status: 200, HeaderLen: okHead}, 2},
		{"HEAD without", false, load.Request{Method: []byte("HEAD")}, "HTTP/1.1 404 x\r\n\r\n", load.Response{Status: 404, HeaderLen: 18}, 0},
		{"HEAD chunked", false, load.Request{Method: []byte("HEAD")}, "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", load.Response{Status: 200, HeaderLen: 46}, 0},
		{"CONNECT", false, load.Request{Method: []byte("CONNECT")}, ok, load.Response{Status: 200, HeaderLen: okHead, Close: true}, 2},
		{"CONNECT refused", false, load.Request{Method: []byte("CONNECT")}, "HTTP/1.1 403 x\r\nContent-Length: 1\r\n\r\nx", load.Response{Status: 403, Body: 1, HeaderLen: 37}, 0},
		{"head is no HEAD", false, load.Request{Method: []byte("head")}, ok, load.Response{Status: 200, Body: 2, HeaderLen: okHead}, 0},
		{"reuse off", true, load.Request{}, ok, load.Response{Status: 200, Body: 2, HeaderLen: okHead, Close: true}, 0},
		{"request closes", false, load.Request{Header: closing}, ok, load.Response{Status: 200, Body: 2, HeaderLen: okHead, Close: true}, 0},
		{"request keeps", false, load.Request{Header: kept}, ok, load.Response{Status: 200, Body: 2, HeaderLen: okHead}, 0},
		{"held and wanted", false, load.Request{Hold: 9}, interim + ok, load.Response{Status: 200, Body: 2, HeaderLen: 25 + okHead, Continue: true}, 0},
		{"held, not wanted", false, load.Request{Hold: 9}, ok, load.Response{Status: 200, Body: 2, HeaderLen: okHead, Close: true}, 0},
	} {
		codec := newCodec(t, func(config *Config) { config.KeepAlive = !c.off })
		want := outcome{resp: c.want, n: len(c.answer) - c.rest, done: true}
		if got := feed(t, codec.NewConn(), &c.req, []byte(c.answer), false); !got.is(want) {
			t.Errorf("%s: got  %v\nwant %v", c.name, got, want)
		}
		if got := feed(t, codec.NewConn(), &c.req, []byte(c.answer), true, everyByte(len(c.answer))...); !got.is(want) {
			t.Errorf("%s, bytewise: got  %v\nwant %v", c.name, got, want)
		}
	}
}

// TestContinueIsToldOnce: the engine sends the rest of a request at once, and must not be told to again.
func TestContinueIsToldOnce(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	conn.Start(&load.Request{Hold: 10})
	var resp load.Response
	if n, done, err := conn.Parse([]byte("HTTP/1.1 100 Continue\r\n\r\n"), false, &resp); n != 25 || done || err != nil || !resp.Continue {
		t.Fatalf("n %d, done %v, error %v, continue %v; want 25, false, none, true", n, done, err, resp.Continue)
	}
	resp.Continue = false
	if _, done, err := conn.Parse([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false, &resp); !done || err != nil || resp.Continue || resp.Close {
		t.Errorf("done %v, error %v, continue %v, close %v; want true, none, false, false", done, err, resp.Continue, resp.Close)
	}
}

// TestIdle: bytes that nobody asked for are no answer, and neither is the end of an idle connection.
func TestIdle(t *testing.T) {
	conn := newCodec(t, nil).NewConn()
	var resp load.Response
	for _, when := range []string{"fresh", "after an answer"} {
		if n, done, err := conn.Parse([]byte("HTTP/1.1 408 x\r\n\r\n"), false, &resp); n != 0 || done || !errors.Is(err, ErrUnasked) {
			t.Errorf("%s: n %d, done %v, error %v; want 0, false, %v", when, n, done, err, ErrUnasked)
		}
		if n, done, err := conn.Parse(nil, false, &resp); n != 0 || done || err != nil {
			t.Errorf("%s, no bytes: n %d, done %v, error %v; want 0, false, none", when, n, done, err)
		}
		if n, done, err := conn.Parse(nil, true, &resp); n != 0 || done || !errors.Is(err, transport.ErrEarlyClose) {
			t.Errorf("%s, end: n %d, done %v, error %v; want 0, false, %v", when, n, done, err, transport.ErrEarlyClose)
		}
		exchange(t, conn, &load.Request{}, &resp, nginxAnswer, len(nginxAnswer))
	}
}

// TestBodyIsConsumedAsItComes: nothing of a body is left for the reader to keep, and of a head one line at most.
func TestBodyIsConsumedAsItComes(t *testing.T) {
	for _, a := range answers {
		conn := newCodec(t, limited).NewConn()
		conn.Start(&load.Request{})
		n := 0
		for to := range len(a.in) + 1 {
			var resp load.Response
			k, done, err := conn.Parse([]byte(a.in[n:to]), false, &resp)
			if n += k; done || err != nil {
				break
			}
			left := a.in[n:to]
			inBody := resp.Body > 0 && !strings.Contains(a.in, "chunked")
			if strings.Contains(left, "\n") || inBody && left != "" {
				t.Fatalf("%s: %q is left", a.name, left)
			}
		}
	}
}

// TestLineIsScannedOnce: bytes of an incomplete line that Parse has been shown are not looked at again, however often
// more comes. To tell, they are changed behind its back into bytes that it would refuse.
func TestLineIsScannedOnce(t *testing.T) {
	for _, head := range []string{"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"} {
		conn := newCodec(t, nil).NewConn()
		conn.Start(&load.Request{})
		var resp load.Response
		src := []byte(head + strings.Repeat("x", 100))
		n, _, err := conn.Parse(src, false, &resp)
		if err != nil {
			t.Fatal(err)
		}
		clear(src[len(src)-100:])
		if m, _, err := conn.Parse(append(src[n:], "yyyy"...), false, &resp); m != 0 || err != nil {
			t.Errorf("%q…: n %d, %v: the line was scanned again", head, m, err)
		}
	}
}
