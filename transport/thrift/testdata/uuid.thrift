enum Color { RED = 1 }
struct Ids {
  1: optional uuid id
  2: optional list<uuid> more
  3: optional map<uuid, i32> counts
}
service Uuids {
  Ids echo(1: Ids v)
}
