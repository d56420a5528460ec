package thrift

import "github.com/iagoloadgen/iago/transport"

// The statuses that there always are. Declared exceptions follow.
const (
	statusOK          = 1
	statusApplication = 2                                             // and one for each kind of application exception
	statusOther       = statusApplication + len(applicationKinds)     // a kind that is not known
	statusNoResult    = statusApplication + 1 + len(applicationKinds) // neither a result nor a declared exception
)

// applicationKinds are those of TApplicationException, by number.
var applicationKinds = [...]string{
	"unknown", "unknown method", "invalid message type", "wrong method name", "bad sequence id", "missing result", "internal error",
	"protocol error", "invalid transform", "invalid protocol", "unsupported client type",
}

func newStatuses() *transport.Statuses {
	names := []string{"none", "ok"}
	for _, k := range applicationKinds {
		names = append(names, "application exception: "+k)
	}
	return transport.NewStatuses(append(names, "application exception: other", "no result")...)
}

// StatusName implements [transport.Codec].
func (c *codec) StatusName(status int) string { return c.statuses.Name(status) }

// ServerError implements [transport.Codec]: application exceptions are errors of the server; declared ones are answers.
func (c *codec) ServerError(status int) bool {
	return statusApplication <= status && status <= statusOther
}
