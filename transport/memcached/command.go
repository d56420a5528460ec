package memcached

// kind is a group of commands with the same answers.
type kind uint8

const (
	unknown    kind = iota
	retrieval       // VALUE… END
	storage         // STORED, NOT_STORED, EXISTS, NOT_FOUND
	deletion        // DELETED, NOT_FOUND
	arithmetic      // a number, NOT_FOUND
	touching        // TOUCHED, NOT_FOUND
	plain           // OK
	version         // VERSION …
	stats           // STAT…, or others, and END; RESET; OK
	metaGet         // VA, HD, EN
	metaSet         // HD, NS, EX, NF
	metaDelete      // HD, NF, EX
	metaArith       // VA, HD, NF, NS, EX
	metaDebug       // ME, EN
	metaNoop        // MN
)

// command is what there is to know of a command. words says what its arguments are, a letter each:
//
//	k key  * further keys  e expiry time  u number of 64 bits  d such a number, may be missing  z 0, may be missing
//	n noreply, may be missing  f meta flags, any number  w words, any number
//
// Storage commands have none: their words depend on the request's form.
type command struct {
	name  string
	kind  kind
	words string
}

// commands are those of protocol.txt that a load can consist of: not quit, shutdown, watch and the administration of memory.
var commands = func() map[string]command {
	m := map[string]command{}
	for _, c := range []command{
		{"get", retrieval, "k*"},
		{"gets", retrieval, "k*"},
		{"gat", retrieval, "ek*"},
		{"gats", retrieval, "ek*"},
		{"set", storage, ""},
		{"add", storage, ""},
		{"replace", storage, ""},
		{"append", storage, ""},
		{"prepend", storage, ""},
		{"cas", storage, ""},
		{"delete", deletion, "kzn"},
		{"incr", arithmetic, "kun"},
		{"decr", arithmetic, "kun"},
		{"touch", touching, "ken"},
		{"flush_all", plain, "dn"},
		{"verbosity", plain, "un"},
		{"version", version, ""},
		{"stats", stats, "w"},
		{"mg", metaGet, "kf"},
		{"ms", metaSet, ""},
		{"md", metaDelete, "kf"},
		{"ma", metaArith, "kf"},
		{"me", metaDebug, "kf"},
		{"mn", metaNoop, ""},
	} {
		m[c.name] = c
	}
	return m
}()

// timeFirst tells the commands whose first word is no key.
func (c *command) timeFirst() bool { return len(c.words) > 0 && c.words[0] == 'e' }

// keyed tells the commands that have a key.
func (c *command) keyed() bool {
	switch c.kind {
	case unknown, plain, version, stats, metaNoop:
		return false
	}
	return true
}
