package memcached

import "github.com/iagoloadgen/iago/transport/internal/memtext"

// meta reads the answer to a meta command: a code of two letters, flags, and a value after VA.
func (r *rules) meta(word, rest []byte, c *memtext.Conn) error {
	if k := r.command.kind; string(word) == "VA" && (k == metaGet || k == metaArith) {
		size, _ := memtext.Word(rest)
		err := c.Value(size)
		if err == nil {
			r.end(metaDone(k), c)
		}
		return err
	}
	n := metaOutcome(r.command.kind, word)
	if n == sent {
		return memtext.ErrWord
	}
	if r.command.kind == metaDebug && n == hit && len(rest) > 0 {
		c.Text(rest[1:])
	}
	r.end(n, c)
	return nil
}

// metaOutcome is what a code says of a meta command; sent where it says nothing.
func metaOutcome(k kind, code []byte) int {
	switch k {
	case metaGet:
		switch string(code) {
		case "HD":
			return metaDone(k)
		case "EN":
			return miss
		}
		return sent
	case metaDebug:
		switch string(code) {
		case "ME":
			return hit
		case "EN":
			return miss
		}
		return sent
	case metaNoop:
		if string(code) == "MN" {
			return noop
		}
		return sent
	}
	switch string(code) {
	case "HD":
		return metaDone(k)
	case "EX":
		return exists
	case "NF":
		return notFound
	case "NS":
		if k != metaDelete {
			return notStored
		}
	}
	return sent
}

// metaDone is the outcome of a meta command that did what it is for.
func metaDone(k kind) int {
	switch k {
	case metaSet:
		return stored
	case metaDelete:
		return deleted
	case metaArith:
		return number
	}
	return hit
}
