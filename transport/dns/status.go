package dns

import (
	"strconv"

	"github.com/iagoloadgen/iago/transport"
)

// The numbers of outcomes: rcodes as they are (RFC 6895, section 2.3), and behind them what the rcode does not tell.
const (
	lastNamed       = 23 + iota // the last rcode with a name
	statusNoData                // NOERROR and no answer (RFC 2308, section 2.2)
	statusReferral              // NOERROR and no answer, but the name servers of a zone below
	statusTruncated             // the answer does not fit: TCP must be asked
	statusCount
)

// statusNames are the names of outcomes by number: rcodes in capitals as everywhere, others not.
var statusNames = [statusCount]string{
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
	"DSOTYPENI", "RCODE12", "RCODE13", "RCODE14", "RCODE15",
	"BADVERS", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE",
	statusNoData: "nodata", statusReferral: "referral", statusTruncated: "truncated",
}

// status is the number of an answer's outcome.
func (s *survey) status(statuses *transport.Statuses) int {
	switch {
	case s.rcode > lastNamed:
		var buf [len("RCODE") + 5]byte
		return statuses.Number(strconv.AppendInt(append(buf[:0], "RCODE"...), int64(s.rcode), 10))
	case s.rcode != 0:
		return s.rcode
	case s.truncated:
		return statusTruncated
	case s.answers > 0:
		return 0
	case s.referral:
		return statusReferral
	}
	return statusNoData
}
