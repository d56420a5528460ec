package transporttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// cutter says how many of the next bytes come together.
type cutter func() int

func whole() int { return 1 << 30 }

// singly cuts before every byte; what is long only at its beginning.
func singly() cutter {
	n := 0
	return func() int {
		if n++; n < 2000 {
			return 1
		}
		return 1000
	}
}

func randomly(rng *rand.Rand) cutter {
	return func() int { return 1 + rng.IntN(1+rng.IntN(40)) }
}

// outcome is what became of a talk: the answers that were read, and how it ended otherwise.
type outcome struct {
	got []reading
	err error
}

func (o outcome) String() string {
	if len(o.got) == 0 {
		return fmt.Sprintf("no answer (%v)", o.err)
	}
	return fmt.Sprintf("%d answers, the last one %.300s (%v)", len(o.got), o.got[len(o.got)-1], o.err)
}

// why is how it ended, in words.
func (o outcome) why() string { return fmt.Sprint(o.err) }

func (o outcome) equal(p outcome) bool { return slices.Equal(o.got, p.got) && errors.Is(o.err, p.err) }

// hear gives a fresh connection's codec all of stream in pieces, and then its end if eof says so.
func (s *suite) hear(n int, stream []byte, next cutter, eof bool, see func(int, *load.Response) error) (outcome, error) {
	codec, err := s.newCodec(nil)
	if err != nil {
		return outcome{}, err
	}
	d, err := s.talk(codec, 0, n)
	if err != nil {
		return outcome{}, err
	}
	if stream == nil {
		stream = slices.Concat(d.answers...)
	}
	l := d.listener()
	l.see = see
	over := false
	for len(stream) > 0 && !over {
		k := min(next(), len(stream))
		if over, err = l.feed(stream[:k], false); err != nil {
			return outcome{}, err
		}
		stream = stream[k:]
	}
	if eof && !over {
		if _, err = l.feed(nil, true); err != nil {
			return outcome{}, err
		}
	}
	return outcome{l.got, l.err}, nil
}

// cuts: the answers to several requests come out the same, however the network cuts them.
func (s *suite) cuts() error {
	if s.scheme.Datagram {
		return s.datagramsRead()
	}
	n := 5
	if s.sequential {
		n = 1
	}
	match := s.matches
	want, err := s.hear(n, nil, whole, false, match)
	switch {
	case err != nil:
		return fmt.Errorf("all at once: %w", err)
	case len(want.got) < n && want.err != nil:
		return fmt.Errorf("%d answers: %w", n, want.err)
	}
	cutters := map[string]cutter{"byte by byte": singly()}
	for seed := range uint64(s.few(100)) {
		cutters[fmt.Sprint("cut at random, ", seed)] = randomly(rand.New(rand.NewPCG(seed, 1)))
	}
	for first := 1; first < 200; first++ {
		cutters[fmt.Sprintf("%d bytes, then the rest", first)] = once(first)
	}
	for name, next := range cutters {
		got, err := s.hear(n, nil, next, false, match)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case !got.equal(want):
			return fmt.Errorf("%s: %v; all at once: %v", name, got, want)
		}
	}
	return nil
}

// matches: an answer is that to its request, and the Subject can tell it from another's.
func (s *suite) matches(i int, resp *load.Response) error {
	mine, other := new(load.Request), new(load.Request)
	s.Request(mine, i)
	s.Request(other, i+1)
	switch {
	case !s.Match(mine, resp):
		return fmt.Errorf("the answer to request %d does not match it: %.300s", i, read(resp))
	case s.Match(other, resp):
		return fmt.Errorf("the Subject's Match takes the answer to request %d for that to %d, too: %.300s", i, i+1, read(resp))
	}
	return nil
}

// once cuts only after the first n bytes.
func once(n int) cutter {
	return func() int { k := n; n = 1 << 30; return k }
}

// datagramsRead: what was stamped into the request is found in the answer.
func (s *suite) datagramsRead() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	d, err := s.talk(codec, 0, 50)
	if err != nil {
		return err
	}
	for i, answer := range d.answers {
		resp := load.Response{Keep: keep}
		key, found, err := d.grams.ParseDatagram(answer, &resp)
		switch {
		case err != nil:
			return fmt.Errorf("answer %d: %w", i, err)
		case s.match == transport.MatchKey && (!found || key != d.keys[i]):
			return fmt.Errorf("answer %d has the key %d (found: %v); %d was stamped into the request", i, key, found, d.keys[i])
		}
		if err := s.matches(i, &resp); err != nil {
			return err
		}
	}
	return nil
}

