package measure

import "fmt"

const wireLabelVersion = 1

// AppendBinary appends l in a compact form, the same for the same content, and implements [encoding.BinaryAppender]. The error is
// always nil.
func (l *Label) AppendBinary(b []byte) ([]byte, error) {
	return l.appendWire(append(b, wireLabelVersion)), nil
}

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]: it replaces l's content by what [Label.AppendBinary] wrote. After an
// error l is empty.
func (l *Label) UnmarshalBinary(b []byte) error {
	l.Reset()
	r := wireReader{b: b}
	r.version(wireLabelVersion)
	r.label(l)
	err := r.end("label")
	if err != nil {
		l.Reset()
	}
	return err
}

func (l *Label) appendWire(dst []byte) []byte {
	return l.Latency.appendWire(appendNumbers(dst, l.Requests.numbers()...))
}

// label reads a label and adds it to l.
func (r *wireReader) label(l *Label) {
	r.numbers(l.Requests.numbers()...)
	r.histogram(&l.Latency)
}

// labels reads an interval's labels.
func (r *wireReader) labels(iv *Interval, number func(name []byte) int) {
	r.each(func() {
		name := r.text()
		if r.err != nil {
			return
		}
		n := number(name)
		if n < 0 {
			r.fail(fmt.Errorf("label %.100q has no number", name))
			return
		}
		r.label(iv.Label(n))
	})
}
