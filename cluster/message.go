package cluster

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/iagoloadgen/iago/engine"
	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/source"
)

// An entry of the log of results is a head in JSON with its length before it, and a body: an interval's figures (compressed), or
// a sample of failures.

// head says what an entry is.
type head struct {
	Worker   string    `json:"worker"`
	Index    int       `json:"index"`    // of the second
	Arrivals int64     `json:"arrivals"` // that the worker has counted so far
	Stints   []Holding `json:"stints"`   // parts and times that its figures account for; a Through of Forever: up to Through below
	Through  int64     `json:"through_ns"`
	Steal    float64   `json:"steal,omitempty"`
	Last     *lastWord `json:"last,omitempty"` // the worker has ended
}

// lastWord is what a worker leaves besides its seconds.
type lastWord struct {
	End       engine.End       `json:"end"`
	Err       string           `json:"error,omitempty"`
	Duration  time.Duration    `json:"duration_ns"`
	Source    source.Stats     `json:"source"`
	Unused    int64            `json:"unused"`
	Generator report.Generator `json:"generator"`
	Members   []string         `json:"members,omitempty"` // of services among the targets
	Log       []string         `json:"log,omitempty"`     // its last lines
}

// appendEntry makes an entry.
func appendEntry(h head, body []byte) []byte {
	text := encode(h)
	out := binary.AppendUvarint(make([]byte, 0, len(text)+len(body)+binary.MaxVarintLen64), uint64(len(text)))
	return append(append(out, text...), body...)
}

// readEntry takes an entry apart.
func readEntry(b []byte) (h head, body []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return h, nil, errors.New("cluster: result: cut short")
	}
	b = b[used:]
	if err := json.Unmarshal(b[:n], &h); err != nil {
		return h, nil, fmt.Errorf("cluster: result: %w", err)
	}
	return h, b[n:], nil
}

// packed begins an answer that is compressed. Others are JSON, which begins otherwise.
const packed = 's'

// packLeast is how large an answer is that is worth it: those about thousands of workers would not pass every server.
const packLeast = 16 << 10

// pack makes a large answer small.
func pack(b []byte) []byte {
	if len(b) < packLeast {
		return b
	}
	return append([]byte{packed}, s2.Encode(nil, b)...)
}

// unpack undoes pack.
func unpack(b []byte) ([]byte, error) {
	if len(b) == 0 || b[0] != packed {
		return b, nil
	}
	if n, err := s2.DecodedLen(b[1:]); err != nil || n > secondMost {
		return nil, errors.New("cluster: answer: not compressed as it says: is another version of Iago at work?")
	}
	out, err := s2.Decode(nil, b[1:])
	if err != nil {
		return nil, fmt.Errorf("cluster: answer: %w", err)
	}
	return out, nil
}

// appendSecond makes the body of a second.
func appendSecond(iv *measure.Interval, label func(int) string) []byte {
	return s2.Encode(nil, measure.AppendInterval(nil, iv, label))
}

// secondMost bounds what a second's figures take.
const secondMost = 64 << 20

// readSecond reads the body of a second into iv.
func readSecond(iv *measure.Interval, body []byte, number func([]byte) int) error {
	if n, err := s2.DecodedLen(body); err != nil || n > secondMost {
		return errors.New("cluster: result: not a second's figures")
	}
	raw, err := s2.Decode(nil, body)
	if err != nil {
		return fmt.Errorf("cluster: result: %w", err)
	}
	return measure.DecodeInterval(iv, raw, number)
}
