package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/transport"
	codecs "github.com/iagoloadgen/iago/transport/thrift"
	"github.com/iagoloadgen/iago/transport/thrift/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is a struct with one string: arguments with id 1, a result with id 0.
type text struct {
	id    int16
	value string
}

func (s *text) Write(ctx context.Context, p thrift.TProtocol) error {
	return errors.Join(p.WriteStructBegin(ctx, ""), p.WriteFieldBegin(ctx, "", thrift.STRING, s.id), p.WriteString(ctx, s.value),
		p.WriteFieldEnd(ctx), p.WriteFieldStop(ctx), p.WriteStructEnd(ctx))
}

func (s *text) Read(ctx context.Context, p thrift.TProtocol) error {
	_, err := p.ReadStructBegin(ctx)
	_, kind, id, errField := p.ReadFieldBegin(ctx)
	if kind != thrift.STRING || id != s.id {
		return fmt.Errorf("field %d of type %v", id, kind)
	}
	var errValue error
	s.value, errValue = p.ReadString(ctx)
	errEnd := p.ReadFieldEnd(ctx)
	_, _, _, errStop := p.ReadFieldBegin(ctx)
	return errors.Join(err, errField, errValue, errEnd, errStop, p.ReadStructEnd(ctx))
}

func call(ctx context.Context, c thrift.TClient, method, value string) (string, error) {
	var result text
	_, err := c.Call(ctx, method, &text{1, value}, &result)
	return result.value, err
}

// world sends requests through the codec to a server in memory, which puts "<>" around what it gets.
type world struct {
	t     *testing.T
	codec transport.Codec
	proto thrift.TProtocolFactory
	p     *client.Processor
	made  []*load.Request
}

