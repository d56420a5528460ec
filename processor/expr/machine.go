package expr

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"

	"github.com/expr-lang/expr/vm"
)

// machine evaluates the programs of one side, records or responses. It is used by one goroutine.
//
// Programs are compiled against a struct of the variables' types. What they are run with is another struct, with fields of the
// same names at the same places, but all of type any: reading such a field allocates nothing, and the value is made only
// where a program mentions it.
type machine struct {
	vm     vm.VM
	values any                     // a pointer to the struct that programs are run with
	load   map[string]func() error // fills a field, by the variable's name
	fill   []func() error          // the same by the field's place
	have   uint64                  // fields that have been filled, a bit each
	random *rand.Rand

	types     any // the struct that programs are compiled with
	functions []function
	names     []string            // what expressions can mention, for suggestions
	lookups   map[string]string   // functions that look up one member of a map, by the map's variable
	members   map[string][]string // the only members that a map has, by its variable
}

// index puts the loaders in the order of the variables' places.
func (m *machine) index() {
	t := reflect.TypeOf(m.types)
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("expr")
		m.names = append(m.names, name)
		m.fill = append(m.fill, m.load[name])
	}
}

// begin forgets the variables of the former record or response.
func (m *machine) begin() { m.have = 0 }

// run evaluates p.
func (m *machine) run(p *program) (any, error) {
	for missing := p.needs &^ m.have; missing != 0; missing &= missing - 1 {
		i := bits.TrailingZeros64(missing)
		if err := m.fill[i](); err != nil {
			return nil, fmt.Errorf("%s: %w", p.path, err)
		}
		m.have |= 1 << i
	}
	v, err := m.vm.Run(p.code, m.values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.path, p.explain(err))
	}
	return v, nil
}

// condition evaluates p, which has been compiled as one.
func (m *machine) condition(p *program) (bool, error) {
	v, err := m.run(p)
	if err != nil {
		return false, err
	}
	ok, isBool := v.(bool)
	if !isBool {
		return false, fmt.Errorf("%s: gave %s; expected true or false: in %s", p.path, describe(v), p.source)
	}
	return ok, nil
}
