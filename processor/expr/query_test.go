package expr

import (
	"math"
	"net/url"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iagoloadgen/iago/load"
)

func withQuery(q Query) Config { return Config{Request: RequestConfig{Query: q}} }

func TestQuery(t *testing.T) {
	drop := func(names ...string) Query { return Query{Drop: names} }
	shift := func(name, kind string, by time.Duration) Query { return Query{Shift: []Shift{{name, kind, by}}} }
	id := func(at int64, low int64) string { return strconv.FormatInt(at<<22|low, 10) }
	tests := []struct {
		q         Query
		uri, want string
	}{
		{drop("oauth_*"), "/a?oauth_token=x&b=c&oauth_nonce&d", "/a?b=c&d"},
		{drop("oauth_*"), "/a?oauth_token=x", "/a"},
		{drop("oauth_*"), "/a?%6Fauth_token=x&b", "/a?b"},
		{drop("oauth_*"), "/oauth_token=x", "/oauth_token=x"},
		{drop("oauth_*"), "/a?", "/a?"},
		{drop("oauth_*"), "/a?b&&c", "/a?b&&c"},
		{drop("a", "b"), "/?a&b&ab&c=a", "/?ab&c=a"},
		{drop("*"), "/?a&b", "/"},
		{drop("a*b*c"), "/?abc&axbxc&ab&abcd&ac", "/?ab&abcd&ac"},
		{drop("a*b"), "/?ab&abb&axb&a", "/?a"},
		{shift("since_id", "", time.Hour), "/a?since_id=" + id(1000, 77) + "&x=1", "/a?since_id=" + id(1000+3600_000, 77) + "&x=1"},
		{shift("*_id", "snowflake", -time.Second), "/a?max_id=" + id(2000, 5), "/a?max_id=" + id(1000, 5)},
		{shift("t", "seconds", time.Minute), "/a?t=100&tt=100", "/a?t=160&tt=100"},
		{shift("t", "millis", time.Minute), "/a?t=100", "/a?t=60100"},
		{shift("t", "seconds", time.Minute), "/a?t=", "/a?t="},
		{shift("t", "seconds", time.Minute), "/a?t", "/a?t"},
		{shift("t", "seconds", time.Minute), "/a?t=12a&t=-5", "/a?t=12a&t=-5"},
		{shift("t", "seconds", time.Minute), "/a?t=9223372036854775800", "/a?t=9223372036854775800"},
		{shift("t", "seconds", time.Minute), "/a?t=99999999999999999999", "/a?t=99999999999999999999"},
		{shift("t", "seconds", -time.Minute), "/a?t=59&t=60", "/a?t=59&t=0"},
		{Query{[]string{"a"}, []Shift{{"b", "millis", time.Millisecond}}}, "/?a=1&b=1", "/?b=2"},
	}
	for _, tt := range tests {
		if got := made(mustNew(t, withQuery(tt.q)), &load.Record{URI: []byte(tt.uri)}); got != "GET "+tt.want {
			t.Errorf("%+v %s: got %s, want %s", tt.q, tt.uri, got, tt.want)
		}
	}
}

// Without by, an id becomes as old as it was when it was recorded.
func TestShiftToThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := mustNew(t, withQuery(Query{Shift: []Shift{{Name: "at", Kind: seconds}}}))
		recorded := time.Now().Add(-1000 * time.Hour)
		rec := &load.Record{URI: []byte("/?at=" + strconv.FormatInt(recorded.Add(-time.Minute).Unix(), 10)), Time: recorded}
		for range 2 {
			want := "GET /?at=" + strconv.FormatInt(time.Now().Add(-time.Minute).Unix(), 10)
			if got := made(p, rec); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			time.Sleep(time.Hour)
		}
		rec.Time = time.Time{}
		if got := made(p, rec); got != "error: processor/expr: request.query.shift: the record has no time that says how old it is; give by" {
			t.Error(got)
		}
	})
}

// Expressions see the query as it has been rewritten.
func TestQueryBeforeExpressions(t *testing.T) {
	c := withQuery(Query{Drop: []string{"secret"}})
	c.Request.Expr.Body, c.Filter = `uri`, `query.secret == nil`
	if got, want := made(mustNew(t, c), &load.Record{URI: []byte("/a?secret=1&b")}), "GET /a?b body=/a?b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Rewriting drops what fits, moves what is a number, keeps all else in order, and does not read what it must not.
func FuzzQuery(f *testing.F) {
	f.Add("/a?oauth_token=x&id=123&b", "oauth_*", int64(time.Hour))
	f.Add("/?%6f=1&+=2&&=&?", "*o*", int64(-1))
	f.Fuzz(func(t *testing.T, uri, pattern string, by int64) {
		if by == 0 || by == math.MinInt64 {
			return
		}
		w := rewriter{Query: Query{[]string{pattern}, []Shift{{"id", millis, time.Duration(by)}}}, now: time.Now}
		rec := &load.Record{URI: []byte(uri)}
		got, err := w.rewrite(rec)
		if err != nil || string(rec.URI) != uri {
			t.Fatalf("%q became %q, %v", uri, rec.URI, err)
		}
		before, query, ok := strings.Cut(uri, "?")
		var want []string
		for p := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(p, "=")
			if plain, err := url.QueryUnescape(name); err == nil {
				name = plain
			}
			if !ok || !matches(pattern, name) {
				want = append(want, p)
			}
		}
		after, rest, _ := strings.Cut(string(got), "?")
		if before != after || ok && len(want) > 0 && len(want) != len(strings.Split(rest, "&")) || ok && len(want) == 0 && string(got) != before {
			t.Fatalf("%q without %q became %q, want %q", uri, pattern, got, want)
		}
	})
}

// matches is fits by path.Match, whose other special characters are escaped.
func matches(pattern, name string) bool {
	quoted := strings.NewReplacer(`\`, `\\`, `?`, `\?`, `[`, `\[`, `/`, "\x00").Replace(pattern)
	ok, err := path.Match(quoted, strings.ReplaceAll(name, "/", "\x00"))
	return ok && err == nil
}
