package spec

import (
	"errors"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

type fakeSettings struct {
	Share float64 `yaml:"share"`
}

func (s *fakeSettings) Validate() error {
	if s.Share > 1 {
		return errors.New("share: expected at most 1")
	}
	return nil
}

func (s *fakeSettings) NewProcessor(processor.Env) (processor.Processor, error) {
	return processor.Func(func(*load.Record, func() *load.Request) error { return nil }), nil
}

func init() {
	processor.Register(processor.Def{Name: "faker", Summary: "for tests", Settings: func() processor.Settings { return &fakeSettings{Share: 0.5} }})
}

func TestProcessorByName(t *testing.T) {
	for _, tt := range []struct {
		text, want string // want: what is wrong, or the YAML of the section
	}{
		{"processor: faker", "processor:\n  faker:\n    share: 0.5\n"},
		{"processor: {faker: {share: 0.25}}", "processor:\n  faker:\n    share: 0.25\n"},
		{"processor: {faker: {share: 2}}", "s.yaml:2:28: processor.faker.share: expected at most 1"},
		{"processor: {faker: {shar: 2}}", "s.yaml:2:21: processor.faker.shar: unknown field (did you mean share?)"},
		{"processor: fakr", `s.yaml:2:12: processor: "fakr": no processor is called so: expected faker, or exec: [PROGRAM, ARGUMENT, …]; did you mean "faker"?`},
		{"processor: faker\nfilter: 'true'", "s.yaml:3:9: filter: has no use beside processor (line 2): it makes the requests and looks at the answers"},
		{"processor: {exec: []}", "s.yaml:2:19: processor.exec: missing: expected a program"},
		{"processor: {exec: [cat]}", "s.yaml:2:12: processor: expected records beside it"},
		{"processor: {exec: [cat], batsh: 3}", "s.yaml:2:26: processor.batsh: unknown field (did you mean batch?)"},
	} {
		s, err := Parse("s.yaml", []byte("target: http://h\n"+tt.text))
		if err == nil {
			err = s.Validate()
		}
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got  %v\nwant %s", tt.text, err, tt.want)
			}
			continue
		}
		y, err := s.YAML()
		if err != nil || !strings.Contains(string(y), tt.want) {
			t.Errorf("%s: %v\n%s\nwant %s", tt.text, err, y, tt.want)
		}
		if _, err := Parse("again.yaml", y); err != nil {
			t.Errorf("%s: does not load again: %v", tt.text, err)
		}
	}
}
