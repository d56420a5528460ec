package tcp

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/tcp/payload"
)

// The numbers of the outcomes.
const (
	statusAnswered = iota // no expectation
	statusOK              // begins as it should
	statusOther           // begins otherwise
)

// codec implements [transport.Codec]. It does not change, and so may be used by several goroutines.
type codec struct {
	encoding payload.Encoding
	suffix   []byte
	lineEnd  bool // suffix is for requests that do not end in it
	oneWay   bool
	statuses *transport.Statuses
	format
}

// format is what a connection needs to know about answers.
type format struct {
	read      reader
	ends      bool // an answer ends with the connection
	delimiter []byte
	length    Length
	little    bool
	size      int64
	silence   time.Duration
	limit     int64
	ok        []byte // empty: no expectation
}

// NewCodec implements [transport.Config]; it fails where Validate does.
func (c *Config) NewCodec() (transport.Codec, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k := &codec{
		oneWay: c.Answer.Framing == "none",
		format: format{
			read: readers[c.Answer.Framing], ends: c.Answer.Framing == "close" || c.Answer.Framing == "silence",
			length: c.Answer.Length, little: c.Answer.Length.Order == "little",
			size: c.Answer.Size, limit: c.AnswerLimit,
		},
	}
	if c.Answer.Framing == "silence" {
		k.silence = c.Answer.Silence
	}
	if k.limit == 0 {
		k.limit = math.MaxInt64
	}
	var errs [4]error
	k.encoding, errs[0] = payload.Named(c.Encoding)
	k.delimiter, errs[1] = payload.Unescape(c.Answer.Delimiter)
	k.ok, errs[2] = payload.Unescape(c.OK)
	switch {
	case c.Suffix != nil:
		k.suffix, errs[3] = payload.Unescape(*c.Suffix)
	case k.encoding == payload.Text:
		k.suffix, k.lineEnd = []byte("\n"), true
	}
	first := "answered"
	if k.oneWay {
		first = "sent"
	}
	k.statuses = transport.NewStatuses(first, "ok", "other")
	return k, errors.Join(errs[:]...)
}

// AppendRequest implements [transport.Codec]. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, _ *load.Target) ([]byte, error) {
	req.Hold, req.OneWay = 0, c.oneWay
	out, err := c.encoding.Append(dst, req.Body)
	if err != nil {
		return dst, fmt.Errorf("transport/tcp: request: %w", err)
	}
	if !c.lineEnd || len(out) == len(dst) || out[len(out)-1] != '\n' {
		out = append(out, c.suffix...)
	}
	if len(out) == len(dst) {
		return dst, errNothing
	}
	return out, nil
}

var errNothing = errors.New("transport/tcp: request: no bytes to send; want a record or request.body, or a suffix")

// NewConn implements [transport.Codec].
func (c *codec) NewConn() transport.Conn {
	if c.silence > 0 {
		return &quietConn{conn{format: &c.format}}
	}
	return &conn{format: &c.format}
}

// StatusName implements [transport.Codec].
func (c *codec) StatusName(status int) string { return c.statuses.Name(status) }

// ServerError implements [transport.Codec]: an answer that does not begin as it should.
func (c *codec) ServerError(status int) bool { return status == statusOther }

// Sequential implements [transport.Sequential]: what ends by silence or with the connection ends for all.
func (k *codec) Sequential() bool { return k.ends }
