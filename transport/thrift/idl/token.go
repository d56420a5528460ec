package idl

import "strconv"

// tokenKind is the sort of a token.
type tokenKind uint8

const (
	tokEOF     tokenKind = iota
	tokIdent             // text is the name, dots included
	tokKeyword           // text is the keyword
	tokInt               // int is the value; true and false are 1 and 0
	tokDouble            // double is the value
	tokString            // text is the value, escapes undone
	tokSymbol            // text is the one character
)

// token is one word of a file.
type token struct {
	kind   tokenKind
	text   string
	int    int64
	double float64
	pos    Pos
	doc    string // the doc comment just before it, cleaned
}

// is tells whether the token is this keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == tokKeyword || t.kind == tokSymbol) && t.text == text
}

// String names the token for messages.
func (t token) String() string {
	switch t.kind {
	case tokEOF:
		return "the end of the file"
	case tokKeyword:
		return "the keyword " + strconv.Quote(t.text)
	case tokInt, tokDouble:
		return "the number " + shorten(t.text)
	case tokString:
		return "the string " + strconv.Quote(shorten(t.text))
	default:
		return strconv.Quote(shorten(t.text))
	}
}

// keywords are the words that cannot be names, except of fields. The compiler of 0.17
// takes uuid for a name and later ones for a type: here it is a name that means the
// type where no definition takes it.
var keywords = map[string]bool{
	"namespace": true, "include": true, "cpp_include": true, "cpp_type": true,
	"xsd_all": true, "xsd_optional": true, "xsd_nillable": true, "xsd_attrs": true,
	"void": true, "bool": true, "byte": true, "i8": true, "i16": true, "i32": true, "i64": true,
	"double": true, "string": true, "binary": true, "map": true, "list": true, "set": true,
	"oneway": true, "async": true, "typedef": true, "struct": true, "union": true, "exception": true,
	"extends": true, "throws": true, "service": true, "enum": true, "const": true,
	"required": true, "optional": true,
}

// notFieldNames are the keywords that cannot name a field either: they may follow a
// field's type or name.
var notFieldNames = map[string]bool{
	"cpp_type": true, "xsd_all": true, "xsd_optional": true, "xsd_nillable": true, "xsd_attrs": true,
}
