package launch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// New makes the launcher out of a YAML file's content (may be empty) and of settings key=value, which win over the file. Lists and maps
// are written as YAML does: hosts=[a, b]. All that is wrong is in the error.
func (d Def) New(file []byte, settings ...string) (Launcher, error) {
	o := d.Options()
	var wrong []error
	if err := decode(file, o); err != nil {
		wrong = append(wrong, fmt.Errorf("launch: options of %s: %w", d.Name, err))
	}
	for _, s := range settings {
		if err := set(o, s); err != nil {
			wrong = append(wrong, fmt.Errorf("launch: option of %s: %w", d.Name, err))
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	l, err := o.NewLauncher()
	if err != nil {
		return nil, fmt.Errorf("launch: options of %s: %w", d.Name, err)
	}
	return l, nil
}

// Option is one field of a launcher's options.
type Option struct{ Name, Default, Help string }

// List tells of the options, in the order of their fields.
func (d Def) List() (list []Option) {
	v := reflect.ValueOf(d.Options()).Elem()
	for name, f := range fields(v) {
		o := Option{Name: name}
		if !f.value.IsZero() {
			o.Default = fmt.Sprint(f.value.Interface())
		}
		o.Help = f.help
		list = append(list, o)
	}
	return list
}

// decode reads strict YAML into o; an empty file is none.
func decode(file []byte, o Options) error {
	d := yaml.NewDecoder(bytes.NewReader(file))
	d.KnownFields(true)
	if err := d.Decode(o); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// set sets one field from key=value. Text is taken as it stands, everything else is read as YAML.
func set(o Options, setting string) error {
	key, value, ok := strings.Cut(setting, "=")
	if !ok {
		return fmt.Errorf("%q: expected key=value", setting)
	}
	var names []string
	for name, f := range fields(reflect.ValueOf(o).Elem()) {
		names = append(names, name)
		if name != key {
			continue
		}
		switch {
		case f.value.Kind() == reflect.String:
			f.value.SetString(value)
			return nil
		case f.value.Type() == reflect.TypeFor[time.Duration]():
			d, err := time.ParseDuration(value)
			if err != nil {
				return fmt.Errorf("%s: %q: expected a duration such as 30s", key, value)
			}
			f.value.SetInt(int64(d))
			return nil
		}
		fresh := reflect.New(f.value.Type())
		if err := yaml.Unmarshal([]byte(value), fresh.Interface()); err != nil {
			return fmt.Errorf("%s: %q: expected %s", key, value, expected(f.value.Type()))
		}
		f.value.Set(fresh.Elem())
		return nil
	}
	return fmt.Errorf("no option %q; there are: %s%s", key, strings.Join(names, ", "), suggest.DidYouMean(key, names))
}

// expected names a type for people.
func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list such as [a, b]"
	case reflect.Map:
		return "pairs such as {a: b}"
	default:
		return "a number"
	}
}

type field struct {
	value reflect.Value
	help  string
}

// fields gives the fields of a struct by their yaml names.
func fields(v reflect.Value) func(yield func(string, field) bool) {
	return func(yield func(string, field) bool) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "" || name == "-" || !f.IsExported() {
				continue
			}
			if !yield(name, field{v.Field(i), f.Tag.Get("help")}) {
				return
			}
		}
	}
}
