package thrift

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// replay writes the recorded message that is req's Body, with a sequence id of its own.
func (c *codec) replay(a *args, req *load.Request, seq int32) error {
	message, err := c.recorded(a, req.Body)
	if err != nil {
		return err
	}
	h, err := c.check(a, message)
	if err != nil {
		return err
	}
	req.OneWay = h.kind == kindOneway
	if k, ok := c.calls[string(h.name)]; ok && k.method.Oneway {
		req.OneWay = true
	}
	a.b = append(a.b, message[:h.seqFrom]...)
	switch c.protocol {
	case binaryProtocol:
		a.b = binary.BigEndian.AppendUint32(a.b, uint32(seq))
	case compactProtocol:
		a.b = binary.AppendUvarint(a.b, uint64(uint32(seq)))
	default:
		a.b = strconv.AppendInt(a.b, int64(seq), 10)
	}
	a.b = append(a.b, message[h.seqTo:]...)
	return nil
}

// recorded returns the message that body stands for, without the length of its frame.
func (c *codec) recorded(a *args, body []byte) (message []byte, err error) {
	if c.mode == modeClient {
		return body, nil
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, fmt.Errorf("an empty line: expected a recorded message as %s", c.config.Raw)
	}
	if c.config.Raw == "hex" {
		a.blob, err = hex.AppendDecode(a.blob[:0], body)
	} else {
		for body[len(body)-1] == '=' && len(body) > 1 {
			body = body[:len(body)-1]
		}
		a.blob, err = base64.RawStdEncoding.AppendDecode(a.blob[:0], body)
	}
	if err != nil {
		return nil, fmt.Errorf("expected a recorded message as %s: %w", c.config.Raw, err)
	}
	message = a.blob
	if len(message) > 4 && message[0] < 0x80 && int(binary.BigEndian.Uint32(message)) == len(message)-4 {
		message = message[4:]
	}
	return message, nil
}

// check tells whether a recorded message is a whole one, and a call.
func (c *codec) check(a *args, message []byte) (head, error) {
	h, ok, err := c.readHead(&a.reader, message)
	if err == nil && !ok {
		err = ErrShort
	}
	if err == nil {
		_, err = c.verify(&a.reader, &a.walker, message, h)
	}
	if err != nil {
		return h, fmt.Errorf("recorded message: it cannot be read in the %s protocol: %s", c.protocol, reason(err))
	}
	if h.kind != kindCall && h.kind != kindOneway {
		return h, fmt.Errorf("recorded message: kind %d: expected a call (1) or a one-way call (4)", h.kind)
	}
	return h, nil
}

// reason is what err says, without the words about answers.
func reason(err error) string {
	if m, ok := errors.AsType[*transport.Malformed](err); ok {
		return m.Cause
	}
	return err.Error()
}
