package memcached

import (
	"regexp"
	"strings"
	"testing"
)

// same are requests that must be answered by us byte for byte as by memcached. \n stands for the end of a line.
var same = []string{
	"bogus", "get", "get ", "get a", "gets", "", "GET a", "set a 0 0 1\n1", "set a 5 0 3 noreply\nabc\nget a", "set a 0 0", "set a x 0 1\n1", "set a 0 x 1\n1",
	"set a 0 0 x", "set a 0 0 -1", "set a 0 0 1\n12", "set a 0 0 2\n1\nget a", "get a", "get " + strings.Repeat("k", 251), "get a " + strings.Repeat("k", 251),
	"set " + strings.Repeat("k", 251) + " 0 0 1\n1", "set " + strings.Repeat("k", 250) + " 0 0 1\n1", "set a 0 0 2000000\n" + strings.Repeat("x", 2000000), "get a", "set a 0 0 0\n\nget a",
	"set a 0 0 1 nor\n1", "set a 0 -1 1\n1\nget a", "set a 4294967296 0 1\n1", "set a 0 0 1 2 3\n1", "set a 4294967295 0 1\n1\nget a",
	"add a 0 0 1\n2", "add b 0 0 1\n2", "replace b 7 0 2\n33\nget b", "replace zz 0 0 1\n3", "append zz 0 0 1\n1", "prepend zz 0 0 1\n1", "append b 9 0 2\nab\nget b", "prepend b 0 0 1\nz\nget b",
	"get a b c", "gets a b zz", "add a 0 0 1 noreply\n2", "set a x 0 1 noreply\n1", "set a 0 0 1 noreply\n12",
	"incr a 1", "set n 0 0 2\n10", "incr n 5", "decr n 6", "get n", "decr n 100", "get n", "incr n abc", "incr n -1", "incr n", "incr zz 1", "incr n 1 2 3", "incr n 18446744073709551616",
	"set n 0 0 20\n18446744073709551615\nincr n 2", "incr n 1 noreply\nget n", "incr n abc noreply", "incr zz 1 noreply", "set n 0 0 1\n9\nincr n 1\nget n", "set w 0 0 2\n1x\nincr w 1", "set w 0 0 0\n\nincr w 1",
	"touch a", "touch a 10", "touch zz 10", "touch a x", "touch a 10 noreply", "gat 10 n", "gats 10 n a", "gat 10", "gat x n", "gat",
	"delete n", "delete n", "delete n 0", "delete n 5", "delete", "delete a b c d", "set n 0 0 1\n1\ndelete n noreply\nget n",
	"cas n 0 0 1 5\n1", "cas n 0 0 1\n1", "cas n 0 0 1 x\n1", "set n 0 0 1\n1\ncas n 0 0 1 1\n1", "verbosity 1", "verbosity", "verbosity x", "verbosity a b c", "version",
	"mg zz", "mg", "mg zz v", "ms a 1\nx", "ms a S1\nx", "ms a", "ms a x", "ms a -1", "mg a", "mg a v f t k s O123 ", "mg a q v", "mg zz q v", "mg zz v O1 k", "mg a  v", "mg a vv",
	"ms a 3 T100 F5 k O99 q\nabc", "ms a 3 T100 F5 k O99\nabc", "mg a s v t f k l h", "mg a h", "mg a h", "ms a 2 MA\nde\nmg a v", "ms a 2 MP\nzz\nmg a v", "ms a 2 ME\nzz", "ms e 2 ME k\nzz", "ms e 2 ME q\nzz",
	"ms zz 2 MR\nzz", "ms zz 2 MZ\nzz", "ms zz 2 MA\nzz", "ms a 2 MR q\nzz", "ms a 2 MS O5\nzz", "ms a 2\nzzz", "ms a 2 q\nzzz", "mg a v",
	"ma n0", "ma n0 N0 J13 v", "ma n0 v D5 t k O5", "ma n0 MD D3 v", "ma n0 MD D10 v", "ma n0 Mx", "ma a", "ma n0 q", "ma zz q", "ma n0", "ma n0 MI", "get n0", "ma n0 C1", "ma n0 T30 t", "ma zz k O1",
	"md a", "md a q", "md n0 C5", "md n0 k O5", "md zz k O5", "md e q", "md zz", "md", "me zz", "me", "ms c 2 C99999\nzz", "ms b 2 C99999\nzz", "ms b 2 C99999 k q\nzz", "mg b Z", "ms b 1 Z\n1", "ma b Z", "md b Z",
	"mg new N30 v t", "mg new N30 v t", "mg new v", "ms new 1\n5", "mg new v t", "md new I T30\nmg new v\nmg new v t", "ms new 1\n6\nmg new v", "mg new R100 v t", "ms new 1 T20\n6\nmg new R10 v", "mg new R30 v\nmg new R30 v", "mg b T0 t", "mg b T60 t", "mg b t",
	"mg Zm9v b v k", "ms Zm9v 1 b k\n1", "get foo", "mg Zm9v b v k", "mg Zm9v v k", "mg Zm9v b v", "ms Zm9v 1 b\n1", "ms Zm9v 1 O1 b k\n1", "ms Zm9v 1 k b O1\n1", "gat 10 ", "ma n0 D-1", "ma n0 DD", "mg a Nx", "ms a 1 Fx\n1", "ms a 1 Cx\n1", "ms a 1 T\n1", "ms a 1 M\n1", "md a Cx", "ma n0 Jx", "mg a v v", "ma n0 M", "set a 0 0 2000000 noreply\n" + strings.Repeat("x", 2000000), "get " + strings.Repeat("k", 251) + " noreply", "mg !!!! b v", "mg " + strings.Repeat("k", 251) + " v", "ms " + strings.Repeat("k", 251) + " 1\n1", "ms b 2000000\n" + strings.Repeat("x", 2000000),
	"flush_all 0", "get b", "flush_all noreply", "flush_all x", "flush_all -1", "flush_all 1000", "flush_all 0 noreply", "flush_all 1 2 3",
}

