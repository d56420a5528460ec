package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/arrival"
	"github.com/iagoloadgen/iago/arrival/arrivaltest"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/processortest"
	"github.com/iagoloadgen/iago/source"
	"github.com/iagoloadgen/iago/source/sourcetest"
	"github.com/iagoloadgen/iago/transport"
	"github.com/iagoloadgen/iago/transport/transporttest"
)

func TestLaw(t *testing.T) {
	const sigma = 0.8
	arrivaltest.TestLaw(t, func(seed uint64) arrival.Law { return newLognormal(sigma, seed) })
	arrivaltest.TestRenewal(t, newLognormal(sigma, 7), func(x float64) float64 {
		return math.Erfc(-(math.Log(x)+sigma*sigma/2)/(sigma*math.Sqrt2)) / 2
	})
	if _, err := arrival.Parse("lognormal:sigma=3", 100, 1); err == nil {
		t.Error("sigma=3 is accepted")
	}
}

func TestSource(t *testing.T) {
	sourcetest.Run(t, func(t testing.TB, content string, loop bool) (source.Source, error) {
		dir, i := t.TempDir(), 0
		for line := range strings.Lines(content) {
			i++
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d", i)), []byte(line), 0o600); err != nil {
				return nil, err
			}
		}
		return source.Open(source.Options{Path: "dir://" + dir, Loop: loop})
	})
}

func TestProcessor(t *testing.T) {
	fresh := func(testing.TB) processor.Processor {
		d, _ := processor.ByName("retell")
		p, err := d.Settings().NewProcessor(processor.Env{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	processortest.Run(t, fresh, &load.Record{})

	p := fresh(t).(processor.Responder)
	again, failed := 0, 0
	for range 1000 {
		x := processor.Exchange{Request: &load.Request{Body: []byte("a")}, Response: load.Response{Content: []byte("a")}}
		x.Begin(1, func() *load.Request { return new(load.Request) })
		p.Respond(&x)
		followUps, checks, _ := x.Result()
		again += len(followUps)
		if len(checks) != 1 || !checks[0].Passed {
			failed++
		}
	}
	if again < 50 || again > 150 || failed > 0 {
		t.Errorf("%d of 1000 asked again, %d checks failed", again, failed)
	}
}

func TestTransport(t *testing.T) {
	transporttest.Run(t, transporttest.Subject{
		Config: func() transport.Config { return &netstring{AnswerLimit: 1 << 20} },
		Scheme: "netstring",
		Cut: func(b []byte) (int, error) {
			head, _, ok := bytes.Cut(b, []byte(":"))
			n, err := strconv.Atoi(string(head))
			if whole := len(head) + 1 + n + 1; ok && len(b) >= whole {
				return whole, err
			}
			return 0, nil
		},
		Garbage: [][]byte{[]byte("hello"), []byte(":a,"), []byte("05:hello,"), []byte("5:hello."), []byte("99999999:")},
		Refused: []*load.Request{{}},
		Large: func(req *load.Request, i, size int) {
			req.Body = append(fmt.Appendf(nil, "request %06d ", i), bytes.Repeat([]byte("x"), size)...)
		},
		Limit: func(c transport.Config, size int64) { c.(*netstring).AnswerLimit = size },
	})
}

// The same bytes mean the same however they are cut.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"5:hello,", "0:,", "5:hello,5:again,", "05:hello,", "5:hello.", "99:"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		cut = max(0, min(cut, len(b)))
		var got [2]string
		for i, arrivals := range [][]int{{len(b)}, {cut, len(b)}} {
			c, resp := (&netstring{AnswerLimit: 64}).NewConn(), load.Response{Keep: 100}
			c.Start(&load.Request{})
			at, done, err := 0, false, error(nil)
			for _, end := range arrivals {
				if done || err != nil {
					break
				}
				var n int
				n, done, err = c.Parse(b[at:end], end == len(b), &resp)
				at += n
			}
			got[i] = fmt.Sprintf("%v %v %q", done, err, resp.Content)
		}
		if got[0] != got[1] {
			t.Errorf("%q: %s; cut at %d: %s", b, got[0], cut, got[1])
		}
	})
}

func BenchmarkProcess(b *testing.B) {
	p, err := (&retelling{Share: 0.1, Heavy: 1000}).NewProcessor(processor.Env{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	rec := load.Record{Raw: []byte("/a\nhello, world"), URI: []byte("/a"), Body: []byte("hello, world")}
	var req load.Request
	add := func() *load.Request { req.Reset(); return &req }
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Process(&rec, add); err != nil {
			b.Fatal(err)
		}
	}
}
