package suggest

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"rate", "duration", "max_idle", "connections"}
	tests := []struct{ word, want string }{
		{"rat", "rate"},
		{"raet", "rate"},
		{"durration", "duration"},
		{"maxIdle", "max_idle"},
		{"conections", "connections"},
		{"speed", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := Nearest(tt.word, known); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
	if got := DidYouMean("rat", known); got != `; did you mean "rate"?` {
		t.Errorf("DidYouMean: %q", got)
	}
	if got := DidYouMean("zzzzz", known); got != "" {
		t.Errorf("DidYouMean: %q", got)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abc", "abc", 0}}
	for _, tt := range tests {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
