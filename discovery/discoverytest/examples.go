package discoverytest

import (
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/discovery"
)

// Examples opens every address that stands on a line of its own in a code block of the backend's README. There must be one.
func Examples(t *testing.T, scheme string) {
	t.Helper()
	kind, ok := discovery.ByScheme(scheme)
	if !ok {
		t.Fatalf("discoverytest: %s:// is not registered", scheme)
	}
	inside, opened := false, 0
	for line := range strings.Lines(kind.Doc) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inside = !inside
		} else if inside && strings.HasPrefix(line, scheme+"://") {
			opened++
			if _, err := discovery.Open(line, nil); err != nil {
				t.Error(err)
			}
		}
	}
	if opened == 0 {
		t.Errorf("the README of %s:// shows no address", scheme)
	}
	if kind.Summary == "" || strings.Contains(kind.Summary, "\n") {
		t.Errorf("%s:// has the summary %q; expected one line", scheme, kind.Summary)
	}
}
