package idl

import (
	"math"
	"strings"
)

func (p *parser) typedef(doc string) node {
	typ := p.fieldType()
	name := p.simple("the typedef's name")
	p.annotations()
	p.separator()
	return &typedefNode{Typedef: &Typedef{Pos: name.pos, Name: name.text, Doc: doc}, typ: typ}
}

func (p *parser) constant(doc string) node {
	typ := p.fieldType()
	name := p.simple("the constant's name")
	p.need("=", "after the constant's name")
	value := p.value()
	p.separator()
	return &constNode{Const: &Const{Pos: name.pos, Name: name.text, Doc: doc}, typ: typ, value: value}
}

func (p *parser) enum(doc string) node {
	name := p.simple("the enum's name")
	e := &Enum{
		Pos: name.pos, Name: name.text, Doc: doc,
		byName: map[string]int32{}, byNumber: map[int32]string{},
	}
	p.need("{", "after the enum's name")
	number := int64(-1)
	for p.tok.kind != tokEOF && !p.tok.is("}") {
		member := p.tok
		p.ident(`"}" or a member's name`)
		number++
		if p.accept("=") {
			number = p.memberNumber()
		} else if strings.Contains(member.text, ".") { // accepted before "=", as the compiler does
			p.fail(member.pos, "a member's name cannot have a dot, as %q has", shorten(member.text))
		}
		if number < math.MinInt32 || number > math.MaxInt32 {
			p.fail(member.pos, "the number %d of enum member %s does not fit 32 bits", number, member.text)
		}
		e.Values = append(e.Values, EnumValue{Pos: member.pos, Name: member.text, Doc: member.doc, Number: int32(number)})
		p.annotations()
		p.separator()
	}
	p.need("}", "after the enum's members")
	p.annotations()
	return &enumNode{e}
}

func (p *parser) memberNumber() int64 {
	if p.tok.kind != tokInt {
		p.expected("the member's number, an integer")
	}
	return p.take().int
}

func (p *parser) structure(doc string, kind StructKind) node {
	name := p.simple("the " + kind.String() + "'s name")
	n := &structNode{Struct: &Struct{Pos: name.pos, Name: name.text, Doc: doc, Kind: kind}}
	if kind != Exception {
		p.accept("xsd_all")
	}
	p.need("{", "after the "+kind.String()+"'s name")
	n.fields = p.fields("}", "the fields")
	for _, f := range n.fields {
		if kind == Union {
			f.Requiredness = Optional
		}
	}
	p.annotations()
	return n
}

func (p *parser) service(doc string) node {
	name := p.simple("the service's name")
	n := &serviceNode{Service: &Service{Pos: name.pos, Name: name.text, Doc: doc}}
	if p.accept("extends") {
		parent := p.ident("the name of the service it extends")
		n.extends, n.extendsPos = parent.text, parent.pos
	}
	p.need("{", "after the service's name")
	for p.tok.kind != tokEOF && !p.tok.is("}") {
		n.methods = append(n.methods, p.method())
	}
	p.need("}", "after the methods")
	p.annotations()
	return n
}

func (p *parser) method() methodNode {
	m := methodNode{Method: &Method{Doc: p.tok.doc}}
	m.Oneway = p.accept("oneway") || p.accept("async")
	if !p.accept("void") {
		m.result = p.typeOr(`"}" or a method (its result's type, or void)`)
	}
	name := p.simple("the method's name")
	m.Pos, m.Name = name.pos, name.text
	p.need("(", "and arguments after the method's name")
	m.args = p.fields(")", "the arguments")
	if p.accept("throws") {
		p.need("(", "and exceptions after throws")
		m.throws = p.fields(")", "the exceptions")
	}
	for _, f := range m.args {
		if f.Requiredness == Optional { // it means nothing here
			f.Requiredness = Default
		}
	}
	for _, f := range m.throws {
		f.Requiredness = Default
	}
	p.annotations()
	p.separator()
	return m
}
