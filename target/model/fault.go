package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind says what a fault does.
type Kind uint8

// The kinds of faults. Error to Hang befall single requests, Stall and Die the whole target.
const (
	Error   Kind = iota + 1 // answers with another status
	Close                   // closes the connection in place of the answer
	Reset                   // resets the connection in place of the answer
	Garbage                 // answers with bytes that are no answer, then closes
	Hang                    // never answers
	Stall                   // freezes the whole target: nothing is read, worked on or answered
	Die                     // ends the target: listener and connections are closed
)

var kindNames = map[Kind]string{
	Error: "error", Close: "close", Reset: "reset", Garbage: "garbage", Hang: "hang", Stall: "stall", Die: "die",
}

// String returns the name that [ParseFault] knows the kind by.
func (k Kind) String() string { return kindNames[k] }

// Fault is something that goes wrong on purpose.
type Fault struct {
	Kind   Kind
	Status int     // of Error: the protocol's status to answer with
	Share  float64 // of the requests that it may befall, above 0 and up to 1; 0 stands for 1. Not for Stall and Die
	// At is when it begins, counted from the first request; For is how long it lasts, 0: to the end.
	// A Stall needs For; Die has none.
	At, For time.Duration
}

// String returns the text that [ParseFault] makes the same Fault of.
func (f Fault) String() string {
	var parts []string
	if f.Status != 0 {
		parts = append(parts, "status="+strconv.Itoa(f.Status))
	}
	if f.Share != 0 && f.Share != 1 {
		parts = append(parts, "share="+formatShare(f.Share))
	}
	if f.At != 0 {
		parts = append(parts, "at="+f.At.String())
	}
	if f.For != 0 {
		parts = append(parts, "for="+f.For.String())
	}
	if len(parts) == 0 {
		return f.Kind.String()
	}
	return f.Kind.String() + ":" + strings.Join(parts, ",")
}

// single tells whether f befalls single requests.
func (f Fault) single() bool { return f.Kind >= Error && f.Kind <= Hang }

// active tells whether t, since the first request, lies in f's time.
func (f Fault) active(t time.Duration) bool {
	return t >= f.At && (f.For == 0 || t-f.At < f.For)
}

// Validate returns what is impossible about f.
func (f Fault) Validate() error {
	switch {
	case f.Kind.String() == "":
		return errors.New("unknown kind of fault")
	case f.Kind == Error && f.Status <= 0:
		return errors.New("status is missing, for example error:status=503,share=5%")
	case f.Kind != Error && f.Status != 0:
		return fmt.Errorf("%s takes no status", f.Kind)
	case f.At < 0 || f.For < 0 || f.At > longest || f.For > longest:
		return errors.New("at and for must be between 0 and 24h")
	case f.Kind == Stall && f.For == 0:
		return errors.New("for is missing, for example stall:at=3s,for=2s")
	case f.Kind == Die && f.For != 0:
		return errors.New("die takes no for: it is for ever")
	case !f.single() && f.Share != 0 && f.Share != 1:
		return fmt.Errorf("%s takes no share: it befalls the whole target", f.Kind)
	case f.Share != 0 && checkShare(f.Share) != nil:
		return fmt.Errorf("share: %g %w", f.Share, errShare)
	}
	return nil
}

// ParseFault reads a fault as it is written on a command line:
//
//	error:status=503,share=5%     a share of the answers, here for the whole run
//	error:status=500,at=2s,for=1s all answers of a stretch of time; at, for and share go with each other
//	close:share=1%                closes the connection instead of answering
//	reset:share=1%                resets it
//	garbage:share=1%              answers with garbage, then closes
//	hang:share=1%                 never answers
//	stall:at=3s,for=2s            freezes the whole target
//	die:at=5s                     ends the target
//
// Times count from the first request. The error names the text, the parameter and what was expected.
func ParseFault(text string) (Fault, error) {
	p, err := parseParams("fault", text)
	if err != nil {
		return Fault{}, err
	}
	var f Fault
	for kind, name := range kindNames {
		if name == p.name {
			f.Kind = kind
		}
	}
	switch f.Kind {
	case 0:
		err = p.errorf("unknown kind, expected error, close, reset, garbage, hang, stall or die")
	case Stall:
		err = p.known("for", "at")
	case Die:
		err = p.known("at")
	case Error:
		err = p.known("status", "share", "at", "for")
	default:
		err = p.known("share", "at", "for")
	}
	if err != nil {
		return Fault{}, err
	}
	if f.At, err = p.duration("at", f.Kind == Die); err != nil {
		return Fault{}, err
	}
	if f.For, err = p.duration("for", false); err != nil {
		return Fault{}, err
	}
	if f.Share, err = p.share("share", false); err != nil {
		return Fault{}, err
	}
	if f.Status, err = p.status(); err != nil {
		return Fault{}, err
	}
	if err := f.Validate(); err != nil {
		return Fault{}, p.errorf("%w", err)
	}
	return f, nil
}

// status returns the parameter of that name, 0 without one.
func (p *params) status() (int, error) {
	text, ok := p.values["status"]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, p.errorf("status: %q is not a status like 503", text)
	}
	return n, nil
}
