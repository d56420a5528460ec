package thrift

import (
	"bytes"
	"strconv"

	"github.com/iagoloadgen/iago/load"
)

// judge says what a whole message means.
func (c *conn) judge(message []byte, resp *load.Response) error {
	h, ok, err := c.codec.readHead(&c.reader, message)
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrShort
	case h.kind != kindReply && h.kind != kindException:
		return ErrKind
	}
	nameless := h.kind == kindException && len(h.name) == 0 // the server could not even read the call
	switch {
	case h.seq != c.seq && !nameless:
		return ErrSequence
	case !bytes.Equal(h.name, c.name) && !nameless:
		return ErrMethod
	}
	first := c.walker.first
	if c.codec.carrier != buffered || c.codec.protocol == jsonProtocol {
		if first, err = c.codec.verify(&c.reader, &c.walker, message, h); err != nil {
			return err
		}
	}
	resp.Body = int64(len(message))
	if h.kind == kindReply {
		resp.Status = c.replied(first)
	} else if resp.Status, err = c.excepted(message, h); err != nil {
		return err
	}
	if resp.Keep <= 0 {
		return nil
	}
	if c.codec.mode != modeIDL || c.call == nil {
		resp.AppendContent(message)
		return nil
	}
	if err = c.describe(message, h); err == nil {
		resp.AppendContent(c.out)
	}
	return err
}

// replied is the status of a result whose first field has that id: 0 is what the method returns, others are exceptions.
func (c *conn) replied(first int32) int {
	if first == 0 {
		return statusOK
	}
	if first == noField {
		if c.call == nil || c.call.method.Result == nil {
			return statusOK
		}
		return statusNoResult
	}
	if c.call != nil {
		for i, f := range c.call.method.Throws {
			if int32(f.ID) == first {
				return c.call.thrown[i]
			}
		}
	}
	c.out = strconv.AppendInt(append(c.out[:0], "exception "...), int64(first), 10)
	return c.codec.statuses.Number(c.out)
}

// body puts the reader behind the head of the message.
func (c *conn) body(message []byte, h head) {
	if c.codec.protocol == jsonProtocol {
		_, _, _ = jsonHead(&c.reader, message) // it has been read before
		return
	}
	c.reader.begin(c.codec.protocol, message, h.body)
}

// excepted is the status of an application exception (struct TApplicationException).
func (c *conn) excepted(message []byte, h head) (status int, err error) {
	const fieldType = 2
	r := &c.reader
	c.body(message, h)
	kind := int64(0)
	outer := r.structBegin()
	for {
		t, id, ok := r.field()
		if !ok {
			break
		}
		if id == fieldType && t == tI32 {
			kind = r.integer(t)
		} else {
			r.skip(t, true)
		}
		r.fieldEnd()
	}
	r.structEnd(outer)
	if kind < 0 || kind >= int64(len(applicationKinds)) {
		return statusOther, r.err
	}
	return statusApplication + int(kind), r.err
}

// describe writes the answer as JSON to c.out.
func (c *conn) describe(message []byte, h head) error {
	c.body(message, h)
	d := decoder{reader: &c.reader, out: append(c.out[:0], '{')}
	if h.kind == kindException {
		d.applicationException()
	} else {
		d.result(c.call)
	}
	c.out = append(d.out, '}')
	return d.err
}

// result writes what the method returned or threw; of several, which there must not be, the first.
func (d *decoder) result(k *call) {
	outer := d.structBegin()
	empty := len(d.out)
	for {
		t, id, ok := d.field()
		if !ok {
			break
		}
		thrown := k.method.Thrown(id)
		switch start := len(d.out); {
		case start > empty:
			d.skip(t, true)
		case id == 0 && k.method.Result != nil:
			d.out = append(d.out, `"success":`...)
			if !d.value(k.method.Result, t, true) {
				d.out = d.out[:start]
			}
		case thrown != nil:
			d.out = append(append(append(d.out, `"exception":"`...), thrown.Type.Struct.Name...), `","value":`...)
			if !d.value(thrown.Type, t, true) {
				d.out = d.out[:start]
			}
		default:
			d.skip(t, true)
		}
		d.fieldEnd()
	}
	d.structEnd(outer)
}

func (d *decoder) applicationException() {
	outer := d.structBegin()
	kind := int64(0)
	for {
		t, id, ok := d.field()
		if !ok {
			break
		}
		switch {
		case id == 1 && t == tString:
			d.out = append(append(appendEscaped(append(d.out, `"message":"`...), d.text()), '"'), ',')
		case id == 2 && t == tI32:
			kind = d.integer(t)
		default:
			d.skip(t, true)
		}
		d.fieldEnd()
	}
	d.structEnd(outer)
	d.out = append(d.out, `"application_exception":"`...)
	if kind >= 0 && kind < int64(len(applicationKinds)) {
		d.out = append(d.out, applicationKinds[kind]...)
	} else {
		d.out = strconv.AppendInt(append(d.out, "kind "...), kind, 10)
	}
	d.out = append(d.out, '"')
}
