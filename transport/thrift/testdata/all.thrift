namespace py all

enum Color { RED = 1, GREEN = 2, DEEP_BLUE = -7 }

struct Inner {
  1: required i32 id
  2: optional string name
  30: optional list<i16> small
}

union Either {
  1: i32 number
  2: string text
  3: Inner inner
}

exception NotFound {
  1: string what
  2: i32 code
}

exception Busy { 1: i64 until }

struct Everything {
  1: optional bool flag
  2: optional i8 tiny
  3: optional i16 small
  4: optional i32 medium
  5: optional i64 large
  6: optional double real
  7: optional string text
  8: optional binary blob
  25: optional Color color
  26: optional Inner inner
  27: optional list<i32> numbers
  28: optional list<list<string>> nested
  29: optional set<i64> ids
  31: optional map<string, i32> counts
  32: optional map<i32, Inner> byId
  33: optional map<Inner, string> byInner
  34: optional map<bool, Color> byFlag
  35: optional map<double, string> byReal
  36: optional list<bool> flags
  37: optional map<string, list<Inner>> groups
  38: optional Either either
  200: optional map<Color, set<string>> words
  201: optional map<list<i8>, double> odd
}

struct Defaults {
  1: i32 count = 7
  2: string name = "x"
  3: optional i32 left = 9
  4: bool on = true
  5: list<Color> colors = [Color.RED, Color.GREEN]
  6: map<string, double> rates = {"a": 0.5}
  7: Inner inner = {"id": 3}
  8: i32 none
}

service Base {
  void ping()
}

service All extends Base {
  Everything echo(1: Everything v)
  i32 add(1: i32 a, 2: i32 b) throws (1: NotFound nf, 2: Busy busy)
  string text(1: string s)
  oneway void fire(1: string s)
  i32 defaults(1: Defaults d, 2: i32 n = 5)
  list<Either> unions(1: map<string, list<i32>> m)
}
