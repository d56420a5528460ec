package redis

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// nameBuf is room for a command's name, which is 64 bytes long at most.
type nameBuf [64]byte

// read returns what w means in capitals; nothing where it is too long.
func (b *nameBuf) read(w word) []byte {
	if w.size > len(b) {
		return nil
	}
	name := w.append(b[:0])
	for i, c := range name {
		if c >= 'a' && c <= 'z' {
			name[i] = c - 'a' + 'A'
		}
	}
	return name
}

// of returns the name of a command; nothing where it has none.
func (b *nameBuf) of(body []byte) []byte {
	if w := walk(body); w.next() {
		return b.read(w.word)
	}
	return nil
}

// lookup returns what is known of a command by its name in capitals; nil: nothing.
func lookup(name []byte) *fact { return facts[string(name)] }

var errName = errors.New("its first word is no command's name; want a letter, then letters, digits and . _ - such as GET or JSON.SET")

// oneAnswer tells whether a command of that name, and second word, has one answer.
func oneAnswer(name, sub []byte) error {
	if !isName(name) {
		return errName
	}
	switch f := lookup(name); {
	case f == nil:
		return nil
	case f.no != "":
		return fmt.Errorf("%s is not sent: %s", f.name, f.no)
	case f.name == "CLIENT" && string(sub) == "REPLY":
		return errors.New(noReply)
	case f.name == "SCRIPT" && string(sub) == "DEBUG":
		return errors.New(noDebug)
	}
	return nil
}

// isName tells whether name, in capitals, may be a command's.
func isName(name []byte) bool {
	for i, c := range name {
		letter := c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return len(name) > 0
}

// heads are the first words of a command, and how many it has in all.
type heads struct {
	first, second word
	n             int
}

func (h *heads) see(w *word) {
	switch h.n {
	case 0:
		h.first = *w
	case 1:
		h.second = *w
	}
	h.n++
}

// judge says what is wrong with a command that w has gone through.
func (h *heads) judge(w *walker) error {
	if w.err != nil {
		return w.err
	}
	if h.n == 0 {
		return errEmpty
	}
	var name, sub nameBuf
	return oneAnswer(name.read(h.first), sub.read(h.second))
}

// appendCommand appends a command as it goes over the wire.
func appendCommand(dst, body []byte) ([]byte, error) {
	var h heads
	w, start := walk(body), len(dst)
	if w.wire {
		for w.next() {
			h.see(&w.word)
		}
		return append(dst, body...), h.judge(&w)
	}
	dst = append(dst, "*0\r\n"...)
	for w.next() {
		h.see(&w.word)
		dst = appendLength(dst, '$', w.word.size)
		dst = append(w.word.append(dst), "\r\n"...)
	}
	if h.n < 10 {
		dst[start+1] = '0' + byte(h.n)
		return dst, h.judge(&w)
	}
	var count [20]byte // the rest makes room for it
	return slices.Replace(dst, start+1, start+2, strconv.AppendInt(count[:0], int64(h.n), 10)...), h.judge(&w)
}

// firstKey appends the first key of a command to dst, or returns it as it stands in body; !ok: it has none.
func firstKey(dst, body []byte) (key []byte, ok bool) {
	w := walk(body)
	if !w.next() {
		return nil, false
	}
	var buf nameBuf
	where := keys{first: 1}
	if f := lookup(buf.read(w.word)); f != nil {
		where = f.keys
	}
	at := max(where.first, where.count)
	if at == 0 && where.keyword == "" {
		return nil, false
	}
	for i := 1; w.next(); i++ {
		switch {
		case i == at && where.count > 0:
			if n, right := digits(buf.read(w.word)); !right || n == 0 || !w.next() {
				return nil, false
			}
			return w.word.key(dst), true
		case i == at && (w.word.size > 0 || where.keyword == ""):
			return w.word.key(dst), true
		case i > at && string(buf.read(w.word)) == where.keyword:
			if !w.next() {
				return nil, false
			}
			return w.word.key(dst), true
		}
	}
	return nil, false
}

// key is what the word means, in its own memory where that will do.
func (w *word) key(dst []byte) []byte {
	if !w.quotes {
		return w.raw
	}
	return w.append(dst)
}

// slots is how many slots a cluster has.
const slots = 1 << 14

// slotOf is the slot of a key: the CRC16 (XMODEM: polynomial 0x1021, from 0, not mirrored) of the key, or of what stands
// within its first braces, if there is something (Redis Cluster specification, "Hash tags").
func slotOf(key []byte) int {
	if i := bytes.IndexByte(key, '{'); i >= 0 {
		if j := bytes.IndexByte(key[i+1:], '}'); j > 0 {
			key = key[i+1 : i+1+j]
		}
	}
	crc := uint16(0)
	for _, b := range key {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^b]
	}
	return int(crc) % slots
}

var crcTable = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc >> 15
			crc = crc<<1 ^ carry*0x1021
		}
		t[i] = crc
	}
	return t
}()
