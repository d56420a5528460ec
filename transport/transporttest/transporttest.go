// Package transporttest is the contract of package transport as tests: whoever writes a transport describes it by a [Subject] and
// calls [Run].
//
// The suite speaks to the codec in two ways: alone, byte by byte, as no network would; and through the engine itself, against a
// server of the suite's own that misbehaves by a script: it stalls, answers late, in pieces, twice, never, closes or resets the
// connection at any point, reads slowly, talks garbage. After each run the figures must add up, every answer must have found its
// request, and no goroutine, descriptor or memory may be left.
//
// A line protocol whose server echoes needs no more than
//
//	func TestContract(t *testing.T) {
//		transporttest.Run(t, transporttest.Subject{
//			Config:  func() transport.Config { return echo.NewConfig() },
//			Scheme:  "echo",
//			Garbage: [][]byte{{0, 1, '\n'}},
//			Refused: []*load.Request{{}},
//		})
//	}
//
// Others say how their server finds a request in what it reads (Cut), what it answers (Answer), and how an answer is known to be the
// one to a request (Match). Unless Greet is given, a connection begins with its first request.
//
// Times decide nothing but what cannot be otherwise: that an answer which was held back for so long did not come sooner.
package transporttest

import (
	"testing"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// Subject is a transport under test. Config and Scheme are needed; what else is left out is that of a protocol whose requests are
// lines that are echoed.
type Subject struct {
	// Config makes a fresh configuration. Requests must have answers that do not end by silence or with the connection.
	Config func() transport.Config
	// Scheme is a registered scheme of the transport, without TLS: "redis". Its Unix schemes are tried besides.
	Scheme string

	// Request fills in request number i. Its answer must be of its own; requests of numbers below 100,000 differ.
	// nil: the body says "request 000017".
	Request func(req *load.Request, i int)
	// Cut is how the server finds the first request in b, which begins with one: its length, 0 if it is not all there yet.
	// Not needed for datagrams. nil: it ends with the line.
	Cut func(b []byte) (n int, err error)
	// Answer appends the answer to a request, as it came over the wire; it is at least two bytes long. nil: the same bytes.
	Answer func(dst, request []byte) []byte
	// Match tells from the answer's content (or header fields, or status) whether it is the one to req. nil: the content must be
	// the request's body.
	Match func(req *load.Request, resp *load.Response) bool

	// Greet is the server's side of what goes before the first request: how much of what was said it has taken, what it replies,
	// and whether requests follow. It has no memory: said begins with what has not been taken. nil: nothing goes before.
	Greet func(said []byte) (n int, reply []byte, done bool)

	// Garbage are bytes that are no answer by the protocol's rules: each must be refused without more behind it.
	Garbage [][]byte
	// Refused are requests that cannot be encoded.
	Refused []*load.Request
	// Large fills in request number i with some size bytes. nil: as Request, which is not large.
	Large func(req *load.Request, i, size int)
	// LargeAnswer appends an answer that matches and has some size bytes. nil: answers have no size of their own, or, where they
	// are echoes, that of requests.
	LargeAnswer func(dst, request []byte, size int) []byte
	// Limit sets the most bytes of an answer, above 4000. It is tried with large answers. nil: there is no limit to set.
	Limit func(c transport.Config, size int64)
	// OneWay fills in request number i so that it has no answer; Answer makes none of it, then. nil: there are none of that kind.
	OneWay func(req *load.Request, i int)
	// Numbered: answers carry something (a sequence number) that tells one too many from the next request's.
	Numbered bool
}

// Run holds the transport to the contract. Fewer requests are made under -short.
func Run(t *testing.T, subject Subject) {
	t.Helper()
	s, err := newSuite(subject)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.wants != nil && !c.wants(s) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// check is one point of the contract.
type check struct {
	name  string
	wants func(*suite) bool // whether it says anything about the subject; nil: about all
	check func(*suite) error
}

// checks go from the codec alone to the whole: what would hang the engine or end the process is found before it comes to that.
var checks = []check{
	{"a request is encoded behind what is there", nil, (*suite).encoding},
	{"a request that cannot be encoded is refused", hasRefused, (*suite).refused},
	{"an answer is the same whatever the cuts", nil, (*suite).cuts},
	{"an answer cut short is no answer", streams, (*suite).truncation},
	{"noise is survived", nil, (*suite).noise},
	{"garbage has a declared cause", refusesAtOnce, (*suite).declared},
	{"statuses have names", nil, (*suite).statuses},
	{"many goroutines at once", nil, (*suite).concurrency},
	{"no allocation", nil, (*suite).allocations},
	{"no memory of requests", nil, (*suite).memory},

	{"every request is answered", nil, (*suite).exchange},
	{"answers in a pipeline", pipelines, (*suite).pipeline},
	{"answers in any order", keyed, (*suite).disorder},
	{"due times are kept while the server stalls", nil, (*suite).stall},
	{"a late answer is nobody's", nil, (*suite).late},
	{"an answer too many is nobody's", tellsTwice, (*suite).twice},
	{"lost connections", streams, (*suite).lost},
	{"lost greetings", greets, (*suite).lostGreeting},
	{"half-closed connections", streams, (*suite).halfClose},
	{"nobody listens", nil, (*suite).refusedPort},
	{"garbage fails its request alone", hasGarbage, (*suite).garbage},
	{"a slow reader", streams, (*suite).slowReader},
	{"large answers and limits", hasLarge, (*suite).limits},
	{"requests without an answer", hasOneWay, (*suite).oneWay},
	{"bad records are counted", hasRefused, (*suite).badRecords},
	{"nothing is left behind", nil, (*suite).leftovers},
}

func hasRefused(s *suite) bool    { return len(s.Refused) > 0 }
func hasGarbage(s *suite) bool    { return len(s.Garbage) > 0 }
func refusesAtOnce(s *suite) bool { return hasGarbage(s) && streams(s) }
func hasLarge(s *suite) bool      { return s.LargeAnswer != nil }
func hasOneWay(s *suite) bool     { return s.OneWay != nil }
func streams(s *suite) bool       { return !s.scheme.Datagram }
func greets(s *suite) bool        { return s.Greet != nil }
func pipelines(s *suite) bool     { return !s.scheme.Datagram && !s.sequential }
func keyed(s *suite) bool         { return s.match == transport.MatchKey }

// tellsTwice: sockets whose answers come in order cannot tell a duplicate from the next answer, nor can anybody.
func tellsTwice(s *suite) bool { return streams(s) || keyed(s) }
