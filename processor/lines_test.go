package processor_test

import (
	"testing"
	"time"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/processor"
	"github.com/iagoloadgen/iago/processor/processortest"
)

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		name         string
		rec          load.Record
		method, body string // configured
		want         string
	}{
		{"a line", load.Record{Raw: []byte("GET k")}, "", "", " \nbody GET k"},
		{"a line before the configured body", load.Record{Raw: []byte("GET k")}, "", "PING", " \nbody GET k"},
		{"nothing but the configured body", load.Record{}, "", "PING", " \nbody PING"},
		{"a call", load.Record{Raw: []byte(`{"method":"echo"}`), Object: []byte(`{"method":"echo"}`), Method: []byte("echo"), Body: []byte(`{"a":1}`)}, "", "", "echo \nbody {\"a\":1}"},
		{"a call without arguments", load.Record{Raw: []byte(`{"method":"ping"}`), Object: []byte(`{"method":"ping"}`), Method: []byte("ping")}, "", "", "ping "},
		{"configured method", load.Record{Raw: []byte("x")}, "echo", "", "echo \nbody x"},
		{"headers and URI", load.Record{Raw: []byte("x"), URI: []byte("k"), Header: []load.Field{field("a", "b")}}, "", "", " k\na: b\nbody x"},
		{"nothing", load.Record{}, "", "", "error: processor: nothing to send: the record is empty, and request.body too"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := processor.NewLines([]byte(tt.method), []byte(tt.body))
			req, got := new(load.Request), ""
			if err := p.Process(&tt.rec, func() *load.Request { return req }); err != nil {
				got = "error: " + err.Error()
			} else {
				got = text(req)
			}
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestLinesKeepTheContract(t *testing.T) {
	processortest.Run(t, func(testing.TB) processor.Processor { return processor.NewLines(nil, nil) }, &load.Record{})
}

func TestExchangeBoundsItsFollowUps(t *testing.T) {
	var x processor.Exchange
	made := 0
	for range 2 { // the second time what the first left must be gone
		made = 0
		x.Begin(2, func() *load.Request { made++; return new(load.Request) })
		for i := range 5 {
			x.FollowUp(time.Duration(i-1) * time.Second).URI = []byte("/")
		}
		x.Check("a", true)
		x.Check("b", false)
		followUps, checks, refused := x.Result()
		if made != 2 || len(followUps) != 2 || refused != 3 || len(checks) != 2 {
			t.Fatalf("%d made, %d follow-ups, %d refused, checks %v", made, len(followUps), refused, checks)
		}
		if followUps[0].Think != 0 || checks[1] != (processor.Check{Name: "b"}) {
			t.Errorf("think time %v: one below 0 is none; check %+v", followUps[0].Think, checks[1])
		}
	}
}
