package figures

import (
	"strconv"
	"testing"
)

func TestTally(t *testing.T) {
	tally := NewTally()
	b := &Batch{Received: 10, Sent: 20, Kinds: []string{"a", "b", "a"}, Sojourns: []int64{1, 2, 3}, Answers: 2, OneWay: 1}
	tally.Add(b, 100)
	tally.Add(b, 500) // empty by now
	b.Kinds = append(b.Kinds, "a")
	tally.Add(b, 130)
	tally.Answered(5, 7)
	tally.Unsent(1, 5)
	tally.Abandon(2)
	for i := range 2 * most {
		tally.Refused(strconv.Itoa(i))
	}
	var s Stats
	tally.Into(&s)
	if s.Requests != 4 || s.Kinds["a"] != 3 || s.Kinds["b"] != 1 || s.Answers != 2 || s.OneWay != 1 || s.Abandoned != 3 ||
		s.Bytes != (Bytes{10, 20}) || s.SpanNS != 30 || s.Sojourn.Count != 3 || s.Late.Max != 7 {
		t.Errorf("%+v", s)
	}
	if len(s.Malformed) != most+1 || s.Malformed[Others] != most {
		t.Errorf("%d causes are told apart, and %d others", len(s.Malformed), s.Malformed[Others])
	}
}
