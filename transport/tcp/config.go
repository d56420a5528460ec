// Package tcp sends bytes as they are and finds the end of an answer by a rule of the user's: for protocols that have no codec
// of their own. It knows no socket; in steady state neither direction allocates.
//
// Importing the package registers it as "tcp", for tcp://, tcps:// and unix: targets.
package tcp

import (
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/tcp/payload"
)

//go:embed README.md
var readme string

func init() {
	transport.Register(transport.Protocol{
		Name:    "tcp",
		Summary: "raw bytes over TCP, TLS or a Unix socket; answers end by delimiter, length, size, silence or close",
		Doc:     readme,
		Schemes: map[string]transport.Scheme{
			"tcp":      {},
			"tcps":     {TLS: true},
			"tcp+tls":  {TLS: true},
			"unix":     {Unix: true},
			"tcp+unix": {Unix: true},
		},
		Lines:  true,
		Config: func() transport.Config { return NewConfig() },
	})
}

// Config configures the codec.
type Config struct {
	// Encoding is how a record's line stands for bytes: text, escaped, hex or base64.
	Encoding string `yaml:"encoding" jsonschema:"enum=text,enum=escaped,enum=hex,enum=base64"`
	// Suffix is sent after each request; escapes such as \r\n are read. Left out: a line end after text that does not end in
	// one, nothing after the other encodings.
	Suffix *string `yaml:"suffix,omitempty"`
	// Answer says where an answer ends.
	Answer Answer `yaml:"answer"`
	// AnswerLimit is the most bytes of an answer; 0: no limit.
	AnswerLimit int64 `yaml:"answer_limit"`
	// OK is how a good answer begins, with escapes; others count as errors of the server. Empty: all are good.
	OK string `yaml:"ok,omitempty"`
}

// Answer says where an answer ends. Only the fields of the framing that is chosen matter.
type Answer struct {
	// Framing is delimiter, length, fixed, silence, close or none.
	Framing string `yaml:"framing" jsonschema:"enum=delimiter,enum=length,enum=fixed,enum=silence,enum=close,enum=none"`
	// Delimiter ends the answer; escapes are read. It does not belong to the content.
	Delimiter string `yaml:"delimiter"`
	// Length is where the answer announces its length.
	Length Length `yaml:"length"`
	// Size is the number of bytes of every answer, for fixed.
	Size int64 `yaml:"size,omitempty" jsonschema:"minimum=1"`
	// Silence is how long nothing must come after the first byte.
	Silence time.Duration `yaml:"silence"`
}

// Length is a field at the beginning of an answer that says how many bytes follow it.
type Length struct {
	// Offset is how many bytes come before the field.
	Offset int `yaml:"offset" jsonschema:"minimum=0"`
	// Size is the field's number of bytes: 1, 2, 4 or 8.
	Size int `yaml:"size" jsonschema:"enum=1,enum=2,enum=4,enum=8"`
	// Order is that of its bytes: big or little.
	Order string `yaml:"order" jsonschema:"enum=big,enum=little"`
	// Adjust is added to the announced length: -4 where it counts the four bytes of the field too.
	Adjust int64 `yaml:"adjust"`
}

const (
	defaultAnswerLimit = 16 << 20
	defaultSilence     = 50 * time.Millisecond
	maxDelimiter       = 256
	maxOffset          = 4096
	maxAdjust          = 1 << 20
)

// NewConfig returns the defaults: lines of text, answered by a line of at most 16 MiB.
func NewConfig() *Config {
	return &Config{
		Encoding:    "text",
		AnswerLimit: defaultAnswerLimit,
		Answer: Answer{
			Framing: "delimiter", Delimiter: `\n`,
			Length:  Length{Size: 4, Order: "big"},
			Silence: defaultSilence,
		},
	}
}

// Validate implements [transport.Config].
func (c *Config) Validate() error {
	var errs []error
	wrong := func(field string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", field, err))
		}
	}
	_, err := payload.Named(c.Encoding)
	wrong("encoding", err)
	if c.Suffix != nil {
		_, err = payload.Unescape(*c.Suffix)
		wrong("suffix", err)
	}
	_, err = payload.Unescape(c.OK)
	wrong("ok", err)
	if c.AnswerLimit < 0 {
		wrong("answer_limit", fmt.Errorf("%d is negative; want a number of bytes, or 0 for no limit", c.AnswerLimit))
	}
	if c.OK != "" && c.Answer.Framing == "none" {
		wrong("ok", errors.New("no answer is awaited (answer.framing: none); leave one of them out"))
	}
	c.Answer.validate(func(field string, err error) { wrong("answer."+field, err) })
	return errors.Join(errs...)
}

// validate checks the fields that the framing goes by.
func (a *Answer) validate(wrong func(field string, err error)) {
	switch a.Framing {
	case "delimiter":
		d, err := payload.Unescape(a.Delimiter)
		wrong("delimiter", err)
		if err == nil && (len(d) == 0 || len(d) > maxDelimiter) {
			wrong("delimiter", fmt.Errorf("%d bytes; want 1 to %d", len(d), maxDelimiter))
		}
	case "length":
		a.Length.validate(func(field string, err error) { wrong("length."+field, err) })
	case "fixed":
		if a.Size < 1 {
			wrong("size", fmt.Errorf("%d; want the number of bytes of every answer, at least 1", a.Size))
		}
	case "silence":
		if a.Silence <= 0 {
			wrong("silence", fmt.Errorf("%v; want a time above 0, such as %v", a.Silence, defaultSilence))
		}
	case "close", "none":
	default:
		wrong("framing", fmt.Errorf("%q: expected delimiter, length, fixed, silence, close or none", a.Framing))
	}
}

func (l *Length) validate(wrong func(field string, err error)) {
	if l.Offset < 0 || l.Offset > maxOffset {
		wrong("offset", fmt.Errorf("%d; want 0 to %d bytes", l.Offset, maxOffset))
	}
	switch l.Size {
	case 1, 2, 4, 8:
	default:
		wrong("size", fmt.Errorf("%d; want 1, 2, 4 or 8 bytes", l.Size))
	}
	if l.Adjust < -maxAdjust || l.Adjust > maxAdjust {
		wrong("adjust", fmt.Errorf("%d; want %d to %d bytes", l.Adjust, -maxAdjust, maxAdjust))
	}
	if l.Order != "big" && l.Order != "little" {
		wrong("order", fmt.Errorf("%q: expected big or little", l.Order))
	}
}
