package processor

import "bytes"

// names is a set of header names, whose case does not count.
type names struct {
	list     [][]byte
	initials uint32 // a bit for each first letter, by its low five bits: most names that are asked for share none
}

func (n *names) add(name string) {
	n.list = append(n.list, []byte(name))
	n.initials |= initial([]byte(name))
}

func (n *names) has(name []byte) bool {
	if n.initials&initial(name) == 0 {
		return false
	}
	for _, other := range n.list {
		if sameName(name, other) {
			return true
		}
	}
	return false
}

func initial(name []byte) uint32 {
	if len(name) == 0 {
		return 0
	}
	return 1 << (name[0] & 31)
}

func sameName(a, b []byte) bool {
	return len(a) == len(b) && initial(a) == initial(b) && bytes.EqualFold(a, b)
}
