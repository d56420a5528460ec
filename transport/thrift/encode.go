package thrift

import (
	"errors"
	"fmt"

	"github.com/iagoloadgen/iago/internal/suggest"
	"github.com/iagoloadgen/iago/load"
)

var (
	errNoMethod = errors.New(`no method: expected a record with one, or a line such as {"method": "echo", "args": {…}}`)
	noArguments = []byte("{}")
)

// encode writes the call that req asks for: its Method with the arguments in Body, or both in Body where there is no Method.
func (c *codec) encode(a *args, req *load.Request, seq int32) error {
	body := req.Body
	if len(body) == 0 {
		body = noArguments
	}
	if err := a.read(body); err != nil {
		return err
	}
	name, at := req.Method, int32(0)
	if len(name) == 0 {
		var err error
		if name, at, err = a.envelope(); err != nil {
			return err
		}
	}
	k, ok := c.calls[string(name)]
	if !ok {
		return fmt.Errorf("method %q: service %s has no such method%s", name, c.service.Name, suggest.DidYouMean(string(name), c.names))
	}
	kind := uint8(kindCall)
	if k.method.Oneway {
		kind, req.OneWay = kindOneway, true
	}
	a.messageBegin(k.method.Name, kind, seq)
	if err := a.subtree(at, k.method); err != nil {
		return fmt.Errorf("method %s: %w", name, err)
	}
	a.messageEnd()
	return nil
}

// envelope finds method and arguments in an object with both.
func (a *args) envelope() (method []byte, arguments int32, err error) {
	if a.nodes[0].kind != '{' {
		return nil, 0, errNoMethod
	}
	arguments = -1
	for k, left := int32(1), a.nodes[0].count; left > 0; left-- {
		value := k + 1
		switch string(a.raw(k)) {
		case "method":
			if a.nodes[value].kind != '"' {
				return nil, 0, fmt.Errorf("method: expected a name, found %s", a.found(value))
			}
			method = a.raw(value)
		case "args":
			arguments = value
		default:
			return nil, 0, fmt.Errorf("%q: expected method and args only", a.raw(k))
		}
		k = a.nodes[value].next
	}
	switch {
	case len(method) == 0:
		return nil, 0, errNoMethod
	case arguments < 0: // none are given: those of an empty object
		arguments = int32(len(a.nodes))
		a.nodes = append(a.nodes, node{kind: '{', next: arguments + 1})
	}
	return method, arguments, nil
}
