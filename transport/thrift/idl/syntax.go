package idl

// The syntax tree: what one file says, before names are looked up.

// fileNode is a parsed file.
type fileNode struct {
	doc      *Document // Path, Name, Doc and Namespaces are filled in
	includes []includeNode
	defs     []node // in the file's order
}

type includeNode struct {
	pos  Pos
	path string
}

// node is a definition: *typedefNode, *constNode, *enumNode, *structNode, *serviceNode.
type node interface{ name() (string, Pos) }

type typedefNode struct {
	*Typedef
	typ *typeNode
}

type constNode struct {
	*Const
	typ   *typeNode
	value *valueNode
}

type enumNode struct{ *Enum }

type structNode struct {
	*Struct
	fields []fieldNode
}

type serviceNode struct {
	*Service
	extends    string // "" for none
	extendsPos Pos
	methods    []methodNode
}

func (n *typedefNode) name() (string, Pos) { return n.Name, n.Pos }
func (n *constNode) name() (string, Pos)   { return n.Name, n.Pos }
func (n *enumNode) name() (string, Pos)    { return n.Name, n.Pos }
func (n *structNode) name() (string, Pos)  { return n.Name, n.Pos }
func (n *serviceNode) name() (string, Pos) { return n.Name, n.Pos }

type methodNode struct {
	*Method
	result *typeNode // nil is void
	args   []fieldNode
	throws []fieldNode
}

type fieldNode struct {
	*Field
	id    int64
	typ   *typeNode
	value *valueNode // nil if there is no default
}

// typeNode is a type as written: name is a base type's keyword, "list", "set", "map" or
// a defined type's name.
type typeNode struct {
	pos       Pos
	name      string
	key, elem *typeNode
}

type valueKind uint8

const (
	valueInt valueKind = iota
	valueDouble
	valueString
	valueName // text is the constant or enum member referred to
	valueList
	valueMap
)

// valueNode is a constant as written.
type valueNode struct {
	pos    Pos
	kind   valueKind
	text   string
	int    int64
	double float64
	list   []*valueNode
	pairs  []pairNode
}

type pairNode struct{ key, value *valueNode }

// String names the value for messages.
func (v *valueNode) String() string {
	switch v.kind {
	case valueName:
		return shorten(v.text)
	case valueList:
		return "a list"
	case valueMap:
		return "a map"
	case valueString:
		return token{kind: tokString, text: v.text}.String()
	default:
		return token{kind: tokInt, text: v.text}.String()
	}
}