func newWorld(t *testing.T, protocol string, fn client.Func) *world {
	t.Helper()
	config := codecs.NewConfig()
	config.Mode, config.Protocol = "client", protocol
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	codec, err := config.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	p, err := client.New(fn, client.Options{Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	w := &world{t: t, codec: codec, p: p}
	w.proto = map[string]thrift.TProtocolFactory{
		"binary": thrift.NewTBinaryProtocolFactoryConf(nil), "compact": thrift.NewTCompactProtocolFactoryConf(nil), "json": thrift.NewTJSONProtocolFactory(),
	}[protocol]
	return w
}

func (w *world) process(raw string) error {
	return w.p.Process(&load.Record{Raw: []byte(raw)}, func() *load.Request {
		w.made = append(w.made, &load.Request{})
		return w.made[len(w.made)-1]
	})
}

// serve answers a frame: method fail with an application exception.
func (w *world) serve(frame []byte) []byte {
	ctx := context.Background()
	buf := thrift.NewTMemoryBuffer()
	in, out := w.proto.GetProtocol(&thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(frame[4:])}), w.proto.GetProtocol(thrift.NewTFramedTransportConf(buf, nil))
	name, kind, seq, err := in.ReadMessageBegin(ctx)
	got := text{id: 1}
	if err = errors.Join(err, got.Read(ctx, in), in.ReadMessageEnd(ctx)); err != nil || kind != thrift.CALL {
		w.t.Fatalf("%s: kind %d, %v", name, kind, err)
	}
	if name == "fail" {
		err = errors.Join(out.WriteMessageBegin(ctx, name, thrift.EXCEPTION, seq), thrift.NewTApplicationException(thrift.INTERNAL_ERROR, "no").Write(ctx, out))
	} else {
		err = errors.Join(out.WriteMessageBegin(ctx, name, thrift.REPLY, seq), (&text{0, "<" + got.value + ">"}).Write(ctx, out))
	}
	if err = errors.Join(err, out.WriteMessageEnd(ctx), out.Flush(ctx)); err != nil {
		w.t.Fatal(err)
	}
	return buf.Bytes()
}

// exchange sends req and hands the answer over; keep is how much of it the run keeps. It returns the follow-ups and checks.
func (w *world) exchange(req *load.Request, keep int64, cause string) ([]*load.Request, []processor.Check) {
	w.t.Helper()
	wire, err := w.codec.AppendRequest(nil, req, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Wire = wire
	x := &processor.Exchange{Request: req, Cause: cause}
	x.Response.Keep = keep
	if cause == "" && !req.OneWay {
		c := w.codec.NewConn()
		c.Start(req)
		if _, done, err := c.Parse(w.serve(wire), false, &x.Response); !done || err != nil {
			w.t.Fatal(done, err)
		}
	}
	x.Begin(3, func() *load.Request { return &load.Request{} })
	w.p.Respond(x)
	followUps, checks, _ := x.Result()
	var out []*load.Request
	for _, f := range followUps {
		out = append(out, f.Request)
	}
	return out, checks
}

// drain serves everything that is made, and returns the names of the methods called and the last checks.
func (w *world) drain() (methods []string, checks []processor.Check) {
	w.t.Helper()
	for len(w.made) > 0 {
		req := w.made[0]
		w.made = w.made[1:]
		methods = append(methods, string(req.Method))
		next, c := w.exchange(req, 1<<20, "")
		w.made, checks = append(w.made, next...), append(checks, c...)
	}
	return methods, checks
}

// A function's first call is the record's request, the next are follow-ups, and each returns its own answer.
func TestCalls(t *testing.T) {
	for _, protocol := range []string{"binary", "compact", "json"} {
		var got string
		w := newWorld(t, protocol, func(ctx context.Context, rec *load.Record, c thrift.TClient) error {
			first, err := call(ctx, c, "one", string(rec.Raw))
			if err != nil {
				return err
			}
			if _, err := c.Call(ctx, "quiet", &text{1, "x"}, nil); err != nil {
				return err
			}
			got, err = call(ctx, c, "two", first)
			return err
		})
		if err := w.process("a"); err != nil {
			t.Fatal(err)
		}
		methods, checks := w.drain()
		if want := "[one quiet two]"; fmt.Sprint(methods) != want || got != "<<a>>" {
			t.Errorf("%s: called %v, got %q", protocol, methods, got)
		}
		if fmt.Sprint(checks) != "[{client true}]" {
			t.Errorf("checks %v", checks)
		}
	}
}

// What a call comes to where there is no answer, or none of use.
func TestFailures(t *testing.T) {
	tests := []struct {
		method, cause string
		keep          int64
		want          string
	}{
		{"one", "timeout", 1 << 20, "transport/thrift/client: no answer: timeout"},
		{"one", "", 10, "transport/thrift/client: an answer of 28 bytes, of which the run kept 10"},
		{"fail", "", 1 << 20, "no"},
	}
	for _, tt := range tests {
		var got error
		w := newWorld(t, "binary", func(ctx context.Context, _ *load.Record, c thrift.TClient) error {
			_, got = call(ctx, c, tt.method, "abc")
			return got
		})
		if err := w.process(""); err != nil {
			t.Fatal(err)
		}
		_, checks := w.exchange(w.made[0], tt.keep, tt.cause)
		if got == nil || got.Error() != tt.want || fmt.Sprint(checks) != "[{client false}]" {
			t.Errorf("%s: got %v, checks %v, want %s", tt.method, got, checks, tt.want)
		}
		var application thrift.TApplicationException
		if isApplication := errors.As(got, &application); isApplication != (tt.method == "fail") {
			t.Errorf("%s: %T", tt.method, got)
		}
	}
}

func TestWithoutCalls(t *testing.T) {
	failure := errors.New("bad line")
	w := newWorld(t, "binary", func(_ context.Context, rec *load.Record, _ thrift.TClient) error {
		if len(rec.Raw) > 0 {
			return failure
		}
		return nil
	})
	if err := w.process(""); !errors.Is(err, processor.ErrFiltered) {
		t.Errorf("got %v", err)
	}
	if err := w.process("x"); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

// One-way calls return at once; each is a request of its own.
func TestOneway(t *testing.T) {
	w := newWorld(t, "compact", func(ctx context.Context, _ *load.Record, c thrift.TClient) error {
		for range 3 {
			if _, err := c.Call(ctx, "quiet", &text{1, "x"}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err := w.process(""); err != nil || len(w.made) != 3 {
		t.Fatal(len(w.made), err)
	}
	for _, req := range w.made {
		w.exchange(req, 0, "")
		if !req.OneWay || req.State != nil {
			t.Errorf("one way %v, state %v", req.OneWay, req.State)
		}
	}
}

// A function that asks for more than the run allows gets an error, and ends.
func TestFollowUpsAreBounded(t *testing.T) {
	calls := 0
	var last error
	w := newWorld(t, "binary", func(ctx context.Context, _ *load.Record, c thrift.TClient) error {
		for last == nil {
			if calls++; calls > 1 {
				_, last = c.Call(ctx, "quiet", &text{1, "x"}, nil)
			} else {
				_, last = call(ctx, c, "one", "x")
			}
		}
		return last
	})
	if err := w.process(""); err != nil {
		t.Fatal(err)
	}
	next, checks := w.exchange(w.made[0], 1<<20, "")
	if len(next) != 3 || calls != 5 || !errors.Is(last, client.ErrFollowUp) || fmt.Sprint(checks) != "[{client false}]" {
		t.Errorf("%d follow-ups, %d calls, %v, %v", len(next), calls, last, checks)
	}
}

// Close ends what waits, and what comes later; nothing is left behind.
func TestClose(t *testing.T) {
	var mu sync.Mutex
	ends := map[string]int{}
	w := newWorld(t, "binary", func(ctx context.Context, _ *load.Record, c thrift.TClient) error {
		for range 2 {
			_, err := call(ctx, c, "one", "x")
			mu.Lock()
			ends[fmt.Sprint(errors.Is(err, client.ErrClosed), ctx.Err() != nil)]++
			mu.Unlock()
		}
		return nil
	})
	for range 10 {
		if err := w.process(""); err != nil {
			t.Fatal(err)
		}
	}
	first := w.made[0]
	if err := w.p.Close(); err != nil {
		t.Fatal(err)
	}
	if len(ends) != 1 || ends["true true"] != 20 {
		t.Errorf("got %v", ends)
	}
	if next, checks := w.exchange(first, 1<<20, ""); len(next)+len(checks) > 0 {
		t.Errorf("after the end: %v, %v", next, checks)
	}
	if err := w.process(""); err == nil {
		t.Error("a record is taken after the end")
	}
}

// Process and Respond run in goroutines of their own.
func TestConcurrently(t *testing.T) {
	const records = 200
	var mu sync.Mutex
	sum := 0
	w := newWorld(t, "binary", func(ctx context.Context, rec *load.Record, c thrift.TClient) error {
		value := string(rec.Raw)
		for range 3 {
			var err error
			if value, err = call(ctx, c, "one", value); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if value == "<<<"+string(rec.Raw)+">>>" {
			sum++
		}
		return nil
	})
	requests := make(chan *load.Request, records)
	go func() {
		defer close(requests)
		rec := &load.Record{}
		for i := range records {
			rec.Raw = append(rec.Raw[:0], strings.Repeat("r", i%7)...)
			req := &load.Request{}
			if err := w.p.Process(rec, func() *load.Request { return req }); err != nil {
				t.Error(err)
			}
			requests <- req
		}
	}()
	for req := range requests {
		for next := []*load.Request{req}; len(next) > 0; {
			next, _ = w.exchange(next[0], 1<<20, "")
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if sum != records {
		t.Errorf("%d of %d functions got their own answers", sum, records)
	}
}

func TestOptions(t *testing.T) {
	_, err := client.New(nil, client.Options{Protocol: "xml"})
	if want := `transport/thrift/client: protocol: "xml": expected binary, compact or json`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
