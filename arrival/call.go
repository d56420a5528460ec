package arrival

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Call names a process or profile and gives its parameters, as the command line or the spec file has them.
type Call struct {
	Name   string
	Params map[string]string
}

// ParseCall takes a text NAME or NAME:key=value,key=value apart. It does not look at what the words mean.
func ParseCall(text string) (Call, error) {
	name, rest, colon := strings.Cut(text, ":")
	c := Call{Name: strings.TrimSpace(name), Params: map[string]string{}}
	if c.Name == "" {
		return Call{}, fmt.Errorf("arrival: %q: no name; expected NAME or NAME:key=value,key=value", text)
	}
	if !colon {
		return c, nil
	}
	for pair := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(pair, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return Call{}, fmt.Errorf("arrival: %s: %q: expected key=value, as in NAME:key=value,key=value", c.Name, strings.TrimSpace(pair))
		}
		if _, twice := c.Params[key]; twice {
			return Call{}, fmt.Errorf("arrival: %s: %s is given twice; expected it once", c.Name, key)
		}
		c.Params[key] = value
	}
	return c, nil
}

// String writes c so that [ParseCall] reads the same, parameters sorted.
func (c Call) String() string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(c.Params)) {
		pairs = append(pairs, key+"="+c.Params[key])
	}
	if len(pairs) == 0 {
		return c.Name
	}
	return c.Name + ":" + strings.Join(pairs, ",")
}
