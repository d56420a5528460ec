package source

import "testing"

func TestURI(t *testing.T) {
	tests := []struct{ line, want string }{
		{"/", " /"},
		{"/a?b=c&d", " /a?b=c&d"},
		{" \t/a\t ", " /a"},
		{"/a#part", " /a"},
		{"//double", " //double"},
		{"http://example.org", " /"},
		{"https://example.org:8443/a?b#c", " /a?b"},
		{"HTTP://example.org?b", " /?b"},
		{"/ä", " /%C3%A4"},
		{`/"quoted"\`, ` /"quoted"\`},
		{"a", "bad: " + errNoTarget.Error()},
		{"*", "bad: " + errAsterisk.Error()},
		{"ws://h/", "bad: " + errNoTarget.Error()},
		{"http://", "bad: " + errAuthority.Error()},
		{"/a b", "bad: " + errTargetByte.Error()},
		{"/a\tb", "bad: " + errTargetByte.Error()},
		{"/a\x00", "bad: " + errTargetByte.Error()},
		{"/a\x7f", "bad: " + errTargetByte.Error()},
	}
	for _, tt := range tests {
		if got := parsed(uriFormat, tt.line); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.line, got, tt.want)
		}
	}
	for line, want := range map[string]bool{"": true, " \t": true, "# x": true, "  #": true, "/#": false, "x": false} {
		if got := uriFormat.ignores([]byte(line)); got != want {
			t.Errorf("ignores %q: got %v, want %v", line, got, want)
		}
	}
}
