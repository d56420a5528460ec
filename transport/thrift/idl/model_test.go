package idl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// text writes a value as JSON-like text, with enums as numbers.
func text(v *idl.Value) string {
	if v == nil {
		return "nil"
	}
	var parts []string
	switch v.Type.Kind {
	case idl.KindDouble:
		return fmt.Sprint(v.Double)
	case idl.KindString, idl.KindBinary:
		return fmt.Sprintf("%q", v.Bytes)
	case idl.KindUUID:
		return fmt.Sprintf("%x", v.Bytes)
	case idl.KindList, idl.KindSet:
		for _, e := range v.List {
			parts = append(parts, text(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case idl.KindMap:
		for _, p := range v.Map {
			parts = append(parts, text(p.Key)+":"+text(p.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case idl.KindStruct:
		for _, f := range v.Fields {
			parts = append(parts, f.Field.Name+":"+text(f.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	default:
		return fmt.Sprint(v.Int)
	}
}

func TestValues(t *testing.T) {
	const before = `
		enum Color { RED = 1, GREEN }
		typedef i32 Number
		typedef Number Again
		struct Point { 1: i32 x; 2: double y = 1; 3: Point next }
		union Either { 1: i32 left 2: string right }
		exception Oops { 1: string why }
		const i32 FIVE = 5
		const list<Number> LIST = [1, FIVE]
		const set<i32> SET = [1]
		const map<string, list<i32>> MAP = {"a": [1]}
	`
	for _, test := range []struct{ typ, value, want string }{
		{"bool", "true", "1"},
		{"bool", "0", "0"},
		{"bool", "-3", "1"},
		{"i8", "-128", "-128"},
		{"byte", "0x7f", "127"},
		{"i16", "+32767", "32767"},
		{"i32", "-0x10", "-16"},
		{"i32", "007", "7"},
		{"i32", "false", "0"},
		{"i64", "-9223372036854775808", "-9223372036854775808"},
		{"i64", "0x7FFFFFFFFFFFFFFF", "9223372036854775807"},
		{"Again", "FIVE", "5"},
		{"i32", "Color.GREEN", "2"},
		{"double", "1", "1"},
		{"double", "-.5e+3", "-500"},
		{"double", "1E2", "100"},
		{"double", "FIVE", "5"},
		{"double", "1e999", "+Inf"},
		{"string", `"a\n\t\r\"\'\\b"`, `"a\n\t\r\"'\\b"`},
		{"string", `'it is "so"'`, `"it is \"so\""`},
		{"binary", `"é"`, `"é"`},
		{"uuid", `"01234567-89ab-cdef-0123-456789ABCDEF"`, "0123456789abcdef0123456789abcdef"},
		{"uuid", `"{01234567-89ab-cdef-0123-456789abcdef}"`, "0123456789abcdef0123456789abcdef"},
		{"Color", "Color.RED", "1"},
		{"Color", "2", "2"},
		{"list<Number>", "[FIVE 1, 2; Color.RED]", "[5 1 2 1]"},
		{"list<i32>", "LIST", "[1 5]"},
		{"list<i32>", "{}", "[]"},
		{"set<string>", `["a", "b", "a"]`, `["a" "b"]`},
		{"set<Number>", "SET", "[1]"},
		{"map<Color, list<i32>>", "{1: [1], Color.GREEN: []}", "{1:[1] 2:[]}"},
		{"map<double, i32>", "{1: 1, 1.0: 2}", "{1:2}"},
		{"map<string, list<Number>>", "MAP", `{"a":[1]}`},
		{"map<i32, i32>", "[]", "{}"},
		{"map<list<i32>, i32>", "{[1]: 1, [1]: 2}", "{[1]:1 [1]:2}"},
		{"Point", `{"y": FIVE, "next": {"x": 1}, "x": 0, "x": 2}`, "{y:5 next:{x:1} x:2}"},
		{"Either", `{"right": "r"}`, `{right:"r"}`},
		{"Oops", `{"why": "not"}`, `{why:"not"}`},
	} {
		doc := mustLoad(t, before+"const "+test.typ+" X = "+test.value)
		c := doc.Consts[len(doc.Consts)-1]
		if got := text(c.Value); got != test.want || c.Name != "X" {
			t.Errorf("%s = %s: got %s, want %s", test.typ, test.value, got, test.want)
		}
	}
}

func TestStructs(t *testing.T) {
	doc := mustLoad(t, `
		struct S {
			5: required Later a,
			i32 b
			-7: optional list<map<S, set<binary>>> cpp_type "x" c = [];
			3: i32 & string (a = "b")
			0: i32 list
		} (final)
		union Later { 1: required i32 x, 2: S y }
		typedef Later Alias
		exception E { 1: Alias a }
	`)
	s := doc.Structs[0]
	var got []string
	for _, f := range s.Fields {
		got = append(got, fmt.Sprint(f.ID, " ", f.Requiredness, " ", f.Type, " ", f.Name))
		if s.Field(f.Name) != f || s.FieldByID(f.ID) != f {
			t.Errorf("lookup of %s", f.Name)
		}
	}
	want := "-3 default i32 list|-2 optional list<map<S, set<binary>>> c|-1 default i32 b|3 default i32 string|5 required Later a"
	if g := strings.Join(got, "|"); g != want {
		t.Errorf("fields\n got %s\nwant %s", g, want)
	}
	if s.Field("z") != nil || s.FieldByID(9) != nil {
		t.Error("found a field that is not there")
	}
	later := s.Field("a").Type.Struct
	if later != doc.Structs[1] || later.Kind != idl.Union || later.Fields[0].Requiredness != idl.Optional {
		t.Errorf("later %+v", later)
	}
	if elem := s.Field("c").Type.Elem; elem.Key.Struct != s || elem.Elem.Elem.Kind != idl.KindBinary {
		t.Errorf("elements %+v", elem)
	}
	alias := doc.Structs[2].Fields[0].Type
	if alias.Name != "Alias" || alias.Kind != idl.KindStruct || alias.Struct != later || doc.Structs[2].Kind != idl.Exception {
		t.Errorf("alias %+v", alias)
	}
	if d := s.Field("c").Default; d == nil || d.Type.Kind != idl.KindList || s.Field("b").Default != nil {
		t.Errorf("default %+v", d)
	}
}

func TestEnums(t *testing.T) {
	e := mustLoad(t, "enum E { A, B = 5 (x), C; D = 0x10, E = -1 F; G = 5 }").Enums[0]
	want := map[string]int32{"A": 0, "B": 5, "C": 6, "D": 16, "E": -1, "F": 0, "G": 5}
	for _, v := range e.Values {
		if n, ok := e.Number(v.Name); !ok || n != want[v.Name] || v.Number != n {
			t.Errorf("%s = %d", v.Name, v.Number)
		}
	}
	if name, ok := e.NameOf(5); !ok || name != "B" {
		t.Errorf("5 is %s", name)
	}
	if _, ok := e.NameOf(99); ok || len(e.Values) != len(want) {
		t.Errorf("values %v", e.Values)
	}
}

func TestServices(t *testing.T) {
	doc := mustLoad(t, `
		exception Oops { 1: string why }
		service Base { void ping(), async void note(1: optional i32 n) }
		service Draw extends Base {
			map<i32, string> draw(2: i32 b = 5, 1: required string a) throws (2: Oops y 1: required Oops x) (k = "v");
		}
		service More extends Draw { }
	`)
	more := doc.Service("More")
	if doc.Service("None") != nil || more.Extends != doc.Service("Draw") || len(more.Methods) != 0 || more.Method("none") != nil {
		t.Errorf("service %+v", more)
	}
	note := more.Method("note")
	if !note.Oneway || note.Result != nil || note.Args.Fields[0].Requiredness != idl.Default || more.Method("ping").Oneway {
		t.Errorf("note %+v", note)
	}
	draw := more.Method("draw")
	if draw.Result.Name != "map<i32, string>" || draw.Args.Name != "draw_args" || draw.Args.Fields[0].Name != "a" ||
		draw.Args.Field("a").Requiredness != idl.Required || text(draw.Args.Field("b").Default) != "5" {
		t.Errorf("draw %+v", draw)
	}
	if draw.Thrown(1).Name != "x" || draw.Thrown(2).Name != "y" || draw.Thrown(3) != nil || draw.Thrown(1).Requiredness != idl.Default {
		t.Errorf("throws %+v", draw.Throws)
	}
}

func TestIncludes(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"main.thrift": `
			include "sub/one.thrift"
			include "sub/one.thrift"
			include "two.parts.thrift"
			namespace go main (x = "y")
			namespace * any
			struct S { 1: one.Num a = one.FIVE; 2: two.parts.T b = {"c": two.parts.C.X}, 3: list<one.Num> d = one.LIST }
			service Main extends one.Base { two.parts.T get() throws (1: one.Oops o) }
			const i32 X = two.parts.C.Y
		`,
		"sub/one.thrift": `
			include "two.parts.thrift"
			typedef i32 Num const Num FIVE = 5 const list<Num> LIST = [FIVE]
			exception Oops {} service Base { void ping(1: two.parts.T t) }`,
		"inc/two.parts.thrift": "enum C { X Y } struct T { 1: C c }",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := idl.Load(filepath.Join(dir, "main.thrift"), []string{filepath.Join(dir, "none"), filepath.Join(dir, "inc")})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Name != "main" || doc.Namespaces["go"] != "main" || doc.Namespaces["*"] != "any" || len(doc.Includes) != 2 {
		t.Errorf("document %+v", doc)
	}
	s := doc.Structs[0]
	if text(s.Field("a").Default) != "5" || text(s.Field("b").Default) != "{c:0}" || text(s.Field("d").Default) != "[5]" {
		t.Errorf("defaults %s %s %s", text(s.Field("a").Default), text(s.Field("b").Default), text(s.Field("d").Default))
	}
	main := doc.Service("Main")
	two := doc.Includes[1].Structs[0]
	if main.Method("ping").Args.Fields[0].Type.Struct != two || main.Method("get").Result.Struct != two {
		t.Error("a file included twice has two models")
	}
	if main.Method("get").Throws[0].Type.Name != "one.Oops" || s.Field("a").Type.Name != "one.Num" || text(doc.Consts[0].Value) != "1" {
		t.Errorf("names %v", s.Field("a").Type)
	}
}

// A type of one's own may be called uuid, as the compiler of 0.17 lets it.
func TestUUID(t *testing.T) {
	if k := mustLoad(t, "struct S { 1: uuid (a) uuid }").Structs[0].Fields[0].Type.Kind; k != idl.KindUUID {
		t.Errorf("kind %v", k)
	}
	if k := mustLoad(t, "typedef string uuid struct S { 1: uuid uuid }").Structs[0].Fields[0].Type.Kind; k != idl.KindString {
		t.Errorf("kind %v", k)
	}
}

func TestDocs(t *testing.T) {
	doc := mustLoad(t, "\xef\xbb\xbf"+`/**
 * The file.
 *
 *   Indented.
 */
namespace go x /***/ # a comment
/* no doc */ /** stale */ // another
/** An enum. */
enum E { /** first */ A, B /** C's */ C } /* between */
/**** stars ****/
/** Lines
    without stars. */
struct S { /** the field */ 1: i32 a }
service V { /** the method */ void f(/** arg */ 1: i32 b) /**/ }
/** a const */ const i32 X = 1 /** a typedef */ typedef i32 T /** left over */
`)
	for _, test := range []struct{ got, want string }{
		{doc.Doc, "The file.\n\n  Indented."},
		{doc.Enums[0].Doc, "An enum."},
		{doc.Enums[0].Values[0].Doc, "first"},
		{doc.Enums[0].Values[1].Doc, ""},
		{doc.Enums[0].Values[2].Doc, "C's"},
		{doc.Structs[0].Doc, "Lines\nwithout stars."},
		{doc.Structs[0].Fields[0].Doc, "the field"},
		{doc.Services[0].Doc, ""},
		{doc.Services[0].Methods[0].Doc, "the method"},
		{doc.Services[0].Methods[0].Args.Fields[0].Doc, "arg"},
		{doc.Consts[0].Doc, "a const"},
		{doc.Typedefs[0].Doc, "a typedef"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// Every form of annotation and every legacy word is taken where the compiler takes it.
func TestAccepted(t *testing.T) {
	for _, text := range []string{
		"", "\r\n\t ", "# c\n// d", "// no line end",
		"cpp_include '<x>' namespace smalltalk.prefix x",
		"typedef i32 (a, b = 'c'; d) T (e), typedef map cpp_type 'm' <i32, i32> (f) M;",
		"enum E { A = 1 (a = 'b'), B (c); } (d)",
		"struct S xsd_all { 1: list<i32> cpp_type 'x' (a) b xsd_optional xsd_nillable xsd_attrs { 1: i32 c } (d), }",
		"union U xsd_all {} exception E {} (x)",
		"service S { void f() (a) void g() throws () (b = 'c'), } (d)",
		"enum E { A } const i32 E = 1",
	} {
		if _, err := (files{"a.thrift": text}).load(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if strings.Contains(text, "map cpp_type") || strings.Contains(text, "include '<") {
			continue
		}
		if err := compile(t, write(t, "a.thrift", text)); err != nil {
			t.Errorf("the compiler refuses %s: %v", text, err)
		}
	}
}

func TestWords(t *testing.T) {
	for k, want := range map[fmt.Stringer]string{
		idl.KindBool: "bool", idl.KindI8: "i8", idl.KindMap: "map", idl.KindUUID: "uuid", idl.Kind(0): "kind 0", idl.Kind(99): "kind 99",
		idl.Union: "union", idl.PlainStruct: "struct", idl.Exception: "exception",
		idl.Default: "default", idl.Required: "required", idl.Optional: "optional",
		idl.Pos{File: "f", Line: 1, Column: 2}: "f:1:2",
	} {
		if k.String() != want {
			t.Errorf("got %s, want %s", k, want)
		}
	}
}
