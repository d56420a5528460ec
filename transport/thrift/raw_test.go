package thrift

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
)

var argument = oneField(stringType, 1, sample{write: func(p apache.TProtocol) { check(p.WriteString(background, "said")) }})

// A recorded message goes out as it was, with a sequence id of its own and in the spec's transport; its frame's length, if it was
// recorded too, does not count.
func TestReplay(t *testing.T) {
	for _, encoding := range []string{"hex", "base64"} {
		each(t, func(t *testing.T, _ *codec, c carrier, p protocol) {
			k := newCodec(t, func(k *Config) { k.Transport, k.Protocol, k.Raw = carriers[c], p.String(), encoding }).(*codec)
			for _, seq := range []int32{0, -1, 5, 1 << 30} {
				m := message(p, apache.CALL, "text", seq, argument)
				for _, recorded := range [][]byte{m, append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...)} {
					line := hex.EncodeToString(recorded)
					if encoding == "base64" {
						line = base64.StdEncoding.EncodeToString(recorded)
					}
					req := &load.Request{Body: []byte(" " + line + "\n")}
					wire, err := k.AppendRequest(nil, req, nil)
					if err != nil {
						t.Fatalf("%q: %v", recorded, err)
					}
					req.Wire = wire
					want := message(p, apache.CALL, "text", k.seq.Load(), argument)
					if got := wire[len(k.prefix):]; string(got) != string(want) {
						t.Errorf("got  %q\nwant %q", got, want)
					}
					if k.Label(req) != "text" || req.OneWay {
						t.Errorf("label %q, one way %v", k.Label(req), req.OneWay)
					}
				}
			}
		})
	}
}

func TestReplayOneway(t *testing.T) {
	plain, known := newCodec(t, nil), allCodec(t, func(c *Config) { c.Mode = "raw" })
	for _, tt := range []struct {
		codec interface {
			AppendRequest([]byte, *load.Request, *load.Target) ([]byte, error)
		}
		kind   apache.TMessageType
		oneway bool
	}{
		{plain, apache.ONEWAY, true},
		{plain, apache.CALL, false},
		{known, apache.CALL, true}, // Go's clients write one-way calls as calls
	} {
		req := &load.Request{Body: []byte(hex.EncodeToString(message(binaryProtocol, tt.kind, "fire", 1, argument)))}
		if _, err := tt.codec.AppendRequest(nil, req, nil); err != nil || req.OneWay != tt.oneway {
			t.Errorf("kind %d: one way %v, %v", tt.kind, req.OneWay, err)
		}
	}
}

func TestBadRecordings(t *testing.T) {
	whole := message(binaryProtocol, apache.CALL, "text", 1, argument)
	tests := []struct {
		raw, line, want string
	}{
		{"hex", "", "an empty line: expected a recorded message as hex"},
		{"hex", "8001zz", "expected a recorded message as hex: encoding/hex: invalid byte: U+007A 'z'"},
		{"base64", "!", "expected a recorded message as base64: illegal base64 data at input byte 0"},
		{"hex", "82210104", "recorded message: it cannot be read in the binary protocol: another protocol or version"},
		{"hex", "80010001", "recorded message: it cannot be read in the binary protocol: frame ends early"},
		{"hex", hex.EncodeToString(whole[:len(whole)-1]), "recorded message: it cannot be read in the binary protocol: frame ends early"},
		{"hex", hex.EncodeToString(append(whole, 0)), "recorded message: it cannot be read in the binary protocol: bytes behind the message"},
		{"hex", hex.EncodeToString(message(binaryProtocol, apache.REPLY, "text", 1, argument)), "recorded message: kind 2: expected a call (1) or a one-way call (4)"},
	}
	for _, tt := range tests {
		codec := newCodec(t, func(c *Config) { c.Raw = tt.raw })
		_, err := codec.AppendRequest(nil, &load.Request{Body: []byte(tt.line)}, nil)
		if err == nil || err.Error() != "transport/thrift: "+tt.want {
			t.Errorf("%s %q:\ngot  %v\nwant transport/thrift: %s", tt.raw, tt.line, err, tt.want)
		}
	}
}
