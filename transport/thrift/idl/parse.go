package idl

import (
	"path/filepath"
	"strings"
)

// parser makes the syntax tree of one file. At the first error it keeps it and sees the
// end of the file from then on, so that every loop ends.
type parser struct {
	lex *lexer
	tok token // the next one, not yet taken
	err *Error

	nextID int64 // what the next field without an id gets; counts down from -1
	depth  int   // of types or values being read inside each other
}

// maxDepth bounds how deep types and values may be nested.
const maxDepth = 64

// parseFile reads the syntax of one file.
func parseFile(path string, src []byte) (*fileNode, error) {
	base := filepath.Base(path)
	f := &fileNode{doc: &Document{
		Path: path, Name: strings.TrimSuffix(base, filepath.Ext(base)), Namespaces: map[string]string{},
	}}
	p := &parser{lex: newLexer(path, src)}
	p.take()
	p.headers(f)
	for p.tok.kind != tokEOF {
		f.defs = append(f.defs, p.definition())
	}
	if p.err != nil {
		return nil, p.err
	}
	return f, nil
}

// take returns the next token and moves past it.
func (p *parser) take() token {
	t := p.tok
	if p.err != nil {
		return t
	}
	next, err := p.lex.next()
	p.tok = next
	if err != nil {
		p.err, p.tok = err, token{pos: next.pos}
	}
	return t
}

// fail keeps the first error.
func (p *parser) fail(pos Pos, format string, args ...any) {
	if p.err == nil {
		p.err = errorAt(pos, format, args...)
		p.tok = token{pos: p.tok.pos}
	}
}

// expected fails with what should have been the next token.
func (p *parser) expected(what string) {
	p.fail(p.tok.pos, "expected %s, found %v", what, p.tok)
}

// accept takes the next token if it is this keyword or symbol.
func (p *parser) accept(text string) bool {
	if !p.tok.is(text) {
		return false
	}
	p.take()
	return true
}

// need takes this symbol, or fails; after says what it should have followed.
func (p *parser) need(symbol, after string) {
	if !p.accept(symbol) {
		p.expected(`"` + symbol + `" ` + after)
	}
}

// ident takes a name; what it names is told in messages.
func (p *parser) ident(what string) token {
	if p.tok.kind != tokIdent {
		if p.tok.kind == tokKeyword {
			p.fail(p.tok.pos, "expected %s, found %v, which cannot be a name here: rename it", what, p.tok)
		}
		p.expected(what)
	}
	return p.take()
}

// simple takes a name that must have no dots.
func (p *parser) simple(what string) token {
	t := p.ident(what)
	if strings.Contains(t.text, ".") {
		p.fail(t.pos, "%s cannot have a dot, as %q has: dots stand only between an include's name and what it defines",
			what, shorten(t.text))
	}
	return t
}

func (p *parser) literal(what string) token {
	if p.tok.kind != tokString {
		p.expected(what)
	}
	return p.take()
}

// separator takes the comma or semicolon that may stand between items.
func (p *parser) separator() {
	if !p.accept(",") {
		p.accept(";")
	}
}

// annotations skips (key = "value", …) if it is next.
func (p *parser) annotations() {
	if !p.accept("(") {
		return
	}
	for p.tok.kind != tokEOF && !p.tok.is(")") {
		p.ident(`")" or an annotation's name`)
		if p.accept("=") {
			p.literal("an annotation's value, a string")
		}
		p.separator()
	}
	p.need(")", "after the annotations")
}

// headers reads the includes and namespaces, which stand before all definitions.
func (p *parser) headers(f *fileNode) {
	for {
		doc := p.tok.doc
		switch {
		case p.accept("include"):
			path := p.literal("the path of the file to include, a string")
			f.includes = append(f.includes, includeNode{pos: path.pos, path: path.text})
		case p.accept("cpp_include"):
			p.literal("the C++ header, a string")
		case p.accept("namespace"):
			p.namespace(f.doc)
		default:
			return
		}
		if f.doc.Doc == "" {
			f.doc.Doc = doc
		}
	}
}

func (p *parser) namespace(d *Document) {
	if p.accept("*") {
		d.Namespaces["*"] = p.ident("a namespace").text
		return
	}
	scope := p.ident(`a language or "*"`).text
	d.Namespaces[scope] = p.ident("a namespace").text
	p.annotations()
}

// definition reads one definition; after an error it returns any.
func (p *parser) definition() node {
	doc := p.tok.doc
	switch t := p.tok; {
	case p.accept("typedef"):
		return p.typedef(doc)
	case p.accept("const"):
		return p.constant(doc)
	case p.accept("enum"):
		return p.enum(doc)
	case p.accept("struct"):
		return p.structure(doc, PlainStruct)
	case p.accept("union"):
		return p.structure(doc, Union)
	case p.accept("exception"):
		return p.structure(doc, Exception)
	case p.accept("service"):
		return p.service(doc)
	case t.is("include"), t.is("namespace"), t.is("cpp_include"):
		p.fail(t.pos, "%s must stand before all definitions: move it to the top of the file", t.text)
	case t.is(";"), t.is(","):
		p.fail(t.pos, "unexpected %v: only a typedef and a const may end in it, remove it", t)
	default:
		p.fail(t.pos, "expected a definition (typedef, const, enum, struct, union, exception or service), found %v%s", t, legacy[t.text])
	}
	return &enumNode{&Enum{}}
}

// legacy says what to write for definitions that the language once had.
var legacy = map[string]string{
	"senum":         "; there is no senum any more: use string or an enum",
	"xsd_namespace": "; write: namespace xsd NAME",
	"cpp_namespace": "; write: namespace cpp NAME",
	"php_namespace": "; write: namespace php NAME",
	"java_package":  "; write: namespace java NAME",
	"py_module":     "; write: namespace py NAME",
}
