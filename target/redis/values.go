package redis

// deque is a list with two ends, in a ring.
type deque struct {
	ring []([]byte)
	head int
	n    int
}

// at returns element i, counted from the head; 0 ≤ i < n.
func (d *deque) at(i int) []byte { return d.ring[(d.head+i)%len(d.ring)] }

func (d *deque) grow() {
	if d.n < len(d.ring) {
		return
	}
	ring := make([][]byte, max(8, 2*d.n))
	for i := range d.n {
		ring[i] = d.at(i)
	}
	d.ring, d.head = ring, 0
}

func (d *deque) pushHead(b []byte) {
	d.grow()
	d.head = (d.head + len(d.ring) - 1) % len(d.ring)
	d.ring[d.head] = b
	d.n++
}

func (d *deque) pushTail(b []byte) {
	d.grow()
	d.ring[(d.head+d.n)%len(d.ring)] = b
	d.n++
}

// popHead takes the first element away; there must be one.
func (d *deque) popHead() []byte {
	b := d.ring[d.head]
	d.ring[d.head] = nil
	d.head = (d.head + 1) % len(d.ring)
	d.n--
	return b
}

// popTail takes the last element away; there must be one.
func (d *deque) popTail() []byte {
	i := (d.head + d.n - 1) % len(d.ring)
	b := d.ring[i]
	d.ring[i] = nil
	d.n--
	return b
}

// dict maps fields to values and lists them in the order in which they came, as long as none is removed.
type dict struct {
	index  map[string]int
	fields []field
}

type field struct {
	name  string
	value []byte
}

func newDict() *dict { return &dict{index: map[string]int{}} }

func (d *dict) get(name []byte) (value []byte, ok bool) {
	i, ok := d.index[string(name)]
	if !ok {
		return nil, false
	}
	return d.fields[i].value, true
}

// set tells whether the field is new, and by how many bytes d has grown.
func (d *dict) set(name, value []byte) (fresh bool, grown int64) {
	if i, ok := d.index[string(name)]; ok {
		grown = int64(len(value) - len(d.fields[i].value))
		d.fields[i].value = value
		return false, grown
	}
	d.index[string(name)] = len(d.fields)
	d.fields = append(d.fields, field{string(name), value})
	return true, int64(len(name) + len(value) + overhead)
}

// remove tells whether there was such a field, and how many bytes it took. The last field takes its place.
func (d *dict) remove(name []byte) (was bool, freed int64) {
	i, ok := d.index[string(name)]
	if !ok {
		return false, 0
	}
	freed = int64(len(name) + len(d.fields[i].value) + overhead)
	last := len(d.fields) - 1
	d.fields[i] = d.fields[last]
	d.index[d.fields[i].name] = i
	delete(d.index, string(name))
	d.fields[last] = field{}
	d.fields = d.fields[:last]
	return true, freed
}
