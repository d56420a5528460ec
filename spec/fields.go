package spec

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// fieldsOf returns the fields of the struct v by their names in YAML, in the YAML package's own convention.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case strings.Contains(options, "inline"):
			if f.Type.Kind() == reflect.Struct {
				maps.Copy(fields, fieldsOf(v.Field(i)))
			}
		case name == "":
			fields[strings.ToLower(f.Name)] = v.Field(i)
		default:
			fields[name] = v.Field(i)
		}
	}
	return fields
}

// elsewhere finds the fields called name that are not where it was looked for: "headers" is in "request.headers".
func elsewhere(name string) []string {
	var found []string
	var look func(v reflect.Value, path string)
	look = func(v reflect.Value, path string) {
		for key, f := range fieldsOf(v) {
			switch {
			case !suggest.Alike(key, name):
			case path == "":
				found = append(found, key+" at the top")
			default:
				found = append(found, join(path, key))
			}
			if f.Kind() == reflect.Struct {
				look(f, join(path, key))
			}
		}
	}
	look(reflect.ValueOf(Defaults()).Elem(), "")
	slices.Sort(found)
	least := 0 // how deep the one is that lies least deep: the others are rarely meant
	for i, f := range found {
		if depth := strings.Count(f, "."); i == 0 || depth < least {
			least = depth
		}
	}
	return slices.DeleteFunc(found, func(f string) bool { return strings.Count(f, ".") > least })
}
