package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// params is a text of the form "name:key=value,key=value" taken apart. A single value without a key
// ("constant:1ms") stands for the parameter that the name has only one of.
type params struct {
	noun, text string // for messages: "service", and the text as given
	name       string
	values     map[string]string
}

// parseParams takes text apart; noun says in messages what it is.
func parseParams(noun, text string) (*params, error) {
	p := &params{noun: noun, text: text, values: map[string]string{}}
	name, rest, has := strings.Cut(strings.TrimSpace(text), ":")
	p.name = strings.ToLower(strings.TrimSpace(name))
	if p.name == "" {
		return nil, p.errorf("no name")
	}
	if !has {
		return p, nil
	}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, eq := strings.Cut(part, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		if !eq {
			key, value = "", key
		}
		if value == "" {
			return nil, p.errorf("empty parameter, expected key=value")
		}
		if _, twice := p.values[key]; twice {
			return nil, p.errorf("parameter %q is given twice", key)
		}
		p.values[key] = value
	}
	return p, nil
}

// errorf makes an error that names the text it is about.
func (p *params) errorf(format string, args ...any) error {
	return fmt.Errorf("target/model: %s %q: %w", p.noun, p.text, fmt.Errorf(format, args...))
}

// known refuses parameters other than keys. A value without a key becomes that of keys[0].
func (p *params) known(keys ...string) error {
	if value, ok := p.values[""]; ok && len(keys) > 0 {
		if _, twice := p.values[keys[0]]; twice {
			return p.errorf("parameter %q is given twice", keys[0])
		}
		delete(p.values, "")
		p.values[keys[0]] = value
	}
	for _, key := range slices.Sorted(maps.Keys(p.values)) {
		if slices.Contains(keys, key) {
			continue
		}
		if len(keys) == 0 {
			return p.errorf("%s takes no parameters", p.name)
		}
		return p.errorf("unknown parameter %q, expected %s", key, strings.Join(keys, ", "))
	}
	return nil
}

// duration returns the parameter key, between 0 and a day.
func (p *params) duration(key string, needed bool) (time.Duration, error) {
	text, err := p.get(key, needed, "1ms")
	if text == "" || err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, p.errorf("%s: %q is not a duration like 1ms or 2.5s", key, text)
	}
	if d < 0 || d > longest {
		return 0, p.errorf("%s: %s is not between 0 and 24h", key, text)
	}
	return d, nil
}

// number returns the parameter key.
func (p *params) number(key string) (float64, error) {
	text, err := p.get(key, true, "0.5")
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, p.errorf("%s: %q is not a number like 0.5", key, text)
	}
	return f, nil
}

// share returns the parameter key, a share above 0 and up to 1 written "1%" or "0.01".
func (p *params) share(key string, needed bool) (float64, error) {
	text, err := p.get(key, needed, "1%")
	if text == "" || err != nil {
		return 1, err
	}
	number, percent := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, p.errorf("%s: %q is not a share like 1%% or 0.01", key, text)
	}
	if percent {
		f /= 100
	}
	if err := checkShare(f); err != nil {
		return 0, p.errorf("%s: %s %w", key, text, err)
	}
	return f, nil
}

var errShare = errors.New("is not above 0% and up to 100%")

// checkShare refuses what is no probability above 0.
func checkShare(f float64) error {
	if f > 0 && f <= 1 {
		return nil
	}
	return errShare
}

func (p *params) get(key string, needed bool, example string) (string, error) {
	text, ok := p.values[key]
	if !ok && needed {
		return "", p.errorf("%s is missing, for example %s:%s=%s", key, p.name, key, example)
	}
	return text, nil
}
