// Package suggest finds the word that was probably meant.
package suggest

import (
	"fmt"
	"strings"
)

// Nearest returns the known word that is nearest to word, or "" when none is near: when more than a third of its letters, and
// more than one, would have to change. Case and word separators do not count: "maxIdle", "max-idle" and "max_idle" are alike.
func Nearest(word string, known []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := distance(plain(word), plain(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean returns `; did you mean "X"?` with the nearest known word, or "".
func DidYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// Alike tells whether two words differ in case and separators only.
func Alike(a, b string) bool { return plain(a) == plain(b) }

func plain(word string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(word))
}

// distance is the number of letters to insert, delete, replace or swap with their neighbor to make b of a (optimal string
// alignment, a restricted Damerau–Levenshtein distance; Boytsov 2011, section 2.1.1).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
