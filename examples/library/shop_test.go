package library

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/iagoloadgen/iago"
)

// The load, and what is to come of it. Paths of the kind that clients ask for stand in carts.
const underLoad = `
rate: 300/s
duration: 2s
records: carts
checks:
  - {name: the total is right, expr: json.total == 7 * json.items}
slo: [p99<2s, errors<1%, checks>99%]
target: `

func TestShopUnderLoad(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(shop))
	defer server.Close()
	out, err := iago.Run(t.Context(), underLoad+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	switch err := out.Err(); {
	case errors.Is(err, iago.ErrSlipped):
		t.Logf("this machine is too busy for a verdict: %v", err)
	case err != nil:
		t.Error(err)
	}
	if r := out.Summary.Requests; r.Completed != r.Scheduled {
		t.Errorf("%d of %d requests were answered", r.Completed, r.Scheduled)
	}
}

// A shop that is wrong is found out: its objective is missed, and so would be the test above.
func TestAWrongShopIsFoundOut(t *testing.T) {
	free := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items": 1, "total": 0}`)) }
	server := httptest.NewServer(http.HandlerFunc(free))
	defer server.Close()
	out, err := iago.Run(t.Context(), underLoad+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Err(); !errors.Is(err, iago.ErrMissed) {
		t.Errorf("nothing is wrong with a shop that takes no money: %v", err)
	}
}
