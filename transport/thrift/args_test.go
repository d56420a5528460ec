package thrift

import (
	"strings"
	"testing"

	apache "github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/load"
)

func allCodec(tb testing.TB, change func(*Config)) *codec {
	tb.Helper()
	return newCodec(tb, func(c *Config) {
		c.IDL, c.Service = "testdata/all.thrift", "All"
		if change != nil {
			change(c)
		}
	}).(*codec)
}

// What does not fit the IDL is refused with the place in the arguments, what was expected and what stands there.
func TestArgumentsThatDoNotFit(t *testing.T) {
	tests := []struct{ method, body, want string }{
		{"ad", `{}`, `method "ad": service All has no such method; did you mean "add"?`},
		{"nothing like it", `{}`, `method "nothing like it": service All has no such method`},
		{"add", `{"a": 1}`, `method add: args.b: missing; expected i32`},
		{"add", `{"a": 1, "b": null}`, `method add: args.b: missing; expected i32`},
		{"add", `{"a": 1, "bb": 2}`, `method add: args.bb: the method has no such argument; did you mean "b"?`},
		{"add", `{"a": 1, "b": "2"}`, `method add: args.b: expected i32, found "2"`},
		{"add", `{"a": 1, "b": 2.0}`, `method add: args.b: expected i32, found 2.0`},
		{"add", `{"a": 1, "b": 2147483648}`, `method add: args.b: expected i32, found 2147483648, which does not fit into 32 bits`},
		{"add", `{"a": 1, "b": 123456789012345678901}`, `method add: args.b: expected i32, found 123456789012345678901, which does not fit into 32 bits`},
		{"add", `{"a": 1, "b": 1, "a": 3}`, `method add: args.a: given twice`},
		{"add", `[1, 2]`, `method add: args: expected an object with the arguments by name, found a list`},
		{"add", `{"a": 1, "b": }`, `not JSON: '}' at byte 15, where a value is expected`},
		{"add", `{"a": 1, "b": 2`, `not JSON: it ends at byte 16, where "," or "}" is expected`},
		{"add", `{"a": 1, "b": 02}`, `not JSON: '0' at byte 15, where a number without zeros before it is expected`},
		{"add", `{"a": 1} x`, `not JSON: 'x' at byte 10, where nothing more after the value is expected`},
		{"text", `{"s": 5}`, `method text: args.s: expected string, found 5`},
		{"text", `{"s": "a` + "\n" + `"}`, `not JSON: '\n' at byte 9, where no control character, but an escape such as \n is expected`},
		{"text", `{"s": "\x"}`, `not JSON: 'x' at byte 9, where an escape such as \n or \u00e9 is expected`},
		{"echo", `{"v": {"inner": {"name": "x"}}}`, `method echo: args.v.inner.id: missing; it is required by struct Inner, as i32`},
		{"echo", `{"v": {"numbers": [1, 2, 3, true]}}`, `method echo: args.v.numbers[3]: expected i32, found true`},
		{"echo", `{"v": {"nested": [["a"], ["b", {}]]}}`, `method echo: args.v.nested[1][1]: expected string, found an object`},
		{"echo", `{"v": {"numbers": {"a": 1}}}`, `method echo: args.v.numbers: expected list<i32>, found an object`},
		{"echo", `{"v": {"groups": {"g": [{"id": 1}, {"id": "x"}]}}}`, `method echo: args.v.groups["g"][1].id: expected i32, found "x"`},
		{"echo", `{"v": {"byId": {"one": {"id": 1}}}}`, `method echo: args.v.byId[0].key: expected i32, found "one"`},
		{"echo", `{"v": {"byId": [[1, {"id": 1}], [2]]}}`, `method echo: args.v.byId[1]: expected [key, value], found a list`},
		{"echo", `{"v": {"byId": 3}}`, `method echo: args.v.byId: expected map<i32, Inner> as an object or a list of [key, value], found 3`},
		{"echo", `{"v": {"either": {}}}`, `method echo: args.v.either: union Either: expected exactly one of its fields, found 0`},
		{"echo", `{"v": {"either": {"number": 1, "text": "x"}}}`, `method echo: args.v.either: union Either: expected exactly one of its fields, found 2`},
		{"echo", `{"v": {"either": {"numbr": 1}}}`, `method echo: args.v.either.numbr: union Either has no such field; did you mean "number"?`},
		{"echo", `{"v": {"color": "REDD"}}`, `method echo: args.v.color: expected a member of enum Color, found "REDD"; did you mean "RED"?`},
		{"echo", `{"v": {"color": 3}}`, `method echo: args.v.color: expected a member of enum Color, found 3, which is none's number`},
		{"echo", `{"v": {"color": []}}`, `method echo: args.v.color: expected a member of enum Color, by name or number, found a list`},
		{"echo", `{"v": {"blob": "a!"}}`, `method echo: args.v.blob: expected binary as base64, found "a!"`},
		{"echo", `{"v": {"real": "1.5"}}`, `method echo: args.v.real: expected double (or "NaN", "Infinity", "-Infinity"), found "1.5"`},
		{"echo", `{"v": {"real": 1e999}}`, `method echo: args.v.real: expected double, found 1e999, which does not fit into 64 bits`},
		{"echo", `{"v": {"flag": 1}}`, `method echo: args.v.flag: expected bool, found 1`},
		{"echo", `{"v": {"inner": 7}}`, `method echo: args.v.inner: expected struct Inner as an object, found 7`},
		{"", `{"args": {}}`, `no method: expected a record with one, or a line such as {"method": "echo", "args": {…}}`},
		{"", `{"method": 5}`, `method: expected a name, found 5`},
		{"", `{"method": "ping", "arg": {}}`, `"arg": expected method and args only`},
		{"", `{"method": "add", "args": {"a": 1}}`, `method add: args.b: missing; expected i32`},
		{"", strings.Repeat("[", 100), `values in one another more than 64 deep`},
	}
	codec := allCodec(t, nil)
	for _, tt := range tests {
		wire, err := codec.AppendRequest([]byte("kept"), &load.Request{Method: []byte(tt.method), Body: []byte(tt.body)}, nil)
		if err == nil || err.Error() != "transport/thrift: "+tt.want || string(wire) != "kept" {
			t.Errorf("%s %s:\ngot  %v, %q\nwant transport/thrift: %s", tt.method, tt.body, err, wire, tt.want)
		}
	}
}

