package kestrel

import (
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

func newCodec(tb testing.TB, change func(*Config)) transport.Codec {
	tb.Helper()
	config := NewConfig()
	if change != nil {
		change(config)
	}
	if err := config.Validate(); err != nil {
		tb.Fatal(err)
	}
	codec, err := config.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

func limited(c *Config) { c.ValueLimit = 1000 }

// body is a request of a record's line.
func body(line string) *load.Request { return &load.Request{Body: []byte(line)} }
