package idl_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// files is a set of files to load from, by path.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	text, ok := f[path]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
	}
	return []byte(text), nil
}

// load loads a.thrift from files, with the include folders /inc and /more.
func (f files) load() (*idl.Document, error) {
	return idl.LoadFrom(f.read, "a.thrift", []string{"/inc", "/more"})
}

// mustLoad loads one file of this text.
func mustLoad(t *testing.T, text string) *idl.Document {
	t.Helper()
	doc, err := files{"a.thrift": text}.load()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// complaint is the text of an error without the package's name.
func complaint(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "transport/thrift/idl: ", "")
}

const color = "enum Color { RED = 1, GREEN }\n"

var bad = []struct{ text, want string }{
	// Bytes and literals.
	{"\f", `a.thrift:1:1: unexpected byte 0x0c`},
	{"struct S {\n\t1: i32 a @ }", `a.thrift:2:11: unexpected character '@'`},
	{"const double X = 1.", `a.thrift:1:19: unexpected character '.'`},
	{"const i32 X = -", `a.thrift:1:15: unexpected character '-'`},
	{"const i64 X = 9223372036854775808", `a.thrift:1:15: the integer 9223372036854775808 does not fit 64 bits`},
	{"const i64 X = 0xFFFFFFFFFFFFFFFF", `a.thrift:1:15: the integer 0xFFFFFFFFFFFFFFFF does not fit 64 bits`},
	{"const string X = \"ab\ncd\"", `a.thrift:1:18: the string is not closed on its line: add "`},
	{"const string X = 'ab", `a.thrift:1:18: the string is not closed on its line: add '`},
	{`const string X = "a\x41"`, `a.thrift:1:20: unknown escape \x: the escapes are \n, \r, \t, \", \' and \\`},
	{"const string X = 'a\\\x01'", `a.thrift:1:20: unknown escape \<byte 0x01>: the escapes are \n, \r, \t, \", \' and \\`},
	{"const string X = 'a\\", `a.thrift:1:18: the string is not closed on its line: add '`},
	{"const i32 X = 1e", `a.thrift:1:16: expected a definition (typedef, const, enum, struct, union, exception or service), found "e"`},
	{"const i32 X = 1e+", `a.thrift:1:16: expected a definition (typedef, const, enum, struct, union, exception or service), found "e"`},
	{"\n/* no end", `a.thrift:2:1: the comment is not closed: add */`},
	{"/** no end *", `a.thrift:1:1: the comment is not closed: add */`},

	// Syntax.
	{"strct S {}", `a.thrift:1:1: expected a definition (typedef, const, enum, struct, union, exception or service), found "strct"`},
	{"senum S {}", `a.thrift:1:1: expected a definition (typedef, const, enum, struct, union, exception or service), found "senum"; there is no senum any more: use string or an enum`},
	{"cpp_namespace x", `a.thrift:1:1: expected a definition (typedef, const, enum, struct, union, exception or service), found "cpp_namespace"; write: namespace cpp NAME`},
	{"struct S {};", `a.thrift:1:12: unexpected ";": only a typedef and a const may end in it, remove it`},
	{"struct S {}\ninclude 'b.thrift'", `a.thrift:2:1: include must stand before all definitions: move it to the top of the file`},
	{"include b", `a.thrift:1:9: expected the path of the file to include, a string, found "b"`},
	{`namespace "go" x`, `a.thrift:1:11: expected a language or "*", found the string "go"`},
	{"struct list {}", `a.thrift:1:8: expected the struct's name, found the keyword "list", which cannot be a name here: rename it`},
	{"struct a.b {}", `a.thrift:1:8: the struct's name cannot have a dot, as "a.b" has: dots stand only between an include's name and what it defines`},
	{"enum E { a.b }", `a.thrift:1:10: a member's name cannot have a dot, as "a.b" has`},
	{"enum E { A = x }", `a.thrift:1:14: expected the member's number, an integer, found "x"`},
	{"enum E { A = 2147483647, B }", `a.thrift:1:26: the number 2147483648 of enum member B does not fit 32 bits`},
	{"struct S { 1: i32 a", `a.thrift:1:20: expected "}" after the fields, found the end of the file`},
	{"struct S { 1 i32 a }", `a.thrift:1:14: expected ":" after the field's id, found the keyword "i32"`},
	{"struct S { 1: void a }", `a.thrift:1:15: expected "}" or a field (ID: TYPE NAME), found void, which only a method can give`},
	{"struct S { 1: map<i32> a }", `a.thrift:1:22: expected "," after the type of the map's keys, found ">"`},
	{"struct S { 1: i32 a (b = 1) }", `a.thrift:1:26: expected an annotation's value, a string, found the number 1`},
	{"struct S { 1: i32 a,, }", `a.thrift:1:21: expected "}" or a field (ID: TYPE NAME), found ","`},
	{"service S { f() }", `a.thrift:1:14: expected the method's name, found "("`},
	{"service S { void f }", `a.thrift:1:20: expected "(" and arguments after the method's name, found "}"`},
	{"const list<i32> X = [1, 2", `a.thrift:1:26: expected "]" after the list's values, found the end of the file`},
	{"const i32 X 5", `a.thrift:1:13: expected "=" after the constant's name, found the number 5`},
	{"const map<i32, i32> X = {1, 2}", `a.thrift:1:27: expected ":" after the key, found ","`},
	{"typedef " + strings.Repeat("list<", 100) + "i32", `a.thrift:1:329: types nested more than 64 deep`},
	{"const i32 X = " + strings.Repeat("[", 100), `a.thrift:1:79: values nested more than 64 deep`},

	// Types and names.
	{"struct User {}\nstruct S { 1: Usr a }", `a.thrift:2:15: unknown type "Usr"; did you mean "User"?`},
	{"struct S { 1: int a, 2: strng b }", "a.thrift:1:15: unknown type \"int\"; did you mean \"i32\"?\na.thrift:1:25: unknown type \"strng\"; did you mean \"string\"?"},
	{"struct S { 1: slist a }", `a.thrift:1:15: there is no slist any more: use string`},
	{"struct S { 1: a.S a }", `a.thrift:1:15: unknown type "a.S": the file's own types have no prefix, write S`},
	{"struct S { 1: other.T a }", `a.thrift:1:15: unknown type "other.T": no file other.thrift is included`},
	{"struct S { 1: T a }\nservice T {}", `a.thrift:1:15: "T" is a service or a constant, defined at a.thrift:2:9; expected a type`},
	{"typedef list<B> A\ntypedef A B", `a.thrift:2:9: typedef A stands for itself: break the cycle with a struct`},
	{"struct A {}\nenum A {}", `a.thrift:2:6: "A" is already defined on line 1: rename one`},
	{"enum E { A, B, A }", `a.thrift:1:16: enum E has a member A already: rename one`},
	{"struct S { 1: i32 a, 1: i32 b }", `a.thrift:1:29: the id 1 of field b is already that of field a: give it another`},
	{"struct S { 1: i32 a, 2: i32 a }", `a.thrift:1:29: there is a field a already: rename one`},
	{"struct S { 32768: i32 a }", `a.thrift:1:23: the id 32768 of field a does not fit 16 bits: give it one from 1 to 32767`},

	// Services.
	{"service S extends T {}", `a.thrift:1:19: unknown service "T"`},
	{"service Base {}\nservice S extends Bse {}", `a.thrift:2:19: unknown service "Bse"; did you mean "Base"?`},
	{"service S extends T {}\nservice T {}", `a.thrift:1:19: service "T" is used before its definition on line 2: move that above`},
	{"service S { void f() }\nservice T extends S { i32 f() }", `a.thrift:2:27: service T has a method f already, at a.thrift:1:18: rename one`},
	{"struct X {}\nservice S { void f() throws (1: X x) }", `a.thrift:2:35: X is not an exception: only exceptions can be thrown`},
	{"service S { void f() throws (1: X x) }\nexception X {}", `a.thrift:1:35: exception X is thrown before its definition: move the definition above the service`},
	{"exception X {}\nservice S { oneway void f() throws (1: X x) }", `a.thrift:2:25: oneway method f cannot throw, since nothing is sent back: remove throws or oneway`},

	// Values.
	{"const i32 X = 'a'", `a.thrift:1:15: expected a value of type i32, found the string "a"`},
	{"const i32 X = 1.5", `a.thrift:1:15: expected a value of type i32, found the number 1.5`},
	{"const string X = 5", `a.thrift:1:18: expected a value of type string, found the number 5`},
	{"const bool X = {}", `a.thrift:1:16: expected a value of type bool, found a map`},
	{"const i8 X = 300", `a.thrift:1:14: the number 300 does not fit i8`},
	{"const i64 A = 3000000000\nconst i32 X = A", `a.thrift:2:15: constant A: the number 3000000000 does not fit i32`},
	{"const i32 X = LIMIT\nconst i32 LIMIT = 1", `a.thrift:1:15: constant "LIMIT" is used before its definition on line 2: move that above`},
	{"const i32 LIMIT = 1\nconst i32 X = LIMTI", `a.thrift:2:15: unknown constant "LIMTI"; did you mean "LIMIT"?`},
	{"const i32 X = 1\nconst i32 X = 2", `a.thrift:2:11: constant X is already defined on line 1: rename one`},
	{"const list<i32> X = 5", `a.thrift:1:21: expected a value of type list<i32> in brackets, as in [a, b], found the number 5`},
	{"const map<i32, i32> X = [1]", `a.thrift:1:25: expected a value of type map<i32, i32> in braces, as in {key: value}, found a list`},
	{"const map<i32, i32> X = {1: 'a', 'b': 2}", "a.thrift:1:29: expected a value of type i32, found the string \"a\"\na.thrift:1:34: expected a value of type i32, found the string \"b\""},
	{"const uuid X = '123'", `a.thrift:1:16: expected a uuid such as "01234567-89ab-cdef-0123-456789abcdef", found the string "123"`},
	{"const uuid X = '01234567-89ab-cdef-0123_456789abcdef'", `a.thrift:1:16: expected a uuid such as "01234567-89ab-cdef-0123-456789abcdef", found the string "01234567-89ab-cdef-0123_456789abcdef"`},
	{"const uuid X = '01234567-89ab-cdef-0123-456789abcdeg'", `a.thrift:1:16: expected a uuid such as "01234567-89ab-cdef-0123-456789abcdef", found the string "01234567-89ab-cdef-0123-456789abcdeg"`},
	{"const uuid X = '01234567-89ab-cdef-0123-456789abcdef0123'", `a.thrift:1:16: expected a uuid such as "01234567-89ab-cdef-0123-456789abcdef", found the string "01234567-89ab-cdef-0123-456789abcdef0123"`},
	{"const i32 A = 'x'\nconst i32 B = A\nstruct S { 1: Nope n }\nconst S C = {'n': 1}", "a.thrift:1:15: expected a value of type i32, found the string \"x\"\na.thrift:3:15: unknown type \"Nope\""},
	{"const i32 A = 1\nconst list<i32> B = A", `a.thrift:2:21: constant A: expected a value of type list<i32>, found one of type i32`},
	{"const list<i32> A = [1]\nconst i32 B = A", `a.thrift:2:15: constant A: expected a value of type i32, found one of type list<i32>`},
	{"const " + strings.Repeat("x", 100) + " X = 1", `a.thrift:1:7: unknown type "` + strings.Repeat("x", 40) + `…"`},
	{"struct P { 1: i32 left }\nconst P Q = {'left': 1}\nconst P X = Q", `a.thrift:3:13: expected a map of the fields of struct P, as in {"field": value}, found Q`},
	{color + "const Color X = Color.GREN", `a.thrift:2:17: enum Color has no member "GREN"; did you mean "GREEN"?`},
	{color + "const Color X = RED", `a.thrift:2:17: a member of enum Color is written with its enum: write Color.RED`},
	{color + "const Color X = 7", `a.thrift:2:17: enum Color has no member with the number 7`},
	{color + "const Color X = 'RED'", `a.thrift:2:17: expected a member of enum Color, found the string "RED"`},
	{"struct S { 1: Color c = Color.RED }\n" + color, `a.thrift:1:25: a value of type Color before the type is fully defined: move the definition above`},
	{"struct P { 1: i32 left }\nconst P X = {'lefd': 1}", `a.thrift:2:14: struct P has no field "lefd"; did you mean "left"?`},
	{"struct P { 1: i32 left }\nconst P X = {1: 1}", `a.thrift:2:14: expected the name of a field of P, a string, found the number 1`},
	{"struct P { 1: i32 left }\nconst P X = []", `a.thrift:2:13: expected a map of the fields of struct P, as in {"field": value}, found a list`},
	{"union U { 1: i32 a, 2: i32 b }\nconst U X = {'a': 1, 'b': 2}", `a.thrift:2:13: a union has one field set, found 2`},
	{"union U { 1: i32 a = 1, 2: i32 b = 2 }", `a.thrift:1:32: union U has a default in field a already: only one field can be set`},
	{"const list<i32> A = [1]\nconst list<i64> X = A", `a.thrift:2:21: constant A: expected a value of type list<i64>, found one of type list<i32>`},
}