func TestUUIDThatDoesNotFit(t *testing.T) {
	codec := newCodec(t, func(c *Config) { c.IDL = "testdata/uuid.thrift" })
	for _, id := range []string{`"x"`, `5`, `"123e4567-e89b-12d3-a456-42661417400g"`, `"123e4567ae89b-12d3-a456-426614174000"`} {
		_, err := codec.AppendRequest(nil, &load.Request{Method: []byte("echo"), Body: []byte(`{"v": {"id": ` + id + `}}`)}, nil)
		if want := "args.v.id: expected uuid such as 123e4567-e89b-12d3-a456-426614174000, found " + id; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want …%s", err, want)
		}
	}
}

// What may be written in several ways comes out the same.
func TestFormsOfArguments(t *testing.T) {
	codec := allCodec(t, func(c *Config) { c.Transport = "buffered" })
	tests := [][]string{
		{`{"v": {"color": "DEEP_BLUE"}}`, `{"v": {"color": -7}}`},
		{`{"v": {"byId": {"3": {"id": 1}}}}`, `{"v": {"byId": [[3, {"id": 1}]]}}`},
		{`{"v": {"counts": {"\u00e9\ud83d\ude00": 1}}}`, `{"v": {"counts": [["é😀", 1]]}}`},
		{`{"v": {"byFlag": {"true": 1}}}`, `{"v": {"byFlag": [[true, "RED"]]}}`, `{"v":{"byFlag":{"true":"RED"}}}`},
		{`{"v": {"byReal": {"1.5": "a"}}}`, `{"v": {"byReal": [[15e-1, "a"]]}}`},
		{`{"v": {"words": {"RED": ["a"]}}}`, `{"v": {"words": {"1" : ["a"]}}}`, `{"v": {"words": [["RED", ["a"]]]}}`},
		{`{"v": {"large": 9007199254740993}}`, `{"v": {"large": "9007199254740993"}}`},
		{`{"v": {"large": -9223372036854775808}}`, `{"v": {"large": "-9223372036854775808"}}`},
		{`{"v": {"blob": "YQ=="}}`, `{"v": {"blob": "YQ"}}`},
		{`{"v": {"numbers": []}}`, ` { "v" : { "numbers" : [ ] , "text" : null } } `},
		{`{"v": {"numbers": [1], "text": "x"}}`, `{"v": {"text": "x", "numbers": [1]}}`, `{"v":{"text":"\u0078","n\u0075mbers":[1]}}`},
	}
	for _, forms := range tests {
		var first string
		for i, f := range forms {
			wire, err := codec.AppendRequest(nil, &load.Request{Method: []byte("echo"), Body: []byte(f)}, nil)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			h, _, _ := codec.readHead(&reader{}, wire)
			if rest := string(wire[h.body:]); i == 0 {
				first = rest
			} else if rest != first {
				t.Errorf("%s:\ngot  %q\nwant %q", f, rest, first)
			}
		}
	}
}

