package thrift

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// A sample is a value as JSON, in the form that answers have, and as calls of Apache's own library that write it.
type sample struct {
	text  string
	write func(p apache.TProtocol)
}

var background = context.Background()

// check ends the test's run where the oracle itself fails.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// draw makes a sample of type t.
func draw(r *rand.Rand, t *idl.Type, depth int) sample {
	n := r.IntN(4)
	if depth > 3 {
		n = 0
	}
	switch t.Kind {
	case idl.KindStruct:
		return drawStruct(r, t.Struct, depth)
	case idl.KindList, idl.KindSet:
		return drawList(r, t, n, depth)
	case idl.KindMap:
		return drawMap(r, t, n, depth)
	}
	return drawScalar(r, t)
}

func drawScalar(r *rand.Rand, t *idl.Type) sample {
	edge := []int64{0, 1, -1, 63, 64, -64, -65, math.MaxInt8, math.MinInt8}
	whole := func(low, high int64) int64 {
		if r.IntN(3) == 0 {
			return edge[r.IntN(len(edge))]
		}
		if r.IntN(3) == 0 {
			return []int64{low, high}[r.IntN(2)]
		}
		return low + int64(r.Uint64()%uint64(high-low))
	}
	switch t.Kind {
	case idl.KindBool:
		v := r.IntN(2) == 0
		return sample{strconv.FormatBool(v), func(p apache.TProtocol) { check(p.WriteBool(background, v)) }}
	case idl.KindI8:
		v := whole(math.MinInt8, math.MaxInt8)
		return sample{fmt.Sprint(v), func(p apache.TProtocol) { check(p.WriteByte(background, int8(v))) }}
	case idl.KindI16:
		v := whole(math.MinInt16, math.MaxInt16)
		return sample{fmt.Sprint(v), func(p apache.TProtocol) { check(p.WriteI16(background, int16(v))) }}
	case idl.KindI32:
		v := whole(math.MinInt32, math.MaxInt32)
		return sample{fmt.Sprint(v), func(p apache.TProtocol) { check(p.WriteI32(background, int32(v))) }}
	case idl.KindI64:
		v := int64(r.Uint64()) >> r.IntN(64)
		return sample{fmt.Sprint(v), func(p apache.TProtocol) { check(p.WriteI64(background, v)) }}
	case idl.KindEnum:
		v := t.Enum.Values[r.IntN(len(t.Enum.Values))]
		return sample{strconv.Quote(v.Name), func(p apache.TProtocol) { check(p.WriteI32(background, v.Number)) }}
	case idl.KindDouble:
		v := []float64{r.NormFloat64(), 0.1, 1e300, -2.5e-300, math.NaN(), math.Inf(1), math.Inf(-1), 12345}[r.IntN(8)]
		return sample{string(appendDouble(nil, v, false)), func(p apache.TProtocol) { check(p.WriteDouble(background, v)) }}
	case idl.KindUUID:
		var v apache.Tuuid
		for i := range v {
			v[i] = byte(r.Uint32())
		}
		return sample{strconv.Quote(v.String()), func(p apache.TProtocol) { check(p.WriteUUID(background, v)) }}
	case idl.KindBinary:
		v := make([]byte, r.IntN(40))
		for i := range v {
			v[i] = byte(r.Uint32())
		}
		return sample{strconv.Quote(base64.StdEncoding.EncodeToString(v)), func(p apache.TProtocol) { check(p.WriteBinary(background, v)) }}
	}
	letters := []rune("abc XYZ0\"\\\n\té😀/")
	var s strings.Builder
	for range r.IntN(200) {
		s.WriteRune(letters[r.IntN(len(letters))])
	}
	text := s.String()
	return sample{
		`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(text) + `"`,
		func(p apache.TProtocol) { check(p.WriteString(background, text)) },
	}
}

func drawList(r *rand.Rand, t *idl.Type, n, depth int) sample {
	if depth < 2 && r.IntN(4) == 0 {
		n = 14 + r.IntN(3) // around where the compact protocol changes
	}
	var items []sample
	var texts []string
	for range n {
		s := draw(r, t.Elem, depth+1)
		items, texts = append(items, s), append(texts, s.text)
	}
	return sample{"[" + strings.Join(texts, ",") + "]", func(p apache.TProtocol) {
		if t.Kind == idl.KindSet {
			check(p.WriteSetBegin(background, apache.TType(wireType(t.Elem)), n))
		} else {
			check(p.WriteListBegin(background, apache.TType(wireType(t.Elem)), n))
		}
		for _, s := range items {
			s.write(p)
		}
		check(p.WriteListEnd(background))
	}}
}

