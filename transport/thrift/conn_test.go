package thrift

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// wrap puts message into what the carrier puts around it, in answers.
func wrap(c carrier, p protocol, message []byte) []byte {
	frame := message
	switch c {
	case buffered:
		return message
	case header:
		info := infoHead(p, map[string]string{"server": "test"})
		frame = binary.BigEndian.AppendUint16([]byte{0x0f, 0xff, 0, 0, 0, 0, 0, 9}, uint16(len(info)/4))
		frame = append(append(frame, info...), message...)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
}

// each calls do with a codec of every transport and protocol.
func each(t *testing.T, do func(t *testing.T, k *codec, c carrier, p protocol)) {
	for c := range header + 1 {
		for p := range jsonProtocol + 1 {
			if c == header && p == jsonProtocol {
				continue
			}
			t.Run(carriers[c]+"/"+p.String(), func(t *testing.T) {
				do(t, allCodec(t, func(k *Config) { k.Transport, k.Protocol = carriers[c], p.String() }), c, p)
			})
		}
	}
}

// ask returns a request whose answer has that sequence id.
func ask(tb testing.TB, k *codec, method, body string) (req *load.Request, seq int32) {
	tb.Helper()
	req = &load.Request{Method: []byte(method), Body: []byte(body)}
	wire, err := k.AppendRequest(nil, req, nil)
	if err != nil {
		tb.Fatal(err)
	}
	req.Wire = wire
	return req, k.seq.Load()
}

var (
	textReply = func(p apache.TProtocol) {
		oneField(stringType, 0, sample{write: func(p apache.TProtocol) { check(p.WriteString(background, "é\"\\\n")) }})(p)
	}
	nothing = oneField(nil, 0, sample{})
)

// Whatever the cuts, the answer is the same, and what follows it is left alone.
func TestEveryCut(t *testing.T) {
	each(t, func(t *testing.T, k *codec, c carrier, p protocol) {
		conn := k.NewConn()
		req, seq := ask(t, k, "text", `{"s": "x"}`)
		m := message(p, apache.REPLY, "text", seq, textReply)
		answer := wrap(c, p, m)
		want := outcome{status: "ok", content: `{"success":"é\"\\\n"}`, body: int64(len(m)), head: int64(len(answer) - len(m)), n: len(answer)}
		for i := range len(answer) + 1 {
			for j := i; j <= len(answer); j++ {
				if got := feed(t, conn, req, answer, i, j); got != want {
					t.Fatalf("cuts %d, %d:\ngot  %+v\nwant %+v", i, j, got, want)
				}
			}
		}
		if got := feed(t, conn, req, answer, everyByte(len(answer))...); got != want {
			t.Errorf("bytewise: got %+v", got)
		}
		for _, cut := range []int{0, 3, len(answer) - 1} {
			two := slices.Concat(answer, answer)
			if got := feed(t, conn, req, two, cut); got != want {
				t.Errorf("two at once, cut %d: got %+v", cut, got)
			}
		}
		for end := range len(answer) {
			if got := feed(t, conn, req, answer[:end]); !errors.Is(got.err, transport.ErrEarlyClose) {
				t.Errorf("end at %d: got %+v", end, got)
			}
		}
	})
}

// Whose answer is it, and is it one?
func TestWrongAnswers(t *testing.T) {
	each(t, func(t *testing.T, k *codec, c carrier, p protocol) {
		conn := k.NewConn()
		req, seq := ask(t, k, "text", `{"s": "x"}`)
		tests := []struct {
			kind apache.TMessageType
			name string
			seq  int32
			err  error
		}{
			{apache.REPLY, "text", seq + 1, ErrSequence},
			{apache.EXCEPTION, "text", seq - 1, ErrSequence},
			{apache.REPLY, "test", seq, ErrMethod},
			{apache.CALL, "text", seq, ErrKind},
			{apache.ONEWAY, "text", seq, ErrKind},
			{apache.EXCEPTION, "", 0, nil}, // the call could not even be read
		}
		for _, tt := range tests {
			got := feed(t, conn, req, wrap(c, p, message(p, tt.kind, tt.name, tt.seq, nothing)))
			if !errors.Is(got.err, tt.err) {
				t.Errorf("%v %q %d: got %v, want %v", tt.kind, tt.name, tt.seq, got.err, tt.err)
			}
		}
	})
}

// Answers that break the rules of frames and of the protocols.
func TestMalformed(t *testing.T) {
	deep := strings.Repeat("\x0c\x00\x01", 70)
	reply := "\x80\x01\x00\x02\x00\x00\x00\x04text\x00\x00\x00\x01"
	compact := "\x82\x41\x01\x04text"
	tests := []struct {
		carrier, protocol, answer string
		err                       error
	}{
		{"framed", "binary", "\x00\x00\x00\x00", ErrFrame},
		{"framed", "binary", "\xff\xff\xff\xff", ErrFrame},
		{"framed", "binary", "HTTP/1.1 400 Bad Request", ErrLimit},
		{"framed", "binary", "\x00\x00\x00\x04\x80\x01\x00\x02", ErrShort},
		{"framed", "binary", "\x00\x00\x00\x04\x80\x02\x00\x02", ErrVersion},
		{"framed", "binary", "\x00\x00\x00\x12" + reply + "\x00x", ErrExcess},
		{"buffered", "binary", "\x00\x00\x00\x04text\x02\x00\x00\x00\x01\x00", ErrVersion},
		{"buffered", "binary", "\x80\x01\x00\x02\x7f\x00\x00\x00", ErrLimit},
		{"buffered", "binary", reply + "\x0b\x00\x00\xff\xff\xff\xff", ErrLength},
		{"buffered", "binary", reply + "\x0b\x00\x00\x7f\xff\xff\xff", ErrLimit},
		{"buffered", "binary", reply + "\x05\x00\x00", ErrType},
		{"buffered", "binary", reply + "\x0f\x00\x00\x05\x00\x00\x00\x01", ErrType},
		{"buffered", "binary", reply + "\x0f\x00\x00\x08\x00\x0f\xff\xff", ErrLimit},
		{"buffered", "binary", reply + deep, ErrDepth},
		{"buffered", "binary", "", transport.ErrEarlyClose},
		{"buffered", "compact", "\x80", ErrVersion},
		{"buffered", "compact", "\x82\x42", ErrVersion},
		{"buffered", "compact", "\x82\x41\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", ErrLength},
		{"buffered", "compact", "\x82\x41\x01\xff\xff\xff\xff\x0f", ErrLimit},
		{"buffered", "compact", compact + "\x1f", ErrType},
		{"buffered", "compact", compact + "\x1b\x01\xe1", ErrType},
		{"buffered", "json", "{}", ErrVersion},
		{"buffered", "json", "x", ErrVersion},
		{"buffered", "json", `[2,"text",2,1,{}]`, ErrVersion},
		{"buffered", "json", `[1,"text",2,1]`, ErrJSON},
		{"buffered", "json", `[1,"text",258,1,{}]`, ErrJSON},
		{"buffered", "json", `[1,"text",2,4294967297,{}]`, ErrJSON},
		{"buffered", "json", `[1,"text",2,1,{"0":{"xyz":1}}]`, ErrType},
		{"buffered", "json", `[1,"text",2,1,{"0":{"lst":["i8",-1]}}]`, ErrLength},
		{"buffered", "json", `[1,"text",2,1,{"0":{"i32":x}}]`, ErrJSON},
		{"buffered", "json", `[1,"text",2,1,{"0":{"str":"\x"}}]`, ErrJSON},
		{"buffered", "json", `[1 "text",2,1,{}]`, ErrJSON},
		{"framed", "json", "\x00\x00\x00\x12" + `[1,"text",2,1,{}]x`, ErrExcess},
		{"header", "binary", "\x00\x00\x00\x05" + reply[:5], ErrHeader},
		{"header", "binary", "\x00\x00\x00\x0e\x0f\xff\x00\x00\x00\x00\x00\x01\x00\x01\x02\x00\x00\x00", ErrVersion},
		{"header", "binary", "\x00\x00\x00\x0e\x0f\xff\x00\x00\x00\x00\x00\x01\x00\x01\x00\x01\x01\x00", ErrTransform},
		{"header", "binary", "\x00\x00\x00\x0e\x0f\xff\x00\x00\x00\x00\x00\x01\x00\x09\x00\x00\x00\x00", ErrHeader},
	}
	for _, tt := range tests {
		codec := allCodec(t, func(c *Config) { c.Transport, c.Protocol, c.FrameLimit = tt.carrier, tt.protocol, 1<<20 })
		conn := codec.NewConn()
		req, _ := ask(t, codec, "text", `{"s": "x"}`)
		if got := feed(t, conn, req, []byte(tt.answer)); !errors.Is(got.err, tt.err) {
			t.Errorf("%s %s %q: got %v, want %v", tt.carrier, tt.protocol, tt.answer, got.err, tt.err)
		}
		if got := feed(t, conn, req, []byte(tt.answer), everyByte(len(tt.answer))...); !errors.Is(got.err, tt.err) {
			t.Errorf("%s %s %q, bytewise: got %v, want %v", tt.carrier, tt.protocol, tt.answer, got.err, tt.err)
		}
	}
}

// Answers without a request, at the end of the connection, or to a one-way call.
func TestUnasked(t *testing.T) {
	codec := allCodec(t, nil)
	conn := codec.NewConn()
	resp := &load.Response{}
	if _, _, err := conn.Parse([]byte("x"), false, resp); !errors.Is(err, ErrUnasked) || !resp.Close {
		t.Errorf("got %v", err)
	}
	resp.Reset()
	if _, done, err := conn.Parse(nil, false, resp); done || err != nil || resp.Close {
		t.Errorf("got %v, %v", done, err)
	}
	if _, _, err := conn.Parse(nil, true, resp); !errors.Is(err, transport.ErrEarlyClose) {
		t.Errorf("got %v", err)
	}
	req, _ := ask(t, codec, "fire", `{"s": "x"}`)
	conn.Start(req)
	if _, _, err := conn.Parse([]byte{0}, false, resp); !errors.Is(err, ErrUnasked) {
		t.Errorf("got %v", err)
	}
}

// What an old server or an odd one writes is read all the same.
func TestForms(t *testing.T) {
	tests := []struct {
		protocol, answer, content string
	}{
		{"json", ` [ 1 , "text" , 2 , 1 , { "0" : { "str" : "a\u00e9\/\ud83d\ude00" } } ] `, `{"success":"aé/😀"}`},
		{"json", `[1,"text",2,1,{"7":{"map":["i32","tf",1,{"5":1}]},"0":{"str":"x"}}]`, `{"success":"x"}`},
		{"json", `[1,"text",2,1,{"0":{"i32":5}}]`, `{}`},
		{"binary", "\x00\x00\x00\x04text\x02\x00\x00\x00\x01\x0b\x00\x00\x00\x00\x00\x01a\x00", `{"success":"a"}`},
		{"compact", "\x82\x41\x01\x04text\x08\x00\x01a\x00", `{"success":"a"}`},
		{"compact", "\x82\x41\x81\x80\x80\x80\x00\x04text\x08\x00\x01a\x00", `{"success":"a"}`},
	}
	for _, tt := range tests {
		codec := allCodec(t, func(c *Config) { c.Transport, c.Protocol, c.Strict = "buffered", tt.protocol, false })
		req, _ := ask(t, codec, "text", `{"s": "x"}`)
		answer := strings.TrimSpace(tt.answer)
		if tt.protocol != "json" {
			answer = tt.answer
		}
		if got := feed(t, codec.NewConn(), req, []byte(answer)); got.err != nil || got.content != tt.content {
			t.Errorf("%s %q: got %+v, want %s", tt.protocol, answer, got, tt.content)
		}
	}
}

// Statuses without an IDL: exceptions have numbers only.
func TestStatusesWithoutIDL(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.Mode = "client" }).(*codec)
	conn := codec.NewConn()
	for id, want := range map[int16]string{0: "ok", 1: "exception 1", 7: "exception 7"} {
		req := &load.Request{Body: message(binaryProtocol, apache.CALL, "m", 5, nothing)}
		wire, err := codec.AppendRequest(nil, req, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Wire = wire
		m := message(binaryProtocol, apache.REPLY, "m", codec.seq.Load(), oneField(stringType, id, sample{write: func(p apache.TProtocol) { check(p.WriteString(background, "s")) }}))
		got := feed(t, conn, req, wrap(framed, binaryProtocol, m))
		if got.status != want || got.content != string(m) {
			t.Errorf("%d: got %+v, want %s", id, got, want)
		}
	}
	for status := range 20 {
		name := codec.StatusName(status)
		if got, want := codec.ServerError(status), strings.HasPrefix(name, "application exception"); got != want {
			t.Errorf("%s: server error %v", name, got)
		}
	}
	if got := fmt.Sprintf("%s, %s, %s", codec.StatusName(0), codec.StatusName(1), codec.StatusName(statusNoResult)); got != "none, ok, no result" {
		t.Errorf("got %s", got)
	}
}
