package spec

import "github.com/iagoloadgen/iago/internal/suggest"

// didYouMean returns ` (did you mean X?)` for the known word that is nearest to word, or nothing when none is near.
func didYouMean(word string, known []string) string {
	if near := suggest.Nearest(word, known); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}
