package arrival

import (
	"fmt"
	"strings"
)

// didYouMean returns `; did you mean "…"?` with the nearest of names, or nothing when none is near.
func didYouMean(word string, names []string) string {
	best, least := "", 1+max(1, len(word)/3)
	for _, name := range names {
		if d := distance(word, name); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// known lists names for a message.
func known(noun string, names []string) string {
	if len(names) == 0 {
		return "it has no " + noun
	}
	return noun + ": " + strings.Join(names, ", ")
}

// distance is the edit distance (Levenshtein, 1966): insertions, deletions and replacements of bytes from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
