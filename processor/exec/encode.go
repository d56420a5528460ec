package exec

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// appendRecord appends rec as a line. What the record does not have is left out.
func appendRecord(dst []byte, id uint64, rec *load.Record) []byte {
	dst = strconv.AppendUint(append(dst, `{"record":`...), id, 10)
	dst = append(dst, `,"file":`...)
	dst = appendString(dst, toValid(rec.File))
	dst = strconv.AppendInt(append(dst, `,"line":`...), rec.Line, 10)
	dst = appendBytes(dst, "raw", rec.Raw)
	dst = appendBytes(dst, "method", rec.Method)
	dst = appendBytes(dst, "uri", rec.URI)
	dst = appendHeaders(dst, rec.Header)
	dst = appendBytes(dst, "body", rec.Body)
	if !rec.Time.IsZero() {
		dst = append(dst, `,"time":"`...)
		dst = append(rec.Time.AppendFormat(dst, time.RFC3339Nano), '"')
	}
	dst = appendFields(dst, rec.Fields)
	dst = appendObject(dst, rec.Object)
	return append(dst, "}\n"...)
}

// appendResponse appends x as a line; tag is the request's, JSON, or empty.
func appendResponse(dst []byte, id uint64, x *processor.Exchange, tag []byte) []byte {
	dst = strconv.AppendUint(append(dst, `{"response":`...), id, 10)
	if len(tag) > 0 {
		dst = append(append(dst, `,"tag":`...), tag...)
	}
	dst = append(dst, `,"request":{"weight":`...)
	dst = strconv.AppendInt(dst, int64(max(x.Request.Weight, 1)), 10)
	dst = appendBytes(dst, "method", x.Request.Method)
	dst = appendBytes(dst, "uri", x.Request.URI)
	dst = appendHeaders(dst, x.Request.Header)
	dst = appendBytes(dst, "body", x.Request.Body)
	dst = appendText(dst, "label", x.Request.Label)
	dst = append(dst, '}')
	if x.Cause != "" {
		dst = appendText(dst, "cause", x.Cause)
	} else {
		dst = appendText(dst, "status", x.Status)
		dst = strconv.AppendInt(append(dst, `,"code":`...), int64(x.Response.Status), 10)
		dst = appendHeaders(dst, x.Response.Header)
		dst = appendBytes(dst, "body", x.Response.Content)
		dst = strconv.AppendInt(append(dst, `,"body_size":`...), x.Response.Body, 10)
	}
	dst = appendText(dst, "target", x.Target)
	dst = strconv.AppendInt(append(dst, `,"due_ns":`...), int64(x.Due), 10)
	dst = strconv.AppendInt(append(dst, `,"latency_ns":`...), int64(x.Latency), 10)
	dst = strconv.AppendInt(append(dst, `,"service_ns":`...), int64(x.Service), 10)
	dst = strconv.AppendInt(append(dst, `,"depth":`...), int64(x.Depth), 10)
	return append(dst, "}\n"...)
}

// appendBytes appends a member: text where b is UTF-8, else name_base64. Nothing for no bytes.
func appendBytes(dst []byte, name string, b []byte) []byte {
	if len(b) == 0 {
		return dst
	}
	dst = append(append(dst, `,"`...), name...)
	if utf8.Valid(b) {
		return appendString(append(dst, `":`...), b)
	}
	return appendBase64(append(dst, `_base64":`...), b)
}

func appendText(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return appendString(dst, toValid(text))
}

func appendBase64(dst, b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), b), '"')
}

// appendHeaders appends pairs, in which bytes that are not UTF-8 stand as {"base64":"…"}.
func appendHeaders(dst []byte, list []load.Field) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, `,"headers":`...)
	for i := range list {
		dst = append(dst, '[', '[')
		if i > 0 {
			dst[len(dst)-2] = ','
		}
		dst = appendEither(dst, list[i].Name)
		dst = append(appendEither(append(dst, ','), list[i].Value), ']')
	}
	return append(dst, ']')
}

func appendEither(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return appendString(dst, b)
	}
	return append(appendBase64(append(dst, `{"base64":`...), b), '}')
}

// appendFields appends an object; what is not UTF-8 in a name becomes U+FFFD.
func appendFields(dst []byte, list []load.Field) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, `,"fields":`...)
	for i := range list {
		dst = append(dst, '{')
		if i > 0 {
			dst[len(dst)-1] = ','
		}
		dst = appendString(dst, toValid(string(list[i].Name)))
		dst = appendEither(append(dst, ':'), list[i].Value)
	}
	return append(dst, '}')
}

// appendObject appends the record's own JSON, in one line.
func appendObject(dst, object []byte) []byte {
	if len(object) == 0 {
		return dst
	}
	dst = append(dst, `,"object":`...)
	from := len(dst)
	dst = append(dst, object...)
	for i, c := range dst[from:] {
		if c == '\n' || c == '\r' { // blanks between values: within strings JSON has none
			dst[from+i] = ' '
		}
	}
	return dst
}

// toValid returns text with U+FFFD for what is not UTF-8.
func toValid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// appendString appends a JSON string; b is UTF-8.
func appendString[T string | []byte](dst []byte, b T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := range len(b) {
		c := b[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, b[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, digits[c>>4], digits[c&15])
		}
	}
	return append(append(dst, b[from:]...), '"')
}
