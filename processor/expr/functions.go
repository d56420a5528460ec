package expr

import (
	"crypto/hmac"
	"crypto/md5"  // for checksums that services ask for
	"crypto/sha1" // likewise
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
)

// function can be called by expressions.
type function struct {
	name  string
	types []any // pointers to functions of the types that it may be called with
	call  func(args ...any) (any, error)
}

// takesPattern are the functions whose second argument is a regular expression, checked ahead where it is constant.
var takesPattern = map[string]bool{"match": true, "replaceMatches": true}

// functionsFor returns the functions that both sides have; random is that of the side.
func functionsFor(random *rand.Rand) []function {
	patterns := patterns{}
	return append([]function{
		{"rand", []any{new(func() float64)}, func(...any) (any, error) { return random.Float64(), nil }},
		{"randInt", []any{new(func(int) int)}, func(args ...any) (any, error) {
			n, ok := args[0].(int)
			if !ok || n < 1 {
				return nil, fmt.Errorf("randInt(%v): expected a whole number of at least 1", args[0])
			}
			return random.IntN(n), nil
		}},
		{"uuid", []any{new(func() string)}, func(...any) (any, error) { return uuid(random), nil }},
		{"text", []any{new(func(...any) string)}, func(args ...any) (any, error) { return concat(args) }},
		{"match", []any{new(func(any, string) any)}, patterns.match},
		{"replaceMatches", []any{new(func(any, string, string) string)}, patterns.replace},
		{"toJSON", []any{new(func(any) string)}, func(args ...any) (any, error) {
			b, err := appendJSON(nil, args[0])
			return string(b), err
		}},
		{"fromJSON", []any{new(func(any) any)}, func(args ...any) (any, error) {
			s, err := textOf(args[0])
			if err != nil {
				return nil, err
			}
			return decodeJSON([]byte(s))
		}},
		{"hmacSHA256", []any{new(func(any, any) string)}, func(args ...any) (any, error) {
			key, err := textOf(args[0])
			message, other := textOf(args[1])
			if err = errors.Join(err, other); err != nil {
				return nil, err
			}
			h := hmac.New(sha256.New, []byte(key))
			h.Write([]byte(message))
			return hex.EncodeToString(h.Sum(nil)), nil
		}},
	}, textFunctions...)
}

// textFunctions make text of text.
var textFunctions = []function{
	textual("urlEncode", func(s string) (string, error) { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), nil }),
	textual("urlDecode", url.QueryUnescape),
	textual("toHex", func(s string) (string, error) { return hex.EncodeToString([]byte(s)), nil }),
	textual("fromHex", func(s string) (string, error) {
		b, err := hex.DecodeString(s)
		return string(b), err
	}),
	textual("md5", func(s string) (string, error) {
		sum := md5.Sum([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	}),
	textual("sha1", func(s string) (string, error) {
		sum := sha1.Sum([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	}),
	textual("sha256", func(s string) (string, error) {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	}),
}

func textual(name string, f func(string) (string, error)) function {
	return function{name, []any{new(func(any) string)}, func(args ...any) (any, error) {
		s, err := textOf(args[0])
		if err == nil {
			s, err = f(s)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return s, nil
	}}
}

// concat puts values one behind the other, as text.
func concat(args []any) (any, error) {
	var b []byte
	for i, v := range args {
		if v == nil {
			return nil, fmt.Errorf("text: argument %d is nothing (nil)", i+1)
		}
		var err error
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return string(b), nil
}

// uuid draws a UUID of version 4 (RFC 9562, section 5.4).
func uuid(r *rand.Rand) string {
	hi, lo := r.Uint64()&^(0xf<<12)|4<<12, r.Uint64()&^(3<<62)|2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&(1<<48-1))
}

// patterns are compiled regular expressions by their text. There are as many as expressions name; those that expressions make
// anew are bounded.
type patterns map[string]*regexp.Regexp

const maxPatterns = 1000

func (p patterns) get(text string) (*regexp.Regexp, error) {
	if re := p[text]; re != nil {
		return re, nil
	}
	re, err := regexp.Compile(text)
	if err == nil && len(p) < maxPatterns {
		p[strings.Clone(text)] = re
	}
	return re, err
}

// match returns the first group of the first match, the whole match where there are no groups, and nil without a match.
func (p patterns) match(args ...any) (any, error) {
	pattern, ok := args[1].(string)
	if !ok {
		return nil, fmt.Errorf("match: %s: expected a regular expression", describe(args[1]))
	}
	s, err := textOf(args[0])
	if err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	re, err := p.get(pattern)
	if err != nil {
		return nil, err
	}
	if found, ok := firstGroup(re, s); ok {
		return found, nil
	}
	return nil, nil
}

func firstGroup(re *regexp.Regexp, s string) (string, bool) {
	at := re.FindStringSubmatchIndex(s)
	switch {
	case at == nil || len(at) > 2 && at[2] < 0:
		return "", false
	case len(at) > 2:
		return s[at[2]:at[3]], true
	}
	return s[at[0]:at[1]], true
}

func (p patterns) replace(args ...any) (any, error) {
	s, err := textOf(args[0])
	pattern, ok := args[1].(string)
	with, also := args[2].(string)
	if err != nil || !ok || !also {
		return nil, fmt.Errorf("replaceMatches: expected text, a regular expression and text, not %s, %s and %s",
			describe(args[0]), describe(args[1]), describe(args[2]))
	}
	re, err := p.get(pattern)
	if err != nil {
		return nil, err
	}
	return re.ReplaceAllString(s, with), nil
}
