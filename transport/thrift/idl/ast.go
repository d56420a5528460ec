package idl

// Document is one file of Thrift IDL with everything in it resolved: types point at
// what they name, constants and default values are computed and type-checked. It is
// not changed after Load returns it, so any number of goroutines may read it.
type Document struct {
	// Path is the path the document was loaded by.
	Path string
	// Name is the file's name without folder and extension, by which an including
	// file refers to it ("shared" in shared.SharedStruct).
	Name string
	// Doc is the doc comment at the head of the file, without its marks.
	Doc string
	// Namespaces gives the namespace by scope ("go", "java", "*").
	Namespaces map[string]string
	// Includes lists the included documents in the file's order.
	Includes []*Document
	// Typedefs, Enums, Consts, Structs and Services list the file's own definitions in
	// its order. Structs holds unions and exceptions too.
	Typedefs []*Typedef
	Enums    []*Enum
	Consts   []*Const
	Structs  []*Struct
	Services []*Service
}

// Pos is a place in a file. Line and Column count from 1, Column in bytes.
type Pos struct {
	File   string
	Line   int
	Column int
}

// Typedef is a second name for a type.
type Typedef struct {
	Pos  Pos
	Name string
	Doc  string
	// Type is what the name stands for; Type.Name is the typedef's name.
	Type *Type
}

// Const is a named constant.
type Const struct {
	Pos   Pos
	Name  string
	Doc   string
	Type  *Type
	Value *Value
}

// Enum is a set of named 32-bit integers.
type Enum struct {
	Pos    Pos
	Name   string
	Doc    string
	Values []EnumValue // in the file's order

	byName   map[string]int32
	byNumber map[int32]string
}

// EnumValue is one member of an Enum.
type EnumValue struct {
	Pos    Pos
	Name   string
	Doc    string
	Number int32
}

// Number returns the number of the member called name.
func (e *Enum) Number(name string) (int32, bool) {
	n, ok := e.byName[name]
	return n, ok
}

// NameOf returns the name of the member with this number; of several, the first.
func (e *Enum) NameOf(number int32) (string, bool) {
	s, ok := e.byNumber[number]
	return s, ok
}

// StructKind tells the three kinds of struct apart.
type StructKind uint8

// The kinds of struct.
const (
	PlainStruct StructKind = iota // struct, and the arguments of a method
	Union                         // exactly one field is set
	Exception
)

// String returns the IDL's keyword for the kind.
func (k StructKind) String() string {
	switch k {
	case Union:
		return "union"
	case Exception:
		return "exception"
	default:
		return "struct"
	}
}

// Struct is a struct, a union, an exception, or the arguments of a method.
type Struct struct {
	Pos    Pos
	Name   string
	Doc    string
	Kind   StructKind
	Fields []*Field // by ascending id

	byName map[string]*Field
	byID   map[int16]*Field
}

// Field returns the field called name, or nil.
func (s *Struct) Field(name string) *Field { return s.byName[name] }

// FieldByID returns the field with this id, or nil.
func (s *Struct) FieldByID(id int16) *Field { return s.byID[id] }

// Requiredness says whether a field must be on the wire.
type Requiredness uint8

// The requirednesses. An unmarked field is Default in a struct and an argument, and
// Optional in a union.
const (
	Default  Requiredness = iota // written always, may be missing when read
	Required                     // must be written and must be there when read
	Optional                     // written only if set
)

// String returns the IDL's word for the requiredness; "default" has none in the IDL.
func (r Requiredness) String() string {
	switch r {
	case Required:
		return "required"
	case Optional:
		return "optional"
	default:
		return "default"
	}
}

// Field is a field of a struct, an argument of a method, or an exception it throws.
type Field struct {
	Pos Pos
	// ID is the id on the wire; below 0 if the IDL gives none above 0.
	ID           int16
	Name         string
	Doc          string
	Requiredness Requiredness
	Type         *Type
	// Default is the default value, nil if the IDL gives none.
	Default *Value
}

// Service is a set of methods.
type Service struct {
	Pos     Pos
	Name    string
	Doc     string
	Extends *Service // nil if it extends none
	// Methods lists the service's own methods in the file's order, without inherited
	// ones, which Method finds.
	Methods []*Method

	byName map[string]*Method // without the inherited ones
}

// Method returns the method called name, its own or inherited, or nil.
func (s *Service) Method(name string) *Method {
	for ; s != nil; s = s.Extends {
		if m := s.byName[name]; m != nil {
			return m
		}
	}
	return nil
}

// Method is one call that a service answers.
type Method struct {
	Pos    Pos
	Name   string
	Doc    string
	Oneway bool // no answer is sent, not even an empty one
	Args   *Struct
	// Result is the type returned, which is field 0 of the answer; nil is void.
	Result *Type
	// Throws lists the declared exceptions by ascending id; each one's Type is an
	// exception (Kind KindStruct, Struct.Kind Exception).
	Throws []*Field
}

// Thrown returns the declared exception with this field id, or nil.
func (m *Method) Thrown(id int16) *Field {
	for _, f := range m.Throws {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// Service returns the service called name in this file, or nil.
func (d *Document) Service(name string) *Service {
	for _, s := range d.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}
