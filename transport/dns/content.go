package dns

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"

	"github.com/iagoloadgen/iago/load"
)

// keepAnswers keeps the answer's records as lines of a zone file, with one blank between fields, for checks and follow-ups:
//
//	www.example. 300 IN A 192.0.2.1
//
// It allocates. In an answer that is cut off it keeps what is whole.
func keepAnswers(msg []byte, resp *load.Response) {
	at, err := skipQuestions(msg)
	for n := int(msg[6])<<8 | int(msg[7]); n > 0 && err == nil; n-- {
		var r record
		if r, err = recordAt(msg, at); err == nil {
			var line string
			if line, err = present(msg, at, r); err == nil {
				resp.AppendContent([]byte(line))
			}
			at = r.end
		}
	}
}

// present writes the record at that place as a line. Data of unknown types, and what does not fit its type, is shown in hexadecimal
// (RFC 3597, section 5).
func present(msg []byte, at int, r record) (string, error) {
	rr, end, err := dns.UnpackRR(msg, at)
	if _, unknown := rr.(*dns.RFC3597); err == nil && end == r.end && !unknown {
		return strings.TrimRight(strings.ReplaceAll(rr.String(), "\t", " "), " ") + "\n", nil
	}
	name, _, err := dns.UnpackDomainName(msg, at)
	if err != nil {
		return "", fmt.Errorf("name of a record: %w", err)
	}
	data := msg[r.data:r.end]
	return fmt.Sprintf("%s %d %s %s \\# %d %x\n", name, r.ttl, dns.Class(r.class), dns.Type(r.kind), len(data), data), nil
}
