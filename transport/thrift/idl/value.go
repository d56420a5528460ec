package idl

// Value is the computed value of a constant or a field's default. Which of its members
// holds it goes by Type.Kind:
//
//	bool                       Int, 0 or 1
//	i8, i16, i32, i64, enum    Int
//	double                     Double
//	string, binary, uuid       Bytes (a uuid's 16 bytes)
//	list, set                  List
//	map                        Map
//	struct, union, exception   Fields, only those the IDL gives a value
type Value struct {
	Type   *Type
	Int    int64
	Double float64
	Bytes  []byte
	List   []*Value
	Map    []Pair
	Fields []FieldValue
}

// Pair is one entry of a map's value.
type Pair struct {
	Key, Value *Value
}

// FieldValue is one field of a struct's value.
type FieldValue struct {
	Field *Field
	Value *Value
}