// uniques are CAS numbers, which count differently.
var uniques = regexp.MustCompile(`(?m)^(VALUE \S+ \d+ \d+) \d+`)

func TestAnswersAreMemcached(t *testing.T) {
	real, ours := dial(t, "unix", startReal(t)), dial(t, "tcp", start(t, Options{}).Addr().String())
	for _, r := range same {
		r = strings.ReplaceAll(r, "\n", "\r\n") + "\r\n"
		want, got := real.ask(r), ours.ask(r)
		if uniques.ReplaceAllString(got, "$1 CAS") != uniques.ReplaceAllString(want, "$1 CAS") {
			t.Errorf("%.80q\n  got  %q\n  want %q", r, got, want)
		}
	}
}

// Numbers for CAS are different for us, but work in the same way.
func TestCASIsMemcached(t *testing.T) {
	for _, p := range []*peer{dial(t, "unix", startReal(t)), dial(t, "tcp", start(t, Options{}).Addr().String())} {
		p.ask("set k 0 0 1\r\n1\r\n")
		number := func() string {
			t.Helper()
			got := p.ask("gets k\r\n")
			first, _, _ := strings.Cut(got, "\r\n")
			return first[strings.LastIndexByte(first, ' ')+1:]
		}
		u := number()
		for _, tt := range []struct{ send, want string }{
			{"cas k 0 0 1 " + u + "\n2", "STORED\n"},
			{"cas k 0 0 1 " + u + "\n3", "EXISTS\n"},
			{"cas k 0 0 1 " + u + " noreply\n3", ""},
			{"ms k 1 C" + u + "\n3", "EX\n"},
			{"ms k 1 C" + u + " k O7\n3", "EX kk O7\n"},
			{"md k C" + u, "EX\n"},
			{"ma k C" + u, "EX\n"},
			{"mg k v", "VA 1\n2\n"},
		} {
			if got := p.ask(strings.ReplaceAll(tt.send, "\n", "\r\n") + "\r\n"); got != strings.ReplaceAll(tt.want, "\n", "\r\n") {
				t.Errorf("%q: %q, want %q", tt.send, got, tt.want)
			}
		}
		u = number()
		if got := p.ask("ms k 1 C" + u + "\r\n4\r\n"); got != "HD\r\n" {
			t.Errorf("ms with the right number: %q", got)
		}
		u = number()
		p.ask("md k I T30\r\n")
		if got := p.ask("ms k 1 I C" + u + "\r\n5\r\nmg k v\r\n"); got != "HD\r\nVA 1 X W\r\n5\r\n" {
			t.Errorf("a stale one set late: %q", got)
		}
	}
}
