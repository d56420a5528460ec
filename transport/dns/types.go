package dns

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// maxWord is more than the length of any type's or class's name, "TYPE65535" and "NSAP-PTR" among them.
const maxWord = 16

// parseType reads a type by its name, in whatever case, or in the form TYPE65 (RFC 3597, section 5).
func parseType(word []byte) (uint16, error) {
	t, ok := number(word, dns.StringToType, "TYPE")
	switch {
	case !ok || t == dns.TypeNone || t == dns.TypeReserved:
		return 0, fmt.Errorf("%.20q: expected a record type such as A, AAAA, MX or TYPE65", word)
	case t == dns.TypeAXFR || t == dns.TypeIXFR:
		return 0, fmt.Errorf("%s: a zone transfer is many answers to one question, which this transport does not read", word)
	case t == dns.TypeOPT:
		return 0, fmt.Errorf("%s: nobody can be asked for it; see dns.edns", word)
	}
	return t, nil
}

// parseClass reads a class by its name or in the form CLASS3.
func parseClass(word []byte) (uint16, error) {
	c, ok := number(word, dns.StringToClass, "CLASS")
	if !ok {
		return 0, fmt.Errorf("%.20q: expected a class, IN, CH, HS, ANY or CLASS3; the order is name, type, class", word)
	}
	return c, nil
}

// number finds a word in a table of names in capitals, or reads it as prefix and number.
func number(word []byte, table map[string]uint16, prefix string) (uint16, bool) {
	if len(word) == 0 || len(word) > maxWord {
		return 0, false
	}
	var buf [maxWord]byte
	upper := buf[:len(word)]
	for i, c := range word {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	if n, ok := table[string(upper)]; ok {
		return n, true
	}
	if len(upper) <= len(prefix) || string(upper[:len(prefix)]) != prefix {
		return 0, false
	}
	n := 0
	for _, c := range upper[len(prefix):] {
		if c < '0' || c > '9' || n > maxSize {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return uint16(n), n <= maxSize
}

// otherLabel is the label of types without a name.
const otherLabel = "TYPE…"

// typeLabels are labels by type: its name, so that there are not many.
var typeLabels = func() map[uint16]string {
	labels := make(map[uint16]string, len(dns.TypeToString))
	for t, name := range dns.TypeToString {
		labels[t] = strings.ToUpper(name)
	}
	return labels
}()