func TestErrors(t *testing.T) {
	for _, test := range bad {
		_, err := files{"a.thrift": test.text}.load()
		if got := complaint(err); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

// What we refuse the compiler refuses, but for what the package's comment lists and for
// what makes the compiler run for ever.
func TestErrorsByCompiler(t *testing.T) {
	for _, test := range bad {
		if strings.Contains(test.want, "not closed") || stricter.MatchString(test.want) ||
			strings.Contains(test.want, "unexpected character '-'") {
			continue
		}
		if err := compile(t, write(t, "a.thrift", test.text)); err == nil {
			t.Errorf("the compiler accepts %s", test.text)
		}
	}
}

func TestIncludeErrors(t *testing.T) {
	for _, test := range []struct {
		files files
		want  string
	}{
		{files{"a.thrift": "\ninclude 'b.thrift'"}, `a.thrift:2:9: include file not found, looked for b.thrift, /inc/b.thrift, /more/b.thrift: mend the path or name another include folder`},
		{files{"a.thrift": "include 'b.thrift'", "b.thrift": "struct"}, `b.thrift:1:7: expected the struct's name, found the end of the file`},
		{files{"a.thrift": "include 'b.thrift'", "b.thrift": "include './a.thrift'"}, `b.thrift:1:9: the include makes a cycle: a.thrift → b.thrift → a.thrift`},
		{files{"a.thrift": "include 'a.thrift'"}, `a.thrift:1:9: the include makes a cycle: a.thrift → a.thrift`},
		{files{"a.thrift": "include 'b.thrift' struct S {}", "b.thrift": "struct S {}"}, `a.thrift:1:27: "S" is already defined in the include b.thrift, which has the same namespaces: rename it or add a namespace`},
		{files{"a.thrift": "include 'b.thrift' struct S {1: Thing x}", "b.thrift": "struct Thing {}"}, `a.thrift:1:33: unknown type "Thing"; did you mean "b.Thing"?`},
		{files{"a.thrift": "include 'b.thrift' const i32 X = MAX", "b.thrift": "const i32 MAX = 1"}, `a.thrift:1:34: unknown constant "MAX"; did you mean "b.MAX"?`},
		{files{"a.thrift": "const i32 MAX = 1 const i32 X = a.MAX"}, `a.thrift:1:33: unknown constant "a.MAX": the file's own constants have no prefix, write MAX`},
		{files{"a.thrift": "include 'b.thrift' struct S {1: i32 x = c}", "b.thrift": "service c {}"}, `a.thrift:1:41: unknown constant "c"`},
		{files{"a.thrift": "include 'b.thrift' struct S {1: b.c x}", "b.thrift": "service c {}"}, `a.thrift:1:33: "b.c" is a service or a constant, defined at b.thrift:1:9; expected a type`},
		{files{"a.thrift": "include 'b.thrift' struct S {1: c.T x}", "b.thrift": "include 'c.thrift'", "c.thrift": "struct T {}"}, `a.thrift:1:33: unknown type "c.T": no file c.thrift is included`},
	} {
		_, err := test.files.load()
		if got := complaint(err); got != test.want {
			t.Errorf("%v\n got %s\nwant %s", test.files, got, test.want)
		}
	}
}

// Many errors are cut, and can be told apart by errors.As.
func TestManyErrors(t *testing.T) {
	_, err := files{"a.thrift": "struct S {" + strings.Repeat("Nope x\n", 50) + "}"}.load()
	if n := len(strings.Split(err.Error(), "\n")); n != 11 {
		t.Errorf("%d lines:\n%v", n, err)
	}
	if !strings.HasSuffix(err.Error(), "and 89 more errors") {
		t.Error(err)
	}
	var first *idl.Error
	if !errors.As(err, &first) || first.Pos != (idl.Pos{File: "a.thrift", Line: 1, Column: 11}) {
		t.Errorf("first error %+v", first)
	}
}

func TestNoFile(t *testing.T) {
	_, err := idl.Load("no/such.thrift", nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// deepFiles is files that include each other without end.
type deepFiles struct{}

func (deepFiles) read(path string) ([]byte, error) { return []byte("include '" + path + ".x'"), nil }

func TestIncludesTooDeep(t *testing.T) {
	_, err := idl.LoadFrom(deepFiles{}.read, "a", nil)
	if err == nil || !strings.HasSuffix(err.Error(), ":1:9: includes nested more than 100 deep") {
		t.Error(err)
	}
}

func TestUnreadableInclude(t *testing.T) {
	read := func(path string) ([]byte, error) {
		if path == "a.thrift" {
			return []byte("include '/abs/b.thrift'"), nil
		}
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrPermission)
	}
	_, err := idl.LoadFrom(read, "a.thrift", []string{"/inc"})
	if want := "a.thrift:1:9: cannot read the include: open /abs/b.thrift: permission denied"; complaint(err) != want {
		t.Error(err)
	}
}

// A name that an include defines too is refused when the namespaces are the same, by the
// compiler's rule.
func TestCollisions(t *testing.T) {
	for _, test := range []struct {
		a, b string
		fine bool
	}{
		{"", "", false},
		{"namespace go x", "namespace go x", false},
		{"namespace go x", "namespace go y", true},
		{"namespace go x", "", true},
		{"", "namespace go x", true},
		{"namespace go x", "namespace * x", true},
		{"namespace go x namespace * x", "namespace * x", false},
		{"namespace go x namespace py z", "namespace go x", true},
	} {
		for _, def := range []string{"struct S {}", "service S {}", "typedef i32 S", "enum S {}"} {
			dir := t.TempDir()
			a, b := filepath.Join(dir, "a.thrift"), filepath.Join(dir, "b.thrift")
			for path, text := range map[string]string{a: "include 'b.thrift' " + test.a + " " + def, b: test.b + " struct S {}"} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, ours := idl.Load(a, nil)
			if theirs := compile(t, a); (theirs == nil) != (ours == nil) || (ours == nil) != test.fine {
				t.Errorf("%q, %q, %s: we say %v, the compiler %v", test.a, test.b, def, ours, theirs)
			}
		}
	}
}

// What is meant is guessed in time even where there is much to compare.
func TestManyUnknown(t *testing.T) {
	var b strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&b, "struct S%d { 1: T%d a = [U%d] 2: i32 b = V%d }\n", i, i, i, i)
	}
	_, err := files{"a.thrift": b.String()}.load()
	if err == nil || !strings.Contains(err.Error(), "and 39990 more errors") {
		t.Error(err)
	}
}
