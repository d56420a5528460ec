package idl

// fields reads fields up to the closing symbol, and that.
func (p *parser) fields(closing, what string) []fieldNode {
	p.nextID = -1
	var fields []fieldNode
	for p.tok.kind != tokEOF && !p.tok.is(closing) {
		fields = append(fields, p.field(closing))
	}
	p.need(closing, "after "+what)
	return fields
}

func (p *parser) field(closing string) fieldNode {
	f := fieldNode{Field: &Field{Doc: p.tok.doc}}
	f.id = p.fieldID()
	switch {
	case p.accept("required"):
		f.Requiredness = Required
	case p.accept("optional"):
		f.Requiredness = Optional
	}
	f.typ = p.typeOr(`"` + closing + `" or a field (ID: TYPE NAME)`)
	p.accept("&") // a C++ pointer; nothing on the wire
	name := p.fieldName()
	f.Pos, f.Name = name.pos, name.text
	if p.accept("=") {
		f.value = p.value()
	}
	p.accept("xsd_optional")
	p.accept("xsd_nillable")
	if p.accept("xsd_attrs") { // attributes of an XML schema; nothing on the wire
		p.need("{", "after xsd_attrs")
		p.nest("attributes")
		p.fields("}", "the attributes")
		p.depth--
	}
	p.annotations()
	p.separator()
	return f
}

// fieldID reads the id, or counts it down if there is none or it is not positive: the
// compiler ignores such ids too, unless told --allow-neg-keys.
func (p *parser) fieldID() int64 {
	if p.tok.kind == tokInt {
		id := p.take().int
		p.need(":", "after the field's id")
		if id > 0 {
			return id
		}
	}
	id := p.nextID
	p.nextID--
	return id
}

// fieldName takes a field's name, which may be a keyword.
func (p *parser) fieldName() token {
	if p.tok.kind == tokKeyword && !notFieldNames[p.tok.text] {
		return p.take()
	}
	return p.simple("the field's name")
}

// nest counts a level of types, values or attributes inside each other; the caller
// counts it off.
func (p *parser) nest(what string) {
	p.depth++
	if p.depth > maxDepth {
		p.fail(p.tok.pos, "%s nested more than %d deep", what, maxDepth)
	}
}

// baseTypes are the types with a keyword of their own.
var baseTypes = map[string]*Type{
	"bool": {Kind: KindBool, Name: "bool"},
	"byte": {Kind: KindI8, Name: "byte"}, "i8": {Kind: KindI8, Name: "i8"},
	"i16": {Kind: KindI16, Name: "i16"}, "i32": {Kind: KindI32, Name: "i32"}, "i64": {Kind: KindI64, Name: "i64"},
	"double": {Kind: KindDouble, Name: "double"},
	"string": {Kind: KindString, Name: "string"}, "binary": {Kind: KindBinary, Name: "binary"},
	"uuid": {Kind: KindUUID, Name: "uuid"},
}

func (p *parser) fieldType() *typeNode { return p.typeOr("a type") }

// typeOr reads a type; wanted is what messages say was expected.
func (p *parser) typeOr(wanted string) *typeNode {
	p.nest("types")
	defer func() { p.depth-- }()
	n := &typeNode{pos: p.tok.pos, name: p.tok.text}
	switch {
	case p.tok.kind == tokIdent:
		p.take()
		if n.name == "uuid" {
			p.annotations()
		}
	case p.tok.kind == tokKeyword && baseTypes[p.tok.text] != nil:
		p.take()
		p.annotations()
	case p.tok.is("list"), p.tok.is("set"), p.tok.is("map"):
		p.container(n)
	case p.tok.is("void"):
		p.fail(p.tok.pos, "expected %s, found void, which only a method can give", wanted)
	default:
		p.expected(wanted)
	}
	return n
}

func (p *parser) container(n *typeNode) {
	p.take()
	p.cppType()
	p.need("<", "after "+n.name)
	if n.name == "map" {
		n.key = p.fieldType()
		p.need(",", "after the type of the map's keys")
	}
	n.elem = p.fieldType()
	p.need(">", "after the "+n.name+"'s type")
	if n.name == "list" {
		p.cppType() // its old place
	}
	p.annotations()
}

// cppType skips cpp_type "name".
func (p *parser) cppType() {
	if p.accept("cpp_type") {
		p.literal("the C++ type, a string")
	}
}

// value reads a constant.
func (p *parser) value() *valueNode {
	p.nest("values")
	defer func() { p.depth-- }()
	t := p.tok
	v := &valueNode{pos: t.pos, text: t.text, int: t.int, double: t.double}
	switch {
	case t.kind == tokInt:
		v.kind = valueInt
	case t.kind == tokDouble:
		v.kind = valueDouble
	case t.kind == tokString:
		v.kind = valueString
	case t.kind == tokIdent:
		v.kind = valueName
	case t.is("["), t.is("{"):
		p.items(v)
		return v
	default:
		p.expected("a value")
	}
	p.take()
	return v
}

// items reads a list or a map with its brackets.
func (p *parser) items(v *valueNode) {
	if p.accept("[") {
		v.kind = valueList
		for p.tok.kind != tokEOF && !p.tok.is("]") {
			v.list = append(v.list, p.value())
			p.separator()
		}
		p.need("]", "after the list's values")
		return
	}
	p.take()
	v.kind = valueMap
	for p.tok.kind != tokEOF && !p.tok.is("}") {
		key := p.value()
		p.need(":", "after the key")
		v.pairs = append(v.pairs, pairNode{key: key, value: p.value()})
		p.separator()
	}
	p.need("}", "after the map's pairs")
}
