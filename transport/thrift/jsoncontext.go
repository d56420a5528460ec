package thrift

// jsonContext knows what stands between the values of the JSON protocol, and which of them are an object's keys: those are
// strings, numbers in quotes otherwise.
type jsonContext struct {
	level []jsonLevel
}

type jsonLevel struct {
	object bool
	odd    bool // an object's value comes next
	any    bool // something was there already
}

func (c *jsonContext) reset() { c.level = c.level[:0] }

// next tells the byte before the next value, 0 for none, and whether it is a key.
func (c *jsonContext) next() (separator byte, key bool) {
	n := len(c.level)
	if n == 0 {
		return 0, false
	}
	l := &c.level[n-1]
	switch {
	case !l.any:
	case l.odd:
		separator = ':'
	default:
		separator = ','
	}
	key = l.object && !l.odd
	l.any = true
	if l.object {
		l.odd = !l.odd
	}
	return separator, key
}

func (c *jsonContext) push(object bool) { c.level = append(c.level, jsonLevel{object: object}) }

func (c *jsonContext) pop() {
	if n := len(c.level); n > 0 {
		c.level = c.level[:n-1]
	}
}
