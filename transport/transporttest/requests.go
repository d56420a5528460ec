package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// encoding: AppendRequest appends, and leaves what was there.
func (s *suite) encoding() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	before := []byte("what was there before")
	for i := range 20 {
		var req load.Request
		s.Request(&req, i)
		for _, room := range []int{0, 8, 4096} {
			out, err := codec.AppendRequest(slices.Grow(slices.Clone(before), room), &req, s.target())
			switch {
			case err != nil:
				return fmt.Errorf("request %d: %w", i, err)
			case !bytes.HasPrefix(out, before):
				return fmt.Errorf("request %d: AppendRequest changed what was there before: %q", i, excerpt(out))
			case len(out) == len(before):
				return fmt.Errorf("request %d: AppendRequest appended nothing", i)
			}
			if s.scheme.Datagram {
				continue
			}
			if n, err := s.Cut(out[len(before):]); err != nil || n != len(out)-len(before) {
				return fmt.Errorf("request %d: the server's request ends at %d of the %d bytes of %q (%s)", i, n, len(out)-len(before), excerpt(out[len(before):]), fmt.Sprint(err))
			}
		}
	}
	return nil
}

// refused: AppendRequest says why, and leaves dst as it was.
func (s *suite) refused() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	before := []byte("what was there before")
	for i, req := range s.Refused {
		var copied load.Request
		copyRequest(&copied, req)
		dst := append(make([]byte, 0, 4096), before...)
		out, err := codec.AppendRequest(dst, &copied, s.target())
		switch {
		case err == nil:
			return fmt.Errorf("refused request %d is encoded, as %q", i, excerpt(out[len(before):]))
		case err.Error() == "":
			return fmt.Errorf("refused request %d: the error says nothing", i)
		case !bytes.Equal(out, before) || !bytes.Equal(dst, before):
			return fmt.Errorf("refused request %d: dst comes back as %q; want it as it was", i, excerpt(out))
		}
	}
	return nil
}

// copyRequest gives dst what says what src asks for.
func copyRequest(dst, src *load.Request) {
	dst.Method, dst.URI, dst.Body, dst.Key = src.Method, src.URI, src.Body, src.Key
	dst.Header = append(dst.Header[:0], src.Header...)
}

// statuses: whatever number it is asked about, the codec has a word for it or none, and does not panic.
func (s *suite) statuses() error {
	return s.within("StatusName, ServerError", func() error {
		codec, err := s.newCodec(nil)
		if err != nil {
			return err
		}
		for n := -2; n < load.MaxStatus+3; n++ {
			if a, b := codec.StatusName(n), codec.StatusName(n); a != b {
				return fmt.Errorf("status %d is called %q and %q", n, a, b)
			}
			codec.ServerError(n)
		}
		return nil
	})
}

// named tells what is wrong with a status that a run has counted.
func named(codec transport.Codec, status int) error {
	if name := codec.StatusName(status); name == "" || len(name) > 200 {
		return fmt.Errorf("status %d has the name %q; want a short one", status, name)
	}
	return nil
}

// concurrency: several goroutines use one codec at once, and each gets the answers to its own requests. Run it under the race
// detector, too.
func (s *suite) concurrency() error {
	codec, err := s.newCodec(nil)
	if err != nil {
		return err
	}
	const goroutines = 6
	var wg sync.WaitGroup
	errs := make([]error, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			for round := range s.few(40) {
				if errs[g] = s.converse(codec, 10_000*g+20*round, 20); errs[g] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// converse has n exchanges and sees that the answers match.
func (s *suite) converse(codec transport.Codec, first, n int) error {
	if s.sequential {
		n = 1
	}
	d, err := s.talk(codec, first, n)
	if err != nil {
		return err
	}
	return d.readAll(keep, func(i int, resp *load.Response) error {
		if label, ok := codec.(transport.Labeler); ok {
			label.Label(d.reqs[i])
		}
		codec.ServerError(resp.Status)
		if !s.Match(d.reqs[i], resp) {
			return fmt.Errorf("request %d has an answer that does not match it: %.300s", first+i, read(resp))
		}
		return named(codec, resp.Status)
	})
}

// readAll reads all answers of d, each by one call.
func (d *talk) readAll(keep int64, see func(i int, resp *load.Response) error) error {
	resp := load.Response{Keep: keep}
	for i := range d.reqs {
		if err := d.readOne(i, &resp); err != nil {
			return err
		}
		if err := see(i, &resp); err != nil {
			return err
		}
	}
	return nil
}

var errNotDone = errors.New("Parse does not say that a whole answer is done, or leaves some of it")

func (d *talk) readOne(i int, resp *load.Response) error {
	resp.Reset()
	if d.grams != nil {
		_, _, err := d.grams.ParseDatagram(d.answers[i], resp)
		return err
	}
	d.conn.Start(d.reqs[i])
	n, done, err := d.conn.Parse(d.answers[i], false, resp)
	if err == nil && (!done || n != len(d.answers[i])) {
		err = errNotDone
	}
	return err
}
