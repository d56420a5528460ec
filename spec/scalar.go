package spec

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// show describes n for messages: a scalar as it was written, anything else by its kind.
func show(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "nothing"
	case n.Kind == yaml.ScalarNode && len(n.Value) > 60:
		return fmt.Sprintf("%q…", n.Value[:60])
	case n.Kind == yaml.ScalarNode:
		return fmt.Sprintf("%q", n.Value)
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	}
	return "an alias"
}

// text fills a type that reads itself from text, whatever YAML takes the text for.
func (d *decoder) text(n *yaml.Node, u encoding.TextUnmarshaler, field string) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.problem(n, field, "%s: expected a single value", show(n))
		return
	}
	if err := u.UnmarshalText([]byte(n.Value)); err != nil {
		d.problem(n, field, "%v", err)
	}
}

// scalar fills a string, boolean or number.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, field string) {
	want := expected(v.Kind())
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.problem(n, field, "%s: expected %s", show(n), want)
		return
	}
	ok, hint := set(n, v)
	if !ok {
		d.problem(n, field, "%s: expected %s%s", show(n), want, hint)
	}
}

// expected names what a field of a kind takes.
func expected(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not negative"
	}
	return "a whole number"
}

// set stores n's text in v; when it cannot, hint is a suggestion or empty.
func set(n *yaml.Node, v reflect.Value) (ok bool, hint string) {
	digits := strings.ReplaceAll(n.Value, "_", "")
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
		return true, ""
	case reflect.Bool:
		return setBool(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(digits, 10, v.Type().Bits())
		if err == nil {
			v.SetInt(i)
		}
		return err == nil, hintInt(digits, err, v.Type().Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(digits, 10, v.Type().Bits())
		if err == nil {
			v.SetUint(u)
		}
		return err == nil, hintInt(digits, err, v.Type().Bits())
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(digits, v.Type().Bits())
		if err == nil {
			v.SetFloat(f)
		}
		return err == nil, ""
	}
	return false, ""
}

func setBool(n *yaml.Node, v reflect.Value) (ok bool, hint string) {
	switch strings.ToLower(n.Value) {
	case "true", "false":
		v.SetBool(strings.EqualFold(n.Value, "true"))
		return true, ""
	case "yes", "on", "1":
		return false, " (did you mean true?)"
	case "no", "off", "0":
		return false, " (did you mean false?)"
	}
	return false, ""
}

// hintInt says what may have been meant by text that is no whole number: 1e6, 0x10 and 10k are clear to people.
func hintInt(text string, err error, bits int) string {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf(", of at most %d bits", bits)
	}
	thousands := strings.TrimSuffix(strings.ToLower(text), "k")
	if n, err := strconv.ParseInt(thousands, 10, 32); err == nil && thousands != text {
		return fmt.Sprintf(" (did you mean %d?)", n*1000)
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return fmt.Sprintf(" (did you mean %d?)", n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 && f < 1<<53 && f == math.Trunc(f) {
		return fmt.Sprintf(" (did you mean %d?)", int64(f))
	}
	return ""
}
