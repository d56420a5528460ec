package idl_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// FuzzLoad reads any bytes, with two includes at hand: no panic, no endless recursion,
// and either a whole document whose places are right, or errors with a place each.
func FuzzLoad(f *testing.F) {
	f.Add(seed)
	for _, test := range bad {
		f.Add(test.text)
	}
	f.Add("include 'b.thrift' include 'c.thrift' struct S { 1: b.T a = {'c': b.C.X} } service V extends c.B {}")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := files{
			"a.thrift": text,
			"b.thrift": "enum C { X, Y } struct T { 1: C c }",
			"c.thrift": "include 'b.thrift' exception E {} service B { b.T f(1: b.C c) throws (1: E e) }",
		}.load()
		if err != nil {
			checkError(t, err, text)
			return
		}
		checkPlaces(t, doc, text)
		checkTypes(t, doc)
	})
}

// checkError checks that the first error has a place inside its file.
func checkError(t *testing.T, err error, text string) {
	t.Helper()
	var e *idl.Error
	if !errors.As(err, &e) {
		t.Fatalf("not an Error: %v", err)
	}
	if e.Pos.File == "a.thrift" && e.Pos.Line > strings.Count(text, "\n")+1 || e.Pos.Line < 1 || e.Pos.Column < 1 {
		t.Errorf("%v is not in the file", e.Pos)
	}
}

// checkPlaces checks that each name of the document stands at its place.
func checkPlaces(t *testing.T, doc *idl.Document, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	lines[0] = strings.TrimPrefix(lines[0], "\xef\xbb\xbf")
	at := func(pos idl.Pos, name string) {
		if pos.File != doc.Path || pos.Line > len(lines) || !strings.HasPrefix(lines[pos.Line-1][min(pos.Column-1, len(lines[pos.Line-1])):], name) {
			t.Errorf("%s is not at %v", name, pos)
		}
	}
	fields := func(fields []*idl.Field) {
		for _, f := range fields {
			at(f.Pos, f.Name)
		}
	}
	for _, d := range doc.Typedefs {
		at(d.Pos, d.Name)
	}
	for _, c := range doc.Consts {
		at(c.Pos, c.Name)
	}
	for _, e := range doc.Enums {
		at(e.Pos, e.Name)
		for _, v := range e.Values {
			at(v.Pos, v.Name)
		}
	}
	for _, s := range doc.Structs {
		at(s.Pos, s.Name)
		fields(s.Fields)
	}
	for _, s := range doc.Services {
		at(s.Pos, s.Name)
		for _, m := range s.Methods {
			at(m.Pos, m.Name)
			fields(m.Args.Fields)
			fields(m.Throws)
		}
	}
}

// checkTypes checks that every type has what its kind promises.
func checkTypes(t *testing.T, doc *idl.Document) {
	t.Helper()
	seen := map[*idl.Type]bool{}
	var check func(typ *idl.Type)
	check = func(typ *idl.Type) {
		if typ == nil {
			t.Error("a type is missing")
			return
		}
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch typ.Kind {
		case idl.KindMap:
			check(typ.Key)
			check(typ.Elem)
		case idl.KindList, idl.KindSet:
			check(typ.Elem)
		}
		if (typ.Kind == idl.KindStruct) != (typ.Struct != nil) || (typ.Kind == idl.KindEnum) != (typ.Enum != nil) || typ.Name == "" {
			t.Errorf("type %+v", typ)
		}
	}
	fields := func(fields []*idl.Field) {
		for _, f := range fields {
			check(f.Type)
		}
	}
	for _, d := range doc.Typedefs {
		check(d.Type)
	}
	for _, c := range doc.Consts {
		check(c.Type)
		if c.Value == nil || c.Value.Type == nil {
			t.Errorf("constant %s has no value", c.Name)
		}
	}
	for _, s := range doc.Structs {
		fields(s.Fields)
	}
	for _, s := range doc.Services {
		for _, m := range s.Methods {
			fields(m.Args.Fields)
			fields(m.Throws)
			if m.Result != nil {
				check(m.Result)
			}
		}
	}
}

// The places and types of all that Apache Thrift ships are right.
func TestShippedPlaces(t *testing.T) {
	root := module(t)
	for _, name := range []string{
		"tutorial/tutorial.thrift", "tutorial/shared.thrift", "test/ThriftTest.thrift", "test/DebugProtoTest.thrift",
		"lib/netstd/Tests/Thrift.Compile.Tests/CassandraTest.thrift", "lib/rs/test/thrifts/Ultimate.thrift", "contrib/fb303/if/fb303.thrift",
	} {
		path := filepath.Join(root, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := idl.Load(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkPlaces(t, doc, string(text))
		checkTypes(t, doc)
	}
}

// References to references cost no memory: 2^60 elements are two pointers a constant.
func TestReferencesAreShared(t *testing.T) {
	var b strings.Builder
	b.WriteString("typedef list<i32> T0 const T0 C0 = [1, 1]\n")
	for i := range 60 {
		fmt.Fprintf(&b, "typedef map<T%d, T%d> T%d const T%d C%d = {C%d: C%d}\n", i, i, i+1, i+1, i+1, i, i)
	}
	doc := mustLoad(t, b.String())
	if pair := doc.Consts[60].Value.Map[0]; pair.Key != pair.Value {
		t.Error("the two halves are copies")
	}
}

// Equal types written apart are compared without following each path of the two.
func TestTypesComparedOnce(t *testing.T) {
	var b strings.Builder
	b.WriteString("typedef i32 A0 typedef i32 B0\n")
	for i := range 60 {
		fmt.Fprintf(&b, "typedef map<A%d, A%d> A%d typedef map<B%d, B%d> B%d\n", i, i, i+1, i, i, i+1)
	}
	b.WriteString("const A60 ONE = {} const B60 TWO = ONE")
	mustLoad(t, b.String())
}
