package spec

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// entry is a key of a mapping and its value.
type entry struct{ key, value *yaml.Node }

// entries returns what the mapping n says, merge keys (<<) unfolded: a key of its own wins over a merged one, the first of
// several merged ones over the others. what names the contents for messages.
func (d *decoder) entries(n *yaml.Node, field, what string) []entry {
	if n.Kind != yaml.MappingNode {
		d.problem(n, field, "%s: expected %s, one a line or in {}", show(n), what)
		return nil
	}
	return d.unfold(n, field, nil)
}

// unfold does entries' work; around are the mappings that are being merged, outermost first.
func (d *decoder) unfold(n *yaml.Node, field string, around []*yaml.Node) []entry {
	var own, merged []entry
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch line, twice := lines[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.problem(key, field, "expected a name before the colon, found %s", show(key))
		case key.ShortTag() == "!!merge":
			merged = append(merged, d.merge(value, field, append(around, n))...)
		case twice:
			d.problem(key, join(field, key.Value), "given twice; the first is in line %d", line)
		default:
			lines[key.Value] = key.Line
			own = append(own, entry{key, value})
		}
	}
	for _, e := range merged {
		if _, taken := lines[e.key.Value]; !taken {
			lines[e.key.Value] = e.key.Line
			own = append(own, e)
		}
	}
	return own
}

// merge returns the entries of a merge key's value: a mapping or a list of them.
func (d *decoder) merge(value *yaml.Node, field string, around []*yaml.Node) []entry {
	n := d.resolve(value)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode && !slices.Contains(around, n):
		var all []entry
		for _, item := range n.Content {
			all = append(all, d.merge(item, field, append(around, n))...)
		}
		return all
	case n.Kind != yaml.MappingNode:
		d.problem(value, join(field, "<<"), "%s: expected an alias of a mapping, such as *common", show(n))
	case slices.Contains(around, n):
		d.problem(value, join(field, "<<"), "merges a mapping into itself")
	default:
		return d.unfold(n, field, around)
	}
	return nil
}
