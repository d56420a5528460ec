package idl

import "strconv"

// Kind is the shape of a type. Typedefs have none of their own.
type Kind uint8

// The kinds of type. The integers are signed; "byte" in the IDL is KindI8.
const (
	KindBool Kind = iota + 1
	KindI8
	KindI16
	KindI32
	KindI64
	KindDouble
	KindString
	KindBinary
	KindUUID
	KindEnum   // Type.Enum is set; an i32 on the wire
	KindStruct // Type.Struct is set: struct, union or exception
	KindList   // Type.Elem is set
	KindSet    // Type.Elem is set
	KindMap    // Type.Key and Type.Elem are set
)

var kindNames = [...]string{
	KindBool: "bool", KindI8: "i8", KindI16: "i16", KindI32: "i32", KindI64: "i64",
	KindDouble: "double", KindString: "string", KindBinary: "binary", KindUUID: "uuid",
	KindEnum: "enum", KindStruct: "struct", KindList: "list", KindSet: "set", KindMap: "map",
}

// String returns the IDL's keyword for the kind.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kindNames[k]
}

// Type is a resolved type: typedefs are followed, names point at their definitions.
type Type struct {
	Kind Kind
	// Name is the type as the IDL writes it, for messages: "i32", "list<shared.User>",
	// or a typedef's name.
	Name   string
	Key    *Type   // of a map's keys
	Elem   *Type   // of a list's or set's elements, or a map's values
	Enum   *Enum   // of KindEnum
	Struct *Struct // of KindStruct
}

// String returns the type as the IDL writes it.
func (t *Type) String() string { return t.Name }
