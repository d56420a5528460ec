package processor_test

import (
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
)

// path is the settings of a processor that always asks for the same.
type path struct {
	Path string `yaml:"path"`
}

func (*path) Validate() error { return nil }

func (s *path) NewProcessor(processor.Env) (processor.Processor, error) {
	return processor.Func(func(_ *load.Record, add func() *load.Request) error {
		req := add()
		req.URI = req.KeepString(s.Path)
		return nil
	}), nil
}

func TestRegister(t *testing.T) {
	settings := func() processor.Settings { return &path{"/default"} }
	processor.Register(processor.Def{Name: "b-2", Summary: "second", Settings: settings})
	processor.Register(processor.Def{Name: "a_1", Summary: "first", Settings: settings})
	if all := processor.Defs(); len(all) != 2 || all[0].Name != "a_1" || all[1].Name != "b-2" || all[0].Summary != "first" {
		t.Errorf("Defs: %+v", all)
	}
	if _, ok := processor.ByName("other"); ok {
		t.Error("found what is not registered")
	}
	d, ok := processor.ByName("b-2")
	if !ok || d.Summary != "second" {
		t.Fatalf("ByName: %+v, %v", d, ok)
	}
	one, two := d.Settings(), d.Settings()
	one.(*path).Path = "/changed"
	p, err := two.NewProcessor(processor.Env{})
	if err != nil {
		t.Fatal(err)
	}
	var req load.Request
	if err := p.Process(&load.Record{}, func() *load.Request { return &req }); err != nil || string(req.URI) != "/default" {
		t.Errorf("%q, %v: settings are shared, or not the defaults", req.URI, err)
	}
	for _, bad := range []processor.Def{
		{Name: "b-2", Settings: settings},
		{Name: "", Settings: settings},
		{Name: "exec", Settings: settings},
		{Name: "a b", Settings: settings},
		{Name: "a:b", Settings: settings},
		{Name: "none"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was registered", bad.Name)
				}
			}()
			processor.Register(bad)
		}()
	}
}