// truncation: an answer whose end is missing is never taken for a whole one.
func (s *suite) truncation() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	d, err := s.talk(codec, 0, 1)
	if err != nil {
		return err
	}
	answer := d.answers[0]
	for n := range answer {
		for name, next := range map[string]cutter{"at once": whole, "byte by byte": singly()} {
			got, err := s.hear(1, answer[:n:n], next, true, nil)
			switch {
			case err != nil:
				return fmt.Errorf("%d of %d bytes %s: %w", n, len(answer), name, err)
			case len(got.got) > 0:
				return fmt.Errorf("%d of %d bytes %s and the end: read as an answer: %s", n, len(answer), name, got.got[0])
			case !errors.Is(got.err, transport.ErrEarlyClose):
				return fmt.Errorf("%d of %d bytes %s and the end: %s; want ErrEarlyClose", n, len(answer), name, got.why())
			}
		}
	}
	return nil
}

// noise: answers with bytes changed, left out, added or repeated, and bytes that mean nothing at all, have the same outcome whatever
// the cuts, without a panic and without an endless loop.
func (s *suite) noise() error {
	return s.within("Parse", func() error {
		codec, err := s.newCodec(nil)
		if err != nil {
			return err
		}
		d, err := s.talk(codec, 0, 3)
		if err != nil {
			return err
		}
		good := slices.Concat(d.answers...)
		for seed := range uint64(s.few(600)) {
			rng := rand.New(rand.NewPCG(seed, 2))
			if err := s.noisy(rng, spoil(rng, good)); err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
		}
		return nil
	})
}

func (s *suite) noisy(rng *rand.Rand, b []byte) error {
	if s.scheme.Datagram {
		codec, err := s.newCodec(nil)
		if err != nil {
			return err
		}
		if _, _, err = codec.(transport.Datagrams).ParseDatagram(b, &load.Response{Keep: keep}); err != nil {
			return declared(err, false)
		}
		return nil
	}
	n := 3
	if s.sequential {
		n = 1
	}
	var first outcome
	for i, next := range []cutter{whole, singly(), randomly(rng)} {
		got, err := s.hear(n, b, next, true, nil)
		switch {
		case err != nil:
			return fmt.Errorf("%q: %w", b, err)
		case i == 0:
			first = got
		case !got.equal(first):
			return fmt.Errorf("%q: at once %v; in pieces %v", b, first, got)
		}
	}
	return nil
}

// spoil changes good answers, or makes something else altogether.
func spoil(rng *rand.Rand, good []byte) []byte {
	b := slices.Clone(good)
	if rng.IntN(5) == 0 {
		b = make([]byte, 1+rng.IntN(300))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(b))
		end := min(at+1+rng.IntN(4), len(b))
		switch rng.IntN(4) {
		case 0:
			b[at] = byte(rng.Uint32())
		case 1:
			b[at] ^= 1 << rng.IntN(8)
		case 2:
			if b = slices.Delete(b, at, end); len(b) == 0 {
				return []byte{0}
			}
		default:
			b = slices.Insert(b, at, slices.Clone(b[at:end])...)
		}
	}
	return b
}

// declared: each kind of garbage is refused, byte by byte too, with the same variable each time.
func (s *suite) declared() error {
	return s.within("Parse", func() error {
		for _, b := range s.Garbage {
			var first error
			for _, next := range []cutter{whole, singly(), whole} {
				got, err := s.hear(1, b, next, false, nil)
				var m *transport.Malformed
				switch {
				case err != nil:
					return fmt.Errorf("%q: %w", excerpt(b), err)
				case len(got.got) > 0:
					return fmt.Errorf("%q is read as an answer: %s", excerpt(b), got.got[0])
				case !errors.As(got.err, &m):
					return fmt.Errorf("%q is not refused as malformed but ends with %s", excerpt(b), got.why())
				case first != nil && !errors.Is(got.err, first):
					return fmt.Errorf("%q is refused by another error each time (%s, too); want one variable for each cause", excerpt(b), got.why())
				}
				first = got.err
			}
		}
		return nil
	})
}
