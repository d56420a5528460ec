package spec

import "github.com/iagoloadgen/iago/source"

// format checks the name of a format of records.
func (c *checker) format(field, name string) {
	if name == "" {
		return
	}
	var known []string
	for _, f := range source.Formats() {
		known = append(known, f.Name)
		if f.Name == name {
			return
		}
	}
	c.problem(field, "%q: expected %s%s", name, oneOf(known), didYouMean(name, known))
}
