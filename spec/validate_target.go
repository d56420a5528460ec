package spec

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/iagoloadgen/iago/transport"
)

// name checks that the name will do for a directory.
func (c *checker) name() {
	name := c.spec.Name
	if !c.given("name") || name != "" && len(name) <= maxName && !unnamed.MatchString(name) {
		return
	}
	hint := ""
	if better := strings.Trim(unnamed.ReplaceAllString(name, "-"), "-"); better != "" && len(better) <= maxName {
		hint = " (did you mean " + better + "?)"
	}
	c.problem("name", "%q: expected 1 to %d letters, digits, hyphens and underscores%s", name, maxName, hint)
}

// targets checks that there are some, and each of them; all must be of one protocol.
func (c *checker) targets() {
	s := c.spec
	switch {
	case s.Target != "" && len(s.Targets) > 0:
		c.problem("targets", "expected no targets beside %s; put all URLs in targets", c.the("target"))
	case c.given("targets") && s.Target == "" && len(s.Targets) == 0:
		c.problem("targets", "the list is empty: expected at least one URL such as http://127.0.0.1:8080")
	case s.Target == "" && len(s.Targets) == 0:
		c.problem("target", "missing: expected a URL such as http://127.0.0.1:8080")
	}
	first := ""
	check := func(field, url string) {
		t, err := parseSample(url)
		if err != nil {
			c.problem(field, "%v", err)
			return
		}
		p, _ := transport.ByScheme(t.Scheme)
		if first == "" {
			first = p.Name
		} else if first != p.Name {
			c.problem(field, "%q: speaks %s, but the targets before it %s: a run has one protocol", maskURL(url), p.Name, first)
		}
	}
	if s.Target != "" {
		check("target", s.Target)
	}
	for i, url := range s.Targets {
		check(index("targets", i), url)
	}
}

// protocols lets the targets' protocol check its options, and refuses those of others.
func (c *checker) protocols() {
	used, known := c.spec.protocol()
	for name, config := range c.spec.Protocols {
		if known && name != used.Name {
			c.problem(name, "no target speaks %s; expected options of %s", name, used.Name)
			continue
		}
		for _, err := range flatten(config.Validate()) {
			field, reason, named := strings.Cut(err.Error(), ": ")
			if !named || !plainField.MatchString(field) {
				c.problem(name, "%v", err)
				continue
			}
			c.problem(join(name, field), "%s", reason)
		}
	}
}

// plainField is what an error of a protocol's configuration begins with.
var plainField = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]+$`)

func index(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }
