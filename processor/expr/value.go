package expr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// appendValue appends what v is in a request: text as it is, numbers, true and false as one writes them, moments as in
// RFC 3339, lists and objects as JSON. v is not nil.
func appendValue(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return append(dst, v...), nil
	case []byte:
		return append(dst, v...), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case float64:
		return appendNumber(dst, v)
	case time.Time:
		return v.AppendFormat(dst, time.RFC3339Nano), nil
	case time.Duration:
		return append(dst, v.String()...), nil
	}
	return appendJSON(dst, v)
}

// appendNumber writes whole numbers without an exponent as far as they are exact, for most of them are ids.
func appendNumber(dst []byte, f float64) ([]byte, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return dst, fmt.Errorf("the number is %v", f)
	}
	if math.Abs(f) < 1<<53 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), nil
}

// appendJSON appends v as JSON in one line, < and > as they are.
func appendJSON(dst []byte, v any) ([]byte, error) {
	switch reflect.ValueOf(v).Kind() {
	case reflect.Func, reflect.Chan, reflect.Struct:
		return dst, fmt.Errorf("%s cannot be sent", describe(v))
	}
	out := bytes.NewBuffer(dst)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// textOf is v as text.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "", errors.New("expected text, not nothing (nil)")
	}
	b, err := appendValue(nil, v)
	return string(b), err
}

// describe names what kind of value v is.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing (nil)"
	case string:
		if len(v) > 40 {
			v = v[:40] + "…"
		}
		return strconv.Quote(v)
	case bool, int, float64, int64, time.Duration:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a %T", v)
}
