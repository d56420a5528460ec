package batch

// table numbers what repeats within a batch. It knows it from one batch to the next, so that the same things cost nothing.
type table struct {
	known map[string]*known
	batch int
	list  []*known // those that have a number in this batch
}

type known struct {
	key   string
	batch int
	index int
}

// mostKnown bounds what is kept from batch to batch.
const mostKnown = 1000

func (t *table) reset() {
	t.batch++
	t.list = t.list[:0]
	if len(t.known) > mostKnown {
		clear(t.known)
		clear(t.list[:cap(t.list)])
	}
}

// is tells whether number i is key.
func (t *table) is(i int, key []byte) bool { return t.list[i].key == string(key) }

// append writes the number of key, and behind it, if it is a new one, the key itself.
func (t *table) append(buf, key []byte) ([]byte, int) {
	k := t.known[string(key)]
	if k == nil {
		if t.known == nil {
			t.known = map[string]*known{}
		}
		k = &known{key: string(key), batch: t.batch - 1}
		t.known[k.key] = k
	}
	if k.batch == t.batch {
		return appendUvarint(buf, uint64(k.index)), k.index
	}
	k.batch, k.index = t.batch, len(t.list)
	t.list = append(t.list, k)
	buf = appendUvarint(buf, uint64(k.index))
	buf = appendUvarint(buf, uint64(len(key)))
	return append(buf, key...), k.index
}