// Defaults are written as Apache's generated code writes them; optional fields without a value are not.
func TestDefaults(t *testing.T) {
	for p := range jsonProtocol + 1 {
		codec := allCodec(t, func(c *Config) { c.Transport, c.Protocol = "buffered", p.String() })
		req := &load.Request{Body: []byte(`{"method": "defaults", "args": {"d": {"name": "y"}}}`)}
		got, err := codec.AppendRequest(nil, req, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := message(p, apache.CALL, "defaults", 1, writeDefaults)
		if string(got) != string(want) {
			t.Errorf("%s:\ngot  %q\nwant %q", p, got, want)
		}
	}
}

func writeDefaults(p apache.TProtocol) {
	field := func(t apache.TType, id int16, write func() error) {
		check(p.WriteFieldBegin(background, "", t, id))
		check(write())
		check(p.WriteFieldEnd(background))
	}
	structure := func(fields func()) error {
		check(p.WriteStructBegin(background, ""))
		fields()
		check(p.WriteFieldStop(background))
		return p.WriteStructEnd(background)
	}
	check(structure(func() {
		field(apache.STRUCT, 1, func() error {
			return structure(func() {
				field(apache.I32, 1, func() error { return p.WriteI32(background, 7) })
				field(apache.STRING, 2, func() error { return p.WriteString(background, "y") })
				field(apache.BOOL, 4, func() error { return p.WriteBool(background, true) })
				field(apache.LIST, 5, func() error {
					check(p.WriteListBegin(background, apache.I32, 2))
					check(p.WriteI32(background, 1))
					check(p.WriteI32(background, 2))
					return p.WriteListEnd(background)
				})
				field(apache.MAP, 6, func() error {
					check(p.WriteMapBegin(background, apache.STRING, apache.DOUBLE, 1))
					check(p.WriteString(background, "a"))
					check(p.WriteDouble(background, 0.5))
					return p.WriteMapEnd(background)
				})
				field(apache.STRUCT, 7, func() error {
					return structure(func() { field(apache.I32, 1, func() error { return p.WriteI32(background, 3) }) })
				})
			})
		})
		field(apache.I32, 2, func() error { return p.WriteI32(background, 5) })
	}))
}

func TestOneway(t *testing.T) {
	codec := allCodec(t, nil)
	req := &load.Request{Method: []byte("fire"), Body: []byte(`{"s": "x"}`)}
	wire, err := codec.AppendRequest(nil, req, nil)
	if err != nil || !req.OneWay || wire[7] != kindOneway {
		t.Errorf("one way %v, %q, %v", req.OneWay, wire, err)
	}
	req = &load.Request{Method: []byte("text"), Body: []byte(`{"s": "x"}`), OneWay: true}
	if wire, err = codec.AppendRequest(nil, req, nil); err != nil || req.OneWay || wire[7] != kindCall {
		t.Errorf("one way %v, %q, %v", req.OneWay, wire, err)
	}
}
