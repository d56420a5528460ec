package idl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// Error is one complaint about a file, at the place where it is wrong.
type Error struct {
	Pos Pos
	// Msg says what is wrong, what was expected and, where it can be guessed, the fix.
	Msg string
}

// Error returns the complaint behind the package's name and the place.
func (e *Error) Error() string {
	return "transport/thrift/idl: " + e.Pos.String() + ": " + e.Msg
}

// String returns the place as file:line:column.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

func errorAt(pos Pos, format string, args ...any) *Error {
	return &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

// maxErrors is how many complaints about one file's meaning are given at most.
const maxErrors = 10

// complaints gathers what is wrong with a file's meaning.
type complaints struct {
	list []error
	more int
}

func (c *complaints) full() bool { return len(c.list) == maxErrors }

func (c *complaints) add(pos Pos, format string, args ...any) {
	if c.full() {
		c.more++
		return
	}
	c.list = append(c.list, errorAt(pos, format, args...))
}

// err joins the complaints, nil if there are none.
func (c *complaints) err() error {
	if c.more > 0 {
		return errors.Join(append(c.list, fmt.Errorf("transport/thrift/idl: and %d more errors", c.more))...)
	}
	return errors.Join(c.list...)
}

// longestGuessed bounds the words that are compared to guess what was meant: comparing
// costs the product of their lengths. One or two letters are like too many words.
const longestGuessed = 64

// didYouMean returns `; did you mean "X"?` with the nearest of the known names, or "",
// also if the complaint will not be heard.
func didYouMean[V any](c *complaints, word string, known map[string]V) string {
	if len(word) < 3 || len(word) > longestGuessed || c.full() {
		return ""
	}
	var names []string
	for name := range known {
		if len(name) <= longestGuessed {
			names = append(names, name)
		}
	}
	slices.Sort(names) // of equally near names the first is taken
	return suggest.DidYouMean(word, names)
}

// shorten cuts s for a message.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
