package thrift

// protocol is how values are written.
type protocol uint8

const (
	binaryProtocol protocol = iota
	compactProtocol
	jsonProtocol
)

var protocols = []string{"binary", "compact", "json"}

func (p protocol) String() string { return protocols[p] }

// number is the protocol's in the head of the header transport, which has none for JSON.
func (p protocol) number() uint8 {
	if p == compactProtocol {
		return 2
	}
	return 0
}

// carrier is how messages are put on the connection.
type carrier uint8

const (
	framed   carrier = iota // a length of four bytes before each message
	buffered                // message after message
	header                  // framed, with a head that tells protocol and info headers (THeader)
)

var carriers = []string{"framed", "buffered", "header"}

// ttype is a type as it stands on the wire, with the numbers of the binary protocol.
type ttype uint8

const (
	tStop   ttype = 0
	tBool   ttype = 2
	tI8     ttype = 3
	tDouble ttype = 4
	tI16    ttype = 6
	tI32    ttype = 8
	tI64    ttype = 10
	tString ttype = 11
	tStruct ttype = 12
	tMap    ttype = 13
	tSet    ttype = 14
	tList   ttype = 15
	tUUID   ttype = 16
)

const maxType = 16

// The kinds of message.
const (
	kindCall      = 1
	kindReply     = 2
	kindException = 3
	kindOneway    = 4
)

// maxDepth is how deep values may stand in one another, in arguments and in answers.
const maxDepth = 64

// fixed is the size of the types that always have the same one, in the binary protocol; 0: not so, -1: no such type.
var fixed = [maxType + 1]int8{
	tStop: -1, 1: -1, tBool: 1, tI8: 1, tDouble: 8, 5: -1, tI16: 2, 7: -1, tI32: 4, 9: -1, tI64: 8, tUUID: 16,
}

// compactFixed is the same for the compact protocol, whose integers are of any size.
var compactFixed = [maxType + 1]int8{
	tStop: -1, 1: -1, tBool: 1, tI8: 1, tDouble: 8, 5: -1, 7: -1, 9: -1, tUUID: 16,
}

// The numbers of the compact protocol. A field of type bool has its value in the type.
const (
	compactTrue  = 1
	compactFalse = 2
)

var toCompact = [maxType + 1]uint8{
	tBool: compactTrue, tI8: 3, tI16: 4, tI32: 5, tI64: 6, tDouble: 7, tString: 8, tList: 9, tSet: 10, tMap: 11, tStruct: 12, tUUID: 13,
}

// fromCompact gives tStop for what is no type.
var fromCompact = [16]ttype{
	compactTrue: tBool, compactFalse: tBool, 3: tI8, 4: tI16, 5: tI32, 6: tI64, 7: tDouble, 8: tString, 9: tList, 10: tSet, 11: tMap, 12: tStruct, 13: tUUID,
}

// jsonNames are the types' names in the JSON protocol.
var jsonNames = [maxType + 1]string{
	tBool: "tf", tI8: "i8", tI16: "i16", tI32: "i32", tI64: "i64", tDouble: "dbl", tString: "str", tStruct: "rec", tMap: "map",
	tSet: "set", tList: "lst", tUUID: "uid",
}

// jsonType is the type of that name; tStop: none.
func jsonType(name []byte) ttype {
	for t, n := range jsonNames {
		if n != "" && n == string(name) {
			return ttype(t)
		}
	}
	return tStop
}

// The first bytes of messages.
const (
	strictVersion  = 0x80010000 // binary, with the kind in the last byte
	versionMask    = 0xffff0000
	compactID      = 0x82
	compactVersion = 1 // the low five bits; the kind stands in the upper three
	jsonVersion    = 1
)

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