func drawMap(r *rand.Rand, t *idl.Type, n, depth int) sample {
	var keys, values []sample
	var texts []string
	pairs := t.Key.Kind == idl.KindStruct || t.Key.Kind == idl.KindList
	seen := map[string]bool{}
	for range n {
		k, v := draw(r, t.Key, depth+1), draw(r, t.Elem, depth+1)
		if seen[k.text] {
			continue
		}
		seen[k.text] = true
		keys, values = append(keys, k), append(values, v)
		switch {
		case pairs:
			texts = append(texts, "["+k.text+","+v.text+"]")
		case k.text[0] == '"':
			texts = append(texts, k.text+":"+v.text)
		default:
			texts = append(texts, `"`+k.text+`":`+v.text)
		}
	}
	brackets := "{}"
	if pairs {
		brackets = "[]"
	}
	return sample{brackets[:1] + strings.Join(texts, ",") + brackets[1:], func(p apache.TProtocol) {
		check(p.WriteMapBegin(background, apache.TType(wireType(t.Key)), apache.TType(wireType(t.Elem)), len(keys)))
		for i := range keys {
			keys[i].write(p)
			values[i].write(p)
		}
		check(p.WriteMapEnd(background))
	}}
}

func drawStruct(r *rand.Rand, s *idl.Struct, depth int) sample {
	only := -1
	if s.Kind == idl.Union {
		only = r.IntN(len(s.Fields))
	}
	var texts []string
	var fields []*idl.Field
	var values []sample
	for i, f := range s.Fields {
		if only >= 0 && i != only || only < 0 && f.Requiredness == idl.Optional && (depth > 2 || r.IntN(2) == 0) {
			continue
		}
		v := draw(r, f.Type, depth+1)
		fields, values = append(fields, f), append(values, v)
		texts = append(texts, `"`+f.Name+`":`+v.text)
	}
	return sample{"{" + strings.Join(texts, ",") + "}", func(p apache.TProtocol) {
		check(p.WriteStructBegin(background, s.Name))
		for i, f := range fields {
			check(p.WriteFieldBegin(background, f.Name, apache.TType(wireType(f.Type)), f.ID))
			values[i].write(p)
			check(p.WriteFieldEnd(background))
		}
		check(p.WriteFieldStop(background))
		check(p.WriteStructEnd(background))
	}}
}

// message writes a message with Apache's library, without a frame.
func message(p protocol, kind apache.TMessageType, name string, seq int32, body func(apache.TProtocol)) []byte {
	buf := apache.NewTMemoryBuffer()
	proto := apacheProtocol(p, buf)
	check(proto.WriteMessageBegin(background, name, kind, seq))
	body(proto)
	check(proto.WriteMessageEnd(background))
	check(proto.Flush(background))
	return buf.Bytes()
}

func apacheProtocol(p protocol, t apache.TTransport) apache.TProtocol {
	switch p {
	case binaryProtocol:
		return apache.NewTBinaryProtocolConf(t, nil)
	case compactProtocol:
		return apache.NewTCompactProtocolConf(t, nil)
	}
	return apache.NewTJSONProtocol(t)
}

// oneField writes a struct with one field: arguments, or a result.
func oneField(t *idl.Type, id int16, s sample) func(apache.TProtocol) {
	return func(p apache.TProtocol) {
		check(p.WriteStructBegin(background, ""))
		if t != nil {
			check(p.WriteFieldBegin(background, "", apache.TType(wireType(t)), id))
			s.write(p)
			check(p.WriteFieldEnd(background))
		}
		check(p.WriteFieldStop(background))
		check(p.WriteStructEnd(background))
	}
}

// Random values of all types: what we write is, byte for byte, what Apache's library writes, and what it writes we read.
func TestAgainstApache(t *testing.T) {
	for _, file := range []string{"testdata/all.thrift", "testdata/uuid.thrift"} {
		doc, err := idl.Load(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := doc.Services[len(doc.Services)-1].Method("echo")
		for p := range jsonProtocol + 1 {
			codec := newCodec(t, func(c *Config) {
				c.IDL, c.Service, c.Protocol, c.Transport = file, doc.Services[len(doc.Services)-1].Name, p.String(), "buffered"
			})
			conn := codec.NewConn()
			r := rand.New(rand.NewPCG(1, uint64(p)))
			for i := range 400 {
				s := draw(r, m.Result, 0)
				seq := int32(i + 1)
				want := message(p, apache.CALL, "echo", seq, oneField(m.Result, 1, s))
				req := &load.Request{Method: []byte("echo"), Body: []byte(`{"v": ` + s.text + `}`)}
				wire, err := codec.AppendRequest(nil, req, nil)
				if err != nil {
					t.Fatalf("%s: %s: %v", p, s.text, err)
				}
				if string(wire) != string(want) {
					t.Fatalf("%s: %s:\ngot  %q\nwant %q", p, s.text, wire, want)
				}
				req.Wire = wire
				answer := message(p, apache.REPLY, "echo", seq, oneField(m.Result, 0, s))
				got := feed(t, conn, req, answer, r.IntN(len(answer)+1))
				if got.err != nil || got.status != "ok" || got.content != `{"success":`+s.text+`}` {
					t.Fatalf("%s: %q:\ngot  %+v\nwant %s", p, answer, got, s.text)
				}
			}
		}
	}
}
