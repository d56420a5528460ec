// The service of thrift.yaml.

struct Order {
  1: required string item,
  2: i32 count = 1,
  3: optional map<string, list<string>> wishes,
}

exception SoldOut {
  1: string item,
}

service Shop {
  string echo(1: string message),
  void order(1: Order order) throws (1: SoldOut soldOut),
  oneway void visited(1: string page),
}
