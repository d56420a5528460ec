package arrival

import "strings"

// known lists names for a message.
func known(noun string, names []string) string {
	if len(names) == 0 {
		return "it has no " + noun
	}
	return noun + ": " + strings.Join(names, ", ")
}
