package spec

import (
	"errors"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

// The tests have a second protocol, with one option of every kind that a user's protocol may have.
func init() {
	transport.Register(transport.Protocol{
		Name:    "fake",
		Summary: "nothing, for tests",
		Schemes: map[string]transport.Scheme{"fake": {}, "fakes": {Port: 99, TLS: true}},
		Config:  func() transport.Config { return &fakeConfig{Ping: time.Second} },
	})
}

type fakeConfig struct {
	Ping     time.Duration
	Share    float64        `yaml:"share"`
	Count    int64          `yaml:"count"`
	MaxLimit int64          `yaml:"max_limit"`
	Small    uint8          `yaml:"small"`
	Password string         `yaml:"password,omitempty"`
	Free     any            `yaml:"free,omitempty"`
	Own      own            `yaml:"own,omitempty"`
	Weights  map[string]int `yaml:"weights,omitempty"`
	Inner    inner          `yaml:",inline"`
	Hidden   string         `yaml:"-"`
}

type inner struct {
	Depth *int `yaml:"depth,omitempty"`
}

// own decodes itself.
type own struct{ text string }

func (o *own) UnmarshalYAML(n *yaml.Node) error {
	if n.Value != "own" {
		return errors.New("expected own")
	}
	o.text = n.Value
	return nil
}

func (o own) MarshalYAML() (any, error) { return o.text, nil }

func (o own) IsZero() bool { return o.text == "" }

func (c *fakeConfig) Validate() error {
	var errs []error
	if c.Share > 1 {
		errs = append(errs, errors.New("share: expected at most 1"))
	}
	if c.Count > 9 {
		errs = append(errs, errors.New("too much of everything"))
	}
	return errors.Join(errs...)
}

func (c *fakeConfig) NewCodec() (transport.Codec, error) { return nil, errors.New("fake") }
